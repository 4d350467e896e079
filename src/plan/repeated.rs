//! Which parts of a source's answer its spec takes for lists.
//!
//! A chain of names counts for a source if it starts at one of its rows, at its result, or at a local
//! name that is made of them. Where rows of rows are chosen, the chain is the end of a path in the
//! document, which is how decoders compare it.

use crate::base::name::NameId;
use crate::base::value::Text;
use crate::expr::code::Code;
use crate::expr::names::{PARENT, ROW};
use crate::expr::repeated::Repeated;
use crate::rows::RowsSpec;
use crate::spec::Spec;
use crate::spec::source::SourceSpec;

/// What comes of the answer of one source.
struct Offspring {
    /// The source, and those whose rows are made of its rows.
    sources: Vec<NameId>,
    /// Names of `each` and `let` that hold parts of it.
    locals: Vec<NameId>,
}

/// The chains of names, the outermost first, that the spec takes for lists in the answer of a source.
pub(super) fn lists(source: &SourceSpec, spec: &Spec) -> Vec<Box<[Text]>> {
    let offspring = Offspring::of(source, spec);
    let mut found: Vec<Box<[Text]>> = Vec::new();
    let mut look = |code: &Code, own_rows: bool| {
        for chain in code.repeated.iter().filter(|chain| own_rows || !is_row(chain.root)) {
            offspring.add(chain, &mut found);
        }
    };
    for other in &spec.sources {
        let own_rows = offspring.sources.contains(&other.name);
        other.codes(&mut |code| look(code, own_rows));
    }
    for placed in &spec.mappings {
        let own_rows = offspring.feeds(&placed.mapped.rows);
        placed.mapped.rows.codes(&mut |code| look(code, own_rows));
        placed.mapped.mapping.codes(&mut |code| look(code, own_rows));
    }
    spec.lets.iter().for_each(|local| look(&local.value.0, false));
    spec.state.iter().for_each(|state| state.codes(&mut |code| look(code, false)));
    spec.metadata.iter().for_each(|(_, data)| data.codes(&mut |code| look(code, false)));
    found
}

fn is_row(name: NameId) -> bool {
    name == ROW || name == PARENT
}

impl Offspring {
    fn of(source: &SourceSpec, spec: &Spec) -> Offspring {
        let mut offspring = Offspring { sources: vec![source.name], locals: Vec::new() };
        while offspring.grow(spec) {}
        offspring
    }

    /// Adds what comes of what is known; false when there is nothing more.
    fn grow(&mut self, spec: &Spec) -> bool {
        let before = self.sources.len() + self.locals.len();
        for other in &spec.sources {
            if self.feeds(&other.rows) && !self.sources.contains(&other.name) {
                self.sources.push(other.name);
            }
            let own_rows = self.sources.contains(&other.name);
            self.grow_locals(&other.rows, own_rows);
        }
        for placed in &spec.mappings {
            let own_rows = self.feeds(&placed.mapped.rows);
            self.grow_locals(&placed.mapped.rows, own_rows);
        }
        for local in &spec.lets {
            if self.holds(&local.value.0, false) && !self.locals.contains(&local.name) {
                self.locals.push(local.name);
            }
        }
        before < self.sources.len() + self.locals.len()
    }

    fn grow_locals(&mut self, rows: &RowsSpec, own_rows: bool) {
        let loops = rows.each.iter().map(|each| (each.name, &each.over.0));
        let lets = rows.lets.iter().map(|local| (local.name, &local.value.0));
        for (name, code) in loops.chain(lets) {
            if self.holds(code, own_rows) && !self.locals.contains(&name) {
                self.locals.push(name);
            }
        }
    }

    /// True if the row keys begin with rows of it.
    fn feeds(&self, rows: &RowsSpec) -> bool {
        rows.from.iter().any(|input| !input.requests && self.sources.contains(&input.source))
    }

    /// True if the value of a place may be a part of it.
    fn holds(&self, code: &Code, own_rows: bool) -> bool {
        code.uses.iter().any(|used| own_rows && is_row(used.name) || self.sources.contains(&used.name) || self.locals.contains(&used.name))
    }

    /// Adds a chain that starts at a part of it, without the members of its result.
    fn add(&self, chain: &Repeated, found: &mut Vec<Box<[Text]>>) {
        let names = match &*chain.names {
            names if is_row(chain.root) || self.locals.contains(&chain.root) => names,
            _ if !self.sources.contains(&chain.root) => return,
            [member, names @ ..] if matches!(&**member, "doc" | "rows" | "pages") => names,
            // `hosts.by.id["7"].port[0]`: a row behind three names.
            [member, _, _, names @ ..] if &**member == "by" => names,
            _ => return,
        };
        if !names.is_empty() && !found.iter().any(|known| **known == *names) {
            found.push(names.into());
        }
    }
}
