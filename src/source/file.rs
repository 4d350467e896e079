//! Bytes of a file, or of all files that match a pattern.
//!
//! ```yaml
//! sources:
//!   stat:
//!     file: {path: /proc/stat}
//!   errors:
//!     file: {path: /var/log/app/*.log, mode: tail, multiline: {start: '^\d{4}-'}}
//! ```

use super::{Place, Request, Source, bad_part, missing_part, with_usual};
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::expr::code::{Code, Setting, Template};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::file::{FileRequest, Reading};
use crate::net::tail::{Ahead, Tail};
use crate::yaml::basic::Size;
use crate::yaml::kind::Kind;
use crate::yaml::pattern::Pattern;
use crate::yaml::read::{Fields, Record};
use crate::yaml::shape::KindDoc;
use regex::Regex;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Source>> = Kind {
    name: "file",
    docs: || KindDoc { name: "file", doc: "Reads a file, or all files that match a pattern.", fields: File::docs(), short: None },
    read: |node, reader| {
        let mut fields = Fields::open_record(node, "`file`", File::docs, reader)?;
        let mode = fields.node("mode").map_or(node.span, |mode| mode.span);
        let only_tail: Vec<_> = ["start_at", "multiline"].into_iter().filter_map(|key| Some((key, fields.node(key)?.span))).collect();
        let read = File::read_from(&mut fields, reader);
        fields.finish(reader);
        let read = read?;
        for (key, span) in only_tail.into_iter().filter(|_| read.mode != Mode::Tail) {
            let problem = Diagnostic::error("needless-field", format!("`{key}` goes with `mode: tail` only"), span);
            let problem = problem.label(format!("the mode is `{}`: nothing begins or goes on in the middle", read.mode.word()));
            reader.report(problem.also(mode, "the mode").help(format!("write `mode: tail`, or leave `{key}` out")));
        }
        Some(Arc::new(read))
    },
};

crate::words! {
    /// How a file is read.
    pub enum Mode {
        /// From its beginning to its end, in every run.
        Whole = "whole",
        /// From its beginning to its end, if it has changed since the last accepted run.
        Changed = "changed",
        /// What was added since the last accepted run.
        Tail = "tail",
    }
}

crate::words! {
    /// Where a file begins that is there when a source looks for the first time.
    pub enum StartAt {
        /// At its end: only what is written from then on counts.
        End = "end",
        /// At its beginning.
        Beginning = "beginning",
    }
}

crate::from_words!(StartAt);

crate::fields! {
    /// Records of several lines.
    pub struct Multiline, "multiline" {
        /// What the first line of each record matches; without a value every line is a record. A record goes on until the next such line; the last one is taken when its file has not grown for 5 seconds. Each record is decoded by itself, as if it were one line.
        pub start: Setting<Pattern>;
    }
}

crate::fields! {
    /// One file or several.
    pub struct File, "file" {
        /// The path, or a pattern with `*` and `?`, whose files are read in order of name. A relative one starts at the folder of the YAML file it stands in.
        path: Template;
        /// The encoding, by its name on the web; UTF-8 where it is not given.
        encoding: Option<Template>;
        /// The most bytes of all its files together. With `mode: tail` the most that one run takes; the rest follows in the next one, with a warning.
        max_bytes: Setting<Size> = Setting::Fixed(Size(limits::FILE_BYTES)), "64MiB";
        /// How it is read. `whole`: all of it, in every run. `changed`: all of it, but only if its content has changed since the last accepted run; else there are no rows. `tail`: the whole lines that were added since the last accepted run, through restarts and rotation (renamed, copied and truncated, removed and created again, packed with gzip). A last line without an end is taken when its file has not grown for 5 seconds. A line longer than 1 MiB is cut, with a warning.
        pub mode: Mode = Mode::Whole, "whole";
        /// With `mode: tail`: where files begin that are there when the source looks for the first time, `end` or `beginning`. A file that appears later is always read from its beginning. With `end`, the first run has no rows.
        pub start_at: Option<Setting<StartAt>> = None, "end";
        /// With `mode: tail`: records of several lines, `{start: PATTERN}`.
        pub multiline: Option<Multiline>;
        /// No file is no error.
        optional: Setting<bool> = Setting::Fixed(false), "false";
    }
}

impl File {
    fn reading(&self, frame: &mut Frame) -> Result<Reading, ExchangeError> {
        Ok(match self.mode {
            Mode::Whole => Reading::Whole,
            Mode::Changed => Reading::Changed,
            Mode::Tail => {
                let start_at = Setting::get_or(self.start_at.as_ref(), StartAt::End, frame).map_err(|fault| bad_part("start_at", fault))?;
                Reading::Tail(Tail { from_beginning: start_at == StartAt::Beginning, start: self.start(frame)? })
            }
        })
    }

    /// What the first line of a record matches, if records have several.
    fn start(&self, frame: &mut Frame) -> Result<Option<Regex>, ExchangeError> {
        match self.multiline.as_ref().map(|multiline| multiline.start.get(frame)) {
            None | Some(Err(Fault::Missing)) => Ok(None),
            Some(Ok(pattern)) => Ok(Some(pattern.0)),
            Some(Err(fault)) => Err(bad_part("start", fault)),
        }
    }
}

impl Source for File {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn requests(&self, place: &Place<'_>, frame: &mut Frame) -> Result<Vec<Request>, ExchangeError> {
        let path = match self.path.eval(frame) {
            Ok(value) => crate::base::print::text_of(&value).unwrap_or_default(),
            Err(Fault::Missing) => return Err(missing_part("path", &self.path.0, frame)),
            Err(fault) => return Err(bad_part("path", fault)),
        };
        Ok(vec![Request::File(FileRequest {
            pattern: place.folder(self.path.0.span).join(&*path),
            encoding: self.encoding.as_ref().and_then(|e| e.text(frame)).map(|e| e.to_string()),
            max_bytes: with_usual("max_bytes", &self.max_bytes, Size(limits::FILE_BYTES), frame)?.0,
            optional: with_usual("optional", &self.optional, false, frame)?,
            reading: self.reading(frame)?,
            kept: place.kept.clone(),
            most_records: usize::MAX,
            ahead: Ahead::default(),
            rounds: 0,
            taken: 0,
        })])
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.path.0);
        self.encoding.iter().for_each(|encoding| take(&encoding.0));
        self.max_bytes.code().into_iter().chain(self.optional.code()).for_each(&mut *take);
        self.start_at.iter().filter_map(Setting::code).for_each(&mut *take);
        self.multiline.iter().filter_map(|multiline| multiline.start.code()).for_each(take);
    }
}
