//! One JSON object per line, to a file that is put aside when it is full, or to standard output.
//!
//! ```yaml
//! sinks:
//!   - jsonl: {path: /var/log/engine/observations.jsonl, max_file: 64MiB, files: 5}
//! ```

use super::batch::{self, Batch};
use super::bounded::Bounded;
use super::filter::{Common, Filter};
use super::rotating::Rotating;
use super::stdout::{FAMILIES, MOST};
use super::{DeliverCx, Delivery, Numbered, OpenCx, Settings, Sink, Verdict, lines, own_name, read_kind, stdout};
use crate::base::limits;
use crate::base::value::Text;
use crate::yaml::basic::Size;
use crate::yaml::kind::Kind;
use crate::yaml::read::Record;
use crate::yaml::shape::KindDoc;
use std::sync::{Arc, Mutex, PoisonError};

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Settings>> = Kind {
    name: "jsonl",
    docs: || KindDoc {
        name: "jsonl",
        doc: "One JSON object per line, to a file or to standard output.",
        fields: [Common::docs(), Jsonl::docs()].concat(),
        short: None,
    },
    read: |node, reader| {
        read_kind("jsonl", node, reader, |fields, reader| {
            let (common, own) = (Common::read_from(fields, reader), Jsonl::read_from(fields, reader));
            Some(Configured { common: common?, own: own? })
        })
    },
};

crate::fields! {
    /// Where lines go.
    struct Jsonl, "jsonl" {
        /// The file, beside engine.yaml where it is relative; standard output where it is not given.
        path: Option<Text>;
        /// The size at which the file is put aside as `PATH.1`.
        max_file: Size = Size(limits::LINES_FILE_BYTES), "64MiB";
        /// How many files that were put aside stay, up to 1,000; 0 for none.
        files: Bounded<0, { limits::LINES_FILES_MOST }> = Bounded(limits::LINES_FILES), "5";
    }
}

#[derive(Debug)]
struct Configured {
    common: Common,
    own: Jsonl,
}

impl Settings for Configured {
    fn name(&self) -> Text {
        own_name(&self.common, "jsonl")
    }

    fn open(&self, cx: &OpenCx<'_>) -> Result<Arc<dyn Sink>, String> {
        let file = self.own.path.as_ref().map(|path| Rotating::new(cx.folder.join(&**path), self.own.max_file.0, self.own.files.0));
        Ok(Arc::new(Open { filter: Filter::of(&self.common), file: file.map(|file| Arc::new(Mutex::new(file))) }))
    }
}

#[derive(Debug)]
struct Open {
    filter: Filter,
    /// None for standard output.
    file: Option<Arc<Mutex<Rotating>>>,
}

impl Sink for Open {
    fn batches(&self, reports: Vec<Numbered>) -> Vec<Batch> {
        batch::cut(&reports.into(), 0, MOST, |numbered| self.filter.items(&numbered.report, FAMILIES))
    }

    fn body(&self, batch: &Batch) -> Vec<u8> {
        lines::json_lines(batch, &self.filter)
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, _: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move {
            let lines = self.body(batch);
            let Some(file) = self.file.clone() else { return stdout::write(lines).await };
            let writing = tokio::task::spawn_blocking(move || file.lock().unwrap_or_else(PoisonError::into_inner).append(&lines));
            match writing.await {
                Ok(Ok(())) => Verdict::Delivered(None),
                Ok(Err(why)) => Verdict::Later { why, after: None },
                Err(_) => Verdict::Later { why: "the file was not written".to_owned(), after: None },
            }
        })
    }
}
