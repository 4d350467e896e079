//! One metric of a mapping: name, type, value and what belongs to it.

use super::about::Facts;
use super::choice::{Mapped, ValueMap};
use super::event::{maybe_text, timestamp};
use super::label::Labels;
use super::service_check::read_mapped;
use super::{Covered, MapCx, Mapping, RowReads};
use crate::base::decimal;
use crate::base::number::Number;
use crate::base::print::{one_line, text_of};
use crate::base::span::{Sources, Span};
use crate::base::value::Text;
use crate::expr::code::{Code, Expression, Setting, Template};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::expr::ops::as_measure;
use crate::expr::texts::Texts;
use crate::observation::{Aggregate, First, Manner, MetricType, Reset, TagSet};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use std::sync::Arc;

crate::fields! {
    /// What every metric may say, alone or as an entry of a bulk form.
    pub struct Measure, "metric" {
        /// The number.
        pub value: Option<Expression>;
        /// Its unit, in the singular: `byte`, `second`, `percent`.
        pub unit: Option<Template>;
        /// Its tags.
        pub tags: Texts;
        /// Only where this holds.
        pub when: Option<Expression>;
        /// Words to numbers; keys are compared as printed text, `default` is for all others.
        pub map: Option<ValueMap<f64>>;
        /// The value is multiplied by this, as decimals are: 100210 by 0.001 is 100.21.
        pub scale: Option<Setting<f64>>;
        /// The value where it is missing.
        pub default: Option<f64>;
        /// A missing value is no warning.
        pub optional: Option<Setting<bool>>;
        /// A missing value fails the run.
        pub required: bool = false, "false";
        /// The host it is about.
        pub hostname: Option<Template>;
        /// The device it is about.
        pub device: Option<Template>;
        /// When it was true; without it the end of the source's answer.
        pub timestamp: Option<Expression>;
        /// What the first reading of a `monotonic_count` gives: nothing (`skip`), or its whole value (`emit`), for counters that begin while they are watched.
        pub first: Option<First>;
        /// What a `monotonic_count` gives that has fallen: nothing (`skip`), or what it has reached since (`count`).
        pub reset: Option<Reset>;
        /// What a `histogram` or `historate` tells of its values: `max min median avg sum count`; `[max, median, avg, count]` where it is not given.
        pub aggregates: Option<Vec<Aggregate>>;
        /// Its percentiles, as parts of 1 in whole percents, like `0.95`; `[0.95]` where it is not given.
        pub percentiles: Option<Vec<Percentile>>;
        /// What it tells.
        pub description: Option<Text>;
    }
}

/// A percentile from 1 to 99, written as a part of 1.
#[derive(Clone, Copy, Debug)]
pub struct Percentile(u8);

impl Field for Percentile {
    fn shape() -> Shape {
        Shape::Number
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let part = f64::read(node, reader)?;
        let percent = (part * 100.0).round();
        let fits = (1.0..=99.0).contains(&percent) && (part * 100.0 - percent).abs() < 1e-6;
        if !fits {
            reader.mismatch(node, "a part of 1 in whole percents, from 0.01 to 0.99");
        }
        fits.then_some(Percentile(percent as u8))
    }
}

impl Measure {
    /// How it is folded, where it or what it shares with others says so.
    pub fn manner(&self, shared: Option<&Measure>) -> Option<Arc<Manner>> {
        let usual = Manner::default();
        let first = self.first.or(shared.and_then(|shared| shared.first));
        let reset = self.reset.or(shared.and_then(|shared| shared.reset));
        let aggregates = self.aggregates.as_ref().or(shared.and_then(|shared| shared.aggregates.as_ref()));
        let percentiles = self.percentiles.as_ref().or(shared.and_then(|shared| shared.percentiles.as_ref()));
        let says = first.is_some() || reset.is_some() || aggregates.is_some() || percentiles.is_some();
        says.then(|| {
            Arc::new(Manner {
                first: first.unwrap_or(usual.first),
                reset: reset.unwrap_or(usual.reset),
                aggregates: aggregates.cloned().unwrap_or(usual.aggregates),
                percentiles: percentiles.map_or(usual.percentiles, |all| all.iter().map(|percentile| percentile.0).collect()),
            })
        })
    }
}

/// How the type is found.
#[derive(Clone, Debug)]
pub enum TypeChoice {
    /// Known, or computed as a word.
    Setting(Setting<MetricType>),
    /// By a value.
    Mapped(Mapped<MetricType>),
}

impl Field for TypeChoice {
    fn shape() -> Shape {
        Shape::Either(vec![Setting::<MetricType>::shape(), Mapped::<MetricType>::shape("type choice")])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.as_map() {
            Some(_) => read_mapped(node, reader).map(TypeChoice::Mapped),
            None => Setting::read(node, reader).map(TypeChoice::Setting),
        }
    }
}

