//! Service checks: a named status for each row.
//!
//! ```yaml
//! service_checks:
//!   - name: http.can_connect
//!     status: {critical: not page.ok, warning: page.elapsed > 2}
//! ```

use super::choice::{Mapped, ValueMap};
use super::label::{Inherit, Labels};
use super::{Covered, MapCx, Mapping, RowReads};
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::{Code, Expression, Template};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::expr::texts::Texts;
use crate::observation::{ServiceCheck, Status};
use crate::yaml::node::{Data, Node};
use crate::yaml::read::{Field, Reader, Record};
use crate::yaml::shape::{FieldDoc, Shape, Struct};

crate::fields! {
    /// A named status.
    pub struct Written, "service check" {
        /// Its name.
        name: Template;
        /// The status: a word, conditions of which the first that holds decides, or `{value, map}`.
        status: StatusChoice;
        /// Why; without it the condition that held and its values.
        message: Option<Template>;
        /// Its tags.
        tags: Texts;
        /// Which tags come along: its own (`none`), those of the instance too (`instance`), or those of `defaults` as well (`all`, also where it is not given).
        inherit_tags: Option<Inherit>;
        /// The host it is about.
        hostname: Option<Template>;
        /// What it is for.
        pub description: Option<Text>;
    }
}

/// How the status is found.
#[derive(Clone, Debug)]
pub enum StatusChoice {
    /// Always the same.
    Fixed(Status),
    /// The first condition that holds.
    Conditions(Vec<Condition>, Otherwise),
    /// By a value.
    Mapped(Mapped<Status>),
    /// A computed word.
    Word(Template),
}

/// What holds where no condition does.
#[derive(Clone, Copy, Debug)]
pub struct Otherwise {
    status: Status,
    /// Its place, or that of all conditions.
    span: Span,
    written: bool,
}

/// One condition.
#[derive(Clone, Debug)]
pub struct Condition {
    status: Status,
    holds: Expression,
    /// As written, for the message.
    text: Text,
}

impl Field for StatusChoice {
    fn shape() -> Shape {
        let word = Shape::Setting(Box::new(Status::shape()));
        Shape::Either(vec![word, Shape::Struct(CONDITIONS), Mapped::<Status>::shape("status choice")])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::Scalar(scalar) if crate::expr::code::has_holes(&scalar.text) || crate::expr::code::is_path(&scalar.text) => {
                Template::read(node, reader).map(StatusChoice::Word)
            }
            Data::Map(_) if node.entry("value").is_some() => read_mapped(node, reader).map(StatusChoice::Mapped),
            Data::Map(_) => read_conditions(node, reader),
            Data::List(items) if items.iter().any(|item| item.as_map().is_some()) => {
                let problem = Diagnostic::error("wrong-type", "expected a map of conditions", node.span).label("`- ` makes this a list");
                reader.report(problem.help("write each condition without `- `: `status: {critical: CONDITION, warning: CONDITION}`"));
                None
            }
            Data::Scalar(_) | Data::List(_) => Status::read(node, reader).map(StatusChoice::Fixed),
        }
    }
}

const CONDITIONS: Struct = Struct {
    name: "status conditions",
    doc: "The first condition that holds decides, in written order. Where none holds and one could not be judged, the status is unknown.",
    fields: condition_docs,
};

fn condition_docs() -> Vec<FieldDoc> {
    let conditions = Status::WORDS.iter().map(|word| FieldDoc {
        key: word,
        doc: format!("When the status is {word}."),
        shape: Shape::Expression,
        required: false,
        default: None,
    });
    let doc = "The status where no condition holds.".to_owned();
    let default = FieldDoc { key: "default", doc, shape: Status::shape(), required: false, default: Some("ok") };
    conditions.chain([default]).collect()
}

/// `{value, map}` of any words.
pub fn read_mapped<T: Field>(node: &Node, reader: &mut Reader<'_>) -> Option<Mapped<T>> {
    let mut fields = crate::yaml::read::Fields::open(node, "a choice", reader)?;
    let value = fields.take::<Expression>("value", reader);
    let map = fields.take::<Option<ValueMap<T>>>("map", reader);
    fields.finish(reader);
    Some(Mapped { value: value?, map: map? })
}

fn read_conditions(node: &Node, reader: &mut Reader<'_>) -> Option<StatusChoice> {
    let mut conditions = Vec::new();
    let mut default = Otherwise { status: Status::Ok, span: node.span, written: false };
    let mut whole = true;
    for entry in node.as_map().unwrap_or(&[]) {
        if &*entry.key == "default" {
            default = Otherwise { status: Status::read(&entry.value, reader)?, span: entry.key_span, written: true };
            continue;
        }
        let Some(status) = Status::from_word(&entry.key) else {
            let known = ["ok", "warning", "critical", "unknown", "default", "value", "map"];
            reader.report(crate::yaml::read::unknown_key(entry, "`status`", known.into_iter()));
            whole = false;
            continue;
        };
        let text = entry.value.as_scalar().map(|s| s.text.clone()).unwrap_or_default();
        match Expression::read(&entry.value, reader) {
            Some(holds) => conditions.push(Condition { status, holds, text }),
            None => whole = false,
        }
    }
    if conditions.is_empty() && whole {
        let problem = Diagnostic::error("missing-key", "`status` without a condition", node.span);
        reader.report(problem.label("empty").help("add `critical:` with a condition, or write a status word"));
        whole = false;
    }
    whole.then_some(StatusChoice::Conditions(conditions, default))
}

/// The mapping.
#[derive(Clone, Debug)]
pub struct ServiceCheckMapping {
    name: Template,
    status: StatusChoice,
    message: Option<Template>,
    labels: Labels,
    hostname: Option<Template>,
    span: Span,
}

