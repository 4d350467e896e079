//! Bytes of a file, or of all files that match a pattern.
//!
//! ```yaml
//! sources:
//!   stat:
//!     file: {path: /proc/stat}
//! ```

use super::{Place, Request, Source, bad_part, missing_part, with_usual};
use crate::base::limits;
use crate::expr::code::{Code, Setting, Template};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::file::FileRequest;
use crate::yaml::basic::Size;
use crate::yaml::kind::Kind;
use crate::yaml::read::{Fields, Record};
use crate::yaml::shape::KindDoc;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Source>> = Kind {
    name: "file",
    docs: || KindDoc { name: "file", doc: "Reads a file, or all files that match a pattern.", fields: File::docs(), short: None },
    read: |node, reader| {
        let mut fields = Fields::open(node, "`file`", reader)?;
        let read = File::read_from(&mut fields, reader);
        fields.finish(reader);
        Some(Arc::new(read?))
    },
};

crate::words! {
    /// How a file is read.
    pub enum Mode {
        /// From its beginning to its end, in every run.
        Whole = "whole",
    }
}

crate::fields! {
    /// One file or several.
    pub struct File, "file" {
        /// The path, or a pattern with `*` and `?`, whose files are read in order of name. A relative one starts at the folder of the YAML file it stands in.
        path: Template;
        /// The encoding, by its name on the web; UTF-8 where it is not given.
        encoding: Option<Template>;
        /// The most bytes of one file.
        max_bytes: Setting<Size> = Setting::Fixed(Size(limits::FILE_BYTES)), "64MiB";
        /// How it is read.
        pub mode: Mode = Mode::Whole, "whole";
        /// No file is no error.
        optional: Setting<bool> = Setting::Fixed(false), "false";
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
        })])
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.path.0);
        self.encoding.iter().for_each(|encoding| take(&encoding.0));
        self.max_bytes.code().into_iter().chain(self.optional.code()).for_each(take);
    }
}