impl TypeChoice {
    /// A fixed type.
    pub fn fixed(metric_type: MetricType) -> Self {
        TypeChoice::Setting(Setting::Fixed(metric_type))
    }

    fn choose(&self, frame: &mut Frame) -> Result<MetricType, Fault> {
        match self {
            TypeChoice::Setting(setting) => setting.get(frame),
            TypeChoice::Mapped(mapped) => mapped.choose(MetricType::from_word, frame),
        }
    }

    fn codes<'t>(&'t self, take: &mut dyn FnMut(&'t Code)) {
        match self {
            TypeChoice::Setting(setting) => setting.code().into_iter().for_each(take),
            TypeChoice::Mapped(mapped) => take(&mapped.value.0),
        }
    }
}

/// The name of a metric, its prefix included.
#[derive(Clone, Debug)]
pub enum MetricName {
    /// Known while reading, and shared by all samples.
    Fixed(Text),
    /// Computed for each row; the last is what the spec says.
    Computed(Option<Template>, Template, Text),
}

impl MetricName {
    /// Joins prefix and name.
    pub fn new(prefix: Option<&Template>, name: Template, sources: &Sources) -> Self {
        let fixed = match (prefix.map(Template::as_const), name.as_const()) {
            (None, Some(name)) => Some(Text::from(name)),
            (Some(Some(prefix)), Some(name)) => Some(format!("{prefix}{name}").into()),
            _ => None,
        };
        fixed.map_or_else(|| MetricName::Computed(prefix.cloned(), name.clone(), written(prefix, &name, sources)), MetricName::Fixed)
    }

    /// The name for the current row; missing where a part of it is.
    pub fn text(&self, frame: &mut Frame) -> Option<Text> {
        match self {
            MetricName::Fixed(name) => Some(name.clone()),
            MetricName::Computed(prefix, name, _) => {
                let name = name.text(frame)?;
                match prefix {
                    Some(prefix) => Some(format!("{}{name}", prefix.text(frame)?).into()),
                    None => Some(name),
                }
            }
        }
    }

    /// The name for messages, which says nothing of its own failures: where it cannot be computed,
    /// what the spec says.
    fn shown(&self, frame: &mut Frame) -> Text {
        match self {
            MetricName::Fixed(name) => name.clone(),
            MetricName::Computed(prefix, name, written) => {
                let mut part = |template: &Template| template.eval(frame).ok().and_then(|value| text_of(&value));
                let prefix = prefix.as_ref().map_or(Some(Text::from("")), &mut part);
                prefix.zip(part(name)).map_or_else(|| written.clone(), |(prefix, name)| format!("{prefix}{name}").into())
            }
        }
    }

    fn codes<'n>(&'n self, take: &mut dyn FnMut(&'n Code)) {
        if let MetricName::Computed(prefix, name, _) = self {
            prefix.iter().for_each(|prefix| take(&prefix.0));
            take(&name.0);
        }
    }
}

/// Prefix and name as they stand in the spec.
fn written(prefix: Option<&Template>, name: &Template, sources: &Sources) -> Text {
    let part = |template: &Template| match template.as_const() {
        Some(text) => text.to_owned(),
        None => one_line(sources.slice(template.0.span).trim_matches(['"', '\''])).to_string(),
    };
    format!("{}{}", prefix.map(part).unwrap_or_default(), part(name)).into()
}

/// One metric.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: MetricName,
    /// Its type.
    pub metric_type: TypeChoice,
    /// Where its number comes from.
    pub value: Expression,
    /// Everything else that it says.
    pub measure: Measure,
    /// Its tags where it has any of its own; otherwise those of the mapping.
    pub labels: Option<Labels>,
    /// What the mapping says where the entry does not.
    pub hostname: Option<Template>,
    /// The device likewise.
    pub device: Option<Template>,
    /// The time likewise.
    pub timestamp: Option<Expression>,
    /// Whether a missing value is no warning.
    pub optional: Setting<bool>,
    /// How it is folded, where it says more than its type.
    pub manner: Option<Arc<Manner>>,
    /// Its place.
    pub span: Span,
}