impl ServiceCheckMapping {
    /// Takes the mapping's own keys.
    pub fn read_from(
        fields: &mut crate::yaml::read::Fields<'_>,
        default_tags: &[Node],
        reader: &mut Reader<'_>,
    ) -> Option<Box<dyn Mapping>> {
        let span = fields.span;
        let written = Written::read_from(fields, reader)?;
        let labels = Labels::read(written.inherit_tags, default_tags, written.tags, reader);
        let (name, status, message, hostname) = (written.name, written.status, written.message, written.hostname);
        Some(Box::new(ServiceCheckMapping { name, status, message, labels, hostname, span }))
    }

    /// The status and the reason for it; none where that would be about a source that is off.
    fn judge(&self, frame: &mut Frame) -> Option<(Status, Text)> {
        let judged = match &self.status {
            StatusChoice::Fixed(status) => return Some((*status, Text::default())),
            StatusChoice::Conditions(conditions, default) => return first_that_holds(conditions, *default, frame),
            StatusChoice::Mapped(mapped) => (mapped.choose(Status::from_word, frame), &mapped.value.0),
            StatusChoice::Word(template) => (word(template, frame), &template.0),
        };
        Some(match judged {
            (Err(Fault::Missing), code) if code.reads_off(frame) => return None,
            (Ok(Status::Ok), _) => (Status::Ok, Text::default()),
            (Ok(status), code) => (status, code.values(frame).into()),
            (Err(Fault::Missing), code) => (Status::Unknown, code.values(frame).into()),
            (Err(Fault::Failed(why)), code) => (Status::Unknown, code.with_values(&why, frame).into()),
        })
    }
}

fn word(template: &Template, frame: &mut Frame) -> Result<Status, Fault> {
    let value = template.eval(frame)?;
    let found = value.as_text().and_then(|word| Status::from_word(&word.to_lowercase()));
    found.ok_or_else(|| Fault::failed(format!("{} is not one of {}", crate::base::print::shown(&value), Status::WORDS.join(", "))))
}

/// As written; without a condition that holds the default, but unknown if one could not be judged.
/// Conditions on a source that is off are passed over; none where there are no others.
fn first_that_holds(conditions: &[Condition], default: Otherwise, frame: &mut Frame) -> Option<(Status, Text)> {
    let mut unjudged: Option<Text> = None;
    let mut n_off = 0;
    for condition in conditions {
        let code = &condition.holds.0;
        match code.eval(frame) {
            Ok(value) if value.is_true() => {
                frame.reached(code.span);
                let message = if condition.status == Status::Ok { String::new() } else { code.with_values(&condition.text, frame) };
                return Some((condition.status, message.into()));
            }
            Ok(Value::Missing) | Err(Fault::Missing) if code.reads_off(frame) => n_off += 1,
            Ok(Value::Missing) | Err(Fault::Missing) => unjudged = Some(code.with_values(&condition.text, frame).into()),
            Err(Fault::Failed(why)) => {
                frame.remark(code.span, |frame| code.with_values(&why, frame));
                unjudged = Some(code.with_values(&why, frame).into());
            }
            Ok(_) => {}
        }
    }
    if n_off == conditions.len() {
        return None;
    }
    if unjudged.is_none() {
        frame.reached(default.span);
    }
    Some(unjudged.map_or((default.status, Text::default()), |message| (Status::Unknown, message)))
}

impl Mapping for ServiceCheckMapping {
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        if cx.out.service_checks.len() >= limits::SERVICE_CHECKS {
            frame.remark(self.span, |_| format!("more than {} service checks in one run, the rest is left out", limits::SERVICE_CHECKS));
            return;
        }
        let Some(name) = self.name.text(frame) else {
            frame.remark(self.span, |frame| self.name.0.with_values("left out: its name is missing", frame));
            return;
        };
        let Some((status, reason)) = self.judge(frame) else { return };
        let message = self.message.as_ref().and_then(|message| message.text(frame)).unwrap_or(reason);
        let tags = self.labels.set(cx, frame);
        let hostname = self.hostname.as_ref().and_then(|h| h.text(frame)).or_else(|| cx.hostname.cloned());
        let timestamp = cx.timestamp;
        cx.out.service_checks.push(ServiceCheck { name, status, tags, hostname, message, timestamp, origin: self.span });
    }

    fn row_reads(&self) -> RowReads {
        RowReads::Codes
    }

    fn places(&self, take: &mut dyn FnMut(Span, Covered, String)) {
        take(self.span, Covered::Made, format!("service check {}", self.name.as_const().unwrap_or_default()));
        match &self.status {
            StatusChoice::Conditions(conditions, otherwise) => {
                conditions.iter().for_each(|one| take(one.holds.0.span, Covered::Judged, format!("branch {}", one.status.word())));
                // Who says when it is ok, and nothing else, does not mean that there are other cases.
                if otherwise.written || !conditions.iter().any(|one| one.status == Status::Ok) {
                    take(otherwise.span, Covered::Judged, format!("branch {} (no condition holds)", otherwise.status.word()));
                }
            }
            StatusChoice::Mapped(mapped) => mapped.branches(Covered::Judged, take),
            StatusChoice::Fixed(_) | StatusChoice::Word(_) => {}
        }
    }

    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code)) {
        take(&self.name.0);
        match &self.status {
            StatusChoice::Fixed(_) => {}
            StatusChoice::Conditions(conditions, _) => conditions.iter().for_each(|c| take(&c.holds.0)),
            StatusChoice::Mapped(mapped) => take(&mapped.value.0),
            StatusChoice::Word(template) => take(&template.0),
        }
        [&self.message, &self.hostname].into_iter().flatten().for_each(|template| take(&template.0));
        self.labels.codes(take);
    }
}
