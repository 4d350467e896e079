//! A session in parts, each on a thread of its own, and put together again.
//!
//! A part reads what has nothing to do with what the others read, but for fragments, whose problems
//! are told once, and topologies, which are compared when the parts come together. Parts are joined in
//! the order of the files, not in that of the threads, so the outcome is always the same.

use super::{Catalog, twins};
use crate::base::diag::Diagnostic;
use crate::base::span::{FileId, Sources};

/// What was read apart from a session, without the plans.
#[derive(Debug)]
pub struct Part {
    sources: Sources,
    problems: Vec<Diagnostic>,
    known: twins::Known,
}

impl Catalog {
    /// Reads with the settings of this session, and without what else it knows.
    pub fn apart(&self, read: impl FnOnce(&mut Catalog)) -> Part {
        let mut part = Catalog {
            sources: self.sources.part(),
            engine: self.engine.clone(),
            conf: self.conf.clone(),
            unsaved: self.unsaved.clone(),
            ..Catalog::default()
        };
        read(&mut part);
        Part { sources: part.sources, problems: part.problems, known: part.known }
    }

    /// Takes in what was read apart.
    pub fn join(&mut self, part: Part) {
        let ids = self.sources.join(part.sources);
        let file = |of_part: FileId| ids.get(of_part.0 as usize).copied().unwrap_or(of_part);
        for mut problem in part.problems {
            problem.in_files(file);
            match problem.span().end {
                // It is of a file as a whole, or of the folder that other files lie in, too.
                0 => self.add_once(problem),
                _ => self.problems.push(problem),
            }
        }
        self.known.join(part.known, file, &mut self.problems);
    }
}