impl Entry {
    /// Makes the sample of the current row.
    pub fn emit(&self, shared: &TagSet, cx: &mut MapCx<'_>, frame: &mut Frame) {
        if self.measure.when.as_ref().is_some_and(|when| !when.0.holds(frame)) {
            return;
        }
        let value = match self.number(frame) {
            Ok(value) => value,
            Err(fault) => return self.left_out(&fault, cx, frame),
        };
        if !value.as_f64().is_finite() {
            let name = self.name.shown(frame);
            frame.remark(self.span, |_| format!("`{name}` left out: {value} is no finite number"));
            return;
        }
        let (Some(name), metric_type) = (self.name.text(frame), self.metric_type.choose(frame)) else {
            let name = self.name.shown(frame);
            frame.remark(self.span, |_| format!("`{name}` left out: its name is missing"));
            return;
        };
        let metric_type = match metric_type {
            Ok(metric_type) => metric_type,
            Err(fault) => {
                frame.remark(self.span, |_| format!("`{name}` left out: its type {}", reason(&fault)));
                return;
            }
        };
        let hostname = maybe_text(&self.hostname, frame);
        let own = self.labels.as_ref().map(|labels| labels.set(cx, frame));
        let tags = own.as_ref().unwrap_or(shared);
        let (device, unit) = (maybe_text(&self.device, frame), maybe_text(&self.measure.unit, frame));
        let timestamp = timestamp(self.timestamp.as_ref(), cx.timestamp, frame);
        let (hostname, device, unit) = (hostname.as_ref().or(cx.hostname), device.as_ref(), unit.as_ref());
        let about = Facts { name: &name, metric_type, hostname, device, unit, timestamp, manner: self.manner.as_ref(), origin: self.span };
        let about = cx.scratch.abouts.share(about, Some(&name));
        cx.submit(value, tags, about, frame);
    }

    fn number(&self, frame: &mut Frame) -> Result<Number, Fault> {
        let number = self.mapped(frame);
        let number = match (number, self.measure.default) {
            (Err(Fault::Missing), Some(default)) => Ok(Number::Float(default)),
            (Err(Fault::Failed(why)), Some(default)) => {
                frame.remark(self.span, |frame| self.value.0.with_values(&format!("`default` is used: {why}"), frame));
                Ok(Number::Float(default))
            }
            (number, _) => number,
        }?;
        match &self.measure.scale {
            None => Ok(number),
            Some(scale) => Ok(Number::Float(decimal::product(number.as_f64(), scale.get(frame)?))),
        }
    }

    fn mapped(&self, frame: &mut Frame) -> Result<Number, Fault> {
        let value = self.value.0.eval(frame)?;
        let Some(map) = &self.measure.map else { return as_measure(&value) };
        if value.is_missing() {
            return Err(Fault::Missing);
        }
        let shown = crate::base::print::shown(&value);
        map.find(&value, frame).map(Number::Float).ok_or_else(|| Fault::failed(format!("{shown} is none of {}", map.keys().join(", "))))
    }

    fn left_out(&self, fault: &Fault, cx: &mut MapCx<'_>, frame: &mut Frame) {
        if matches!(fault, Fault::Missing) && self.value.0.reads_off(frame) {
            return;
        }
        let why = if let Fault::Failed(why) = fault { why } else { "its value is missing" };
        // The name is computed once per place, not for every row that is left out.
        let optional = !self.measure.required && self.optional.get(frame).unwrap_or(false);
        let told = !self.measure.required && (optional || frame.has_remark(self.span));
        let name = if told { Text::default() } else { self.name.shown(frame) };
        let values = |frame: &Frame| self.value.0.with_values(&format!("`{name}` left out: {why}"), frame);
        if self.measure.required {
            cx.errors.push(values(frame));
        } else if !optional {
            frame.remark(self.span, values);
        }
    }

    /// Calls `take` for every computed place.
    pub fn codes<'e>(&'e self, take: &mut dyn FnMut(&'e Code)) {
        self.name.codes(take);
        self.metric_type.codes(take);
        take(&self.value.0);
        self.measure.when.iter().chain(&self.timestamp).for_each(|e| take(&e.0));
        [&self.measure.unit, &self.hostname, &self.device].into_iter().flatten().for_each(|t| take(&t.0));
        self.measure.scale.iter().filter_map(Setting::code).chain(self.optional.code()).for_each(&mut *take);
        self.labels.iter().for_each(|labels| labels.codes(take));
    }
}

fn reason(fault: &Fault) -> &str {
    match fault {
        Fault::Missing => "is missing",
        Fault::Failed(why) => why,
    }
}

/// Several entries with the tags they share.
#[derive(Clone, Debug)]
pub struct Entries {
    /// The entries.
    pub entries: Box<[Entry]>,
    /// The tags of those without tags of their own.
    pub labels: Labels,
}

impl Mapping for Entries {
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let shared = self.labels.set(cx, frame);
        for entry in &self.entries {
            entry.emit(&shared, cx, frame);
        }
    }

    fn row_reads(&self) -> RowReads {
        RowReads::Codes
    }

    fn places(&self, take: &mut dyn FnMut(Span, Covered, String)) {
        for entry in &self.entries {
            let name = match &entry.name {
                MetricName::Fixed(name) | MetricName::Computed(_, _, name) => name,
            };
            take(entry.span, Covered::Made, format!("metric {name}"));
            if let TypeChoice::Mapped(mapped) = &entry.metric_type {
                mapped.branches(Covered::Measured, take);
            }
            entry.measure.map.iter().for_each(|map| map.branches(Covered::Measured, take));
        }
    }

    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code)) {
        self.labels.codes(take);
        self.entries.iter().for_each(|entry| entry.codes(take));
    }
}
