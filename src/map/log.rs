//! Logs: one line for each row.
//!
//! ```yaml
//! logs:
//!   - {from: access, message: $.line, status: error, service: web}
//! ```

use super::event::{maybe_text, timestamp};
use super::label::{Inherit, Labels};
use super::{Covered, MapCx, Mapping, RowReads};
use crate::base::limits;
use crate::base::span::Span;
use crate::base::value::Text;
use crate::expr::code::{Code, Expression, Template};
use crate::expr::data::DataTemplate;
use crate::expr::frame::Frame;
use crate::expr::texts::Texts;
use crate::observation::Log;
use crate::yaml::node::Node;
use crate::yaml::read::{Reader, Record};

crate::fields! {
    /// One log line.
    pub struct Written, "log" {
        /// The line.
        message: Template;
        /// Its level.
        status: Option<Template>;
        /// The service that wrote it.
        service: Option<Template>;
        /// The source that it came from.
        source: Option<Template>;
        /// When it was written; without it the end of the source's answer.
        timestamp: Option<Expression>;
        /// The host it is about.
        hostname: Option<Template>;
        /// Its tags.
        tags: Texts;
        /// Which tags come along: its own (`none`), those of the instance too (`instance`), or those of `defaults` as well (`all`, also where it is not given).
        inherit_tags: Option<Inherit>;
        /// Free facts.
        attributes: Option<DataTemplate>;
        /// What it is for.
        pub description: Option<Text>;
    }
}

/// The mapping.
#[derive(Clone, Debug)]
pub struct LogMapping {
    written: Written,
    labels: Labels,
    span: Span,
}

impl LogMapping {
    /// Takes the mapping's own keys.
    pub fn read_from(
        fields: &mut crate::yaml::read::Fields<'_>,
        default_tags: &[Node],
        reader: &mut Reader<'_>,
    ) -> Option<Box<dyn Mapping>> {
        let span = fields.span;
        let mut written = Written::read_from(fields, reader)?;
        let own = std::mem::take(&mut written.tags);
        let labels = Labels::read(written.inherit_tags, default_tags, own, reader);
        Some(Box::new(LogMapping { written, labels, span }))
    }
}

impl Mapping for LogMapping {
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let w = &self.written;
        if cx.out.logs.len() >= limits::LOGS {
            frame.remark(self.span, |_| format!("more than {} logs in one run, the rest is left out", limits::LOGS));
            return;
        }
        let Some(message) = w.message.text(frame) else {
            frame.remark(self.span, |frame| w.message.0.with_values("log left out: its message is missing", frame));
            return;
        };
        let log = Log {
            message,
            status: maybe_text(&w.status, frame),
            service: maybe_text(&w.service, frame),
            source: maybe_text(&w.source, frame),
            timestamp: timestamp(w.timestamp.as_ref(), cx.timestamp, frame),
            hostname: maybe_text(&w.hostname, frame).or_else(|| cx.hostname.cloned()),
            tags: self.labels.set(cx, frame),
            attributes: w.attributes.as_ref().map(|a| a.eval(false, frame)).unwrap_or_default(),
            origin: self.span,
        };
        cx.out.logs.push(log);
    }

    fn row_reads(&self) -> RowReads {
        RowReads::Codes
    }

    fn places(&self, take: &mut dyn FnMut(Span, Covered, String)) {
        take(self.span, Covered::Made, "log".to_owned());
    }

    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code)) {
        let w = &self.written;
        take(&w.message.0);
        [&w.status, &w.service, &w.source, &w.hostname].into_iter().flatten().for_each(|template| take(&template.0));
        w.timestamp.iter().for_each(|code| take(&code.0));
        w.attributes.iter().for_each(|attributes| attributes.codes(take));
        self.labels.codes(take);
    }
}
