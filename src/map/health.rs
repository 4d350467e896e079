//! Health states of components.
//!
//! ```yaml
//! health:
//!   stream: {urn: "urn:health:zabbix:{{ instance.url }}", repeat: 60s}
//!   states:
//!     - {from: triggers, id: $.id, name: $.name, element: "urn:host:/{{ row.host }}", health: {value: $.level, map: {"0": clear, default: deviating}}}
//! ```

use super::choice::Mapped;
use super::event::maybe_text;
use super::service_check::read_mapped;
use super::{Covered, MapCx, Mapping, RowReads};
use crate::base::span::Span;
use crate::base::value::Text;
use crate::expr::code::{Code, Setting, Template};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::observation::{Health, HealthState, HealthStream};
use crate::yaml::basic::Seconds;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::Shape;

crate::from_words!(HealthState);

crate::fields! {
    /// The stream that the states belong to.
    pub struct Stream, "stream" {
        /// Its URN.
        urn: Template;
        /// A part of it that is replaced as a whole.
        sub_stream: Option<Template>;
        /// Repeated at least so often.
        repeat: Option<Setting<Seconds>>;
        /// Gone after so long without repeat.
        expiry: Option<Setting<Seconds>>;
    }
}

impl Stream {
    /// The stream of this run.
    pub fn eval(&self, frame: &mut Frame) -> Option<HealthStream> {
        let seconds = |setting: &Option<Setting<Seconds>>, frame: &mut Frame| setting.as_ref().and_then(|s| s.get(frame).ok()).map(|s| s.0);
        Some(HealthStream {
            urn: self.urn.text(frame)?,
            sub_stream: maybe_text(&self.sub_stream, frame),
            repeat_s: seconds(&self.repeat, frame),
            expiry_s: seconds(&self.expiry, frame),
            complete: true,
        })
    }

    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.urn.0);
        self.sub_stream.iter().for_each(|t| take(&t.0));
        [&self.repeat, &self.expiry].into_iter().flatten().filter_map(Setting::code).for_each(take);
    }
}

/// How the state is found.
#[derive(Clone, Debug)]
pub enum HealthChoice {
    /// A word, or a computed one.
    Setting(Setting<HealthState>),
    /// By a value.
    Mapped(Mapped<HealthState>),
}

impl Field for HealthChoice {
    fn shape() -> Shape {
        Shape::Either(vec![Setting::<HealthState>::shape(), Mapped::<HealthState>::shape("health choice")])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.as_map() {
            Some(_) => read_mapped(node, reader).map(HealthChoice::Mapped),
            None => Setting::read(node, reader).map(HealthChoice::Setting),
        }
    }
}

crate::fields! {
    /// One health state.
    pub struct Written, "health state" {
        /// Unique in its stream.
        id: Template;
        /// Its name.
        name: Template;
        /// The identifier of the component.
        element: Template;
        /// The state: clear, deviating or critical, or `{value, map}`.
        health: HealthChoice;
        /// Why.
        message: Option<Template>;
        /// What it is for.
        pub description: Option<Text>;
    }
}

/// The mapping.
#[derive(Clone, Debug)]
pub struct HealthMapping {
    written: Written,
    span: Span,
}

impl HealthMapping {
    /// Takes the mapping's own keys.
    pub fn read_from(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Box<dyn Mapping>> {
        let span = fields.span;
        Written::read_from(fields, reader).map(|written| Box::new(HealthMapping { written, span }) as Box<dyn Mapping>)
    }
}

impl Mapping for HealthMapping {
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let w = &self.written;
        let health = match &w.health {
            HealthChoice::Setting(setting) => setting.get(frame),
            HealthChoice::Mapped(mapped) => mapped.choose(HealthState::from_word, frame),
        };
        let health = match health {
            Ok(health) => health,
            Err(fault) => {
                let why = if let Fault::Failed(why) = &fault { why } else { "its health is missing" };
                frame.remark(self.span, |_| format!("health state left out: {why}"));
                return;
            }
        };
        let (Some(id), Some(name), Some(element)) = (w.id.text(frame), w.name.text(frame), w.element.text(frame)) else {
            frame.remark(self.span, |frame| {
                let values: Vec<_> = [&w.id, &w.name, &w.element].iter().map(|t| t.0.values(frame)).filter(|v| !v.is_empty()).collect();
                format!("health state left out: its id, name or element is missing ({})", values.join(", "))
            });
            return;
        };
        let message = maybe_text(&w.message, frame);
        cx.out.health.push(Health { id, name, health, element, message, origin: self.span });
    }

    fn row_reads(&self) -> RowReads {
        RowReads::Codes
    }

    fn places(&self, take: &mut dyn FnMut(Span, Covered, String)) {
        take(self.span, Covered::Made, "health state".to_owned());
        if let HealthChoice::Mapped(mapped) = &self.written.health {
            mapped.branches(Covered::Judged, take);
        }
    }

    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code)) {
        let w = &self.written;
        [&w.id, &w.name, &w.element].into_iter().for_each(|t| take(&t.0));
        w.message.iter().for_each(|t| take(&t.0));
        match &w.health {
            HealthChoice::Setting(setting) => setting.code().into_iter().for_each(take),
            HealthChoice::Mapped(mapped) => take(&mapped.value.0),
        }
    }
}
