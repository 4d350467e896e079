//! Every numeric leaf of a tree, with names made of its keys.
//!
//! ```yaml
//! metrics:
//!   - from: stats
//!     prefix: es.
//!     flatten: {of: $.stats, include: ["indices.*"], keys_as_tags: {"indices.*": index}}
//! ```

use super::about::Facts;
use super::event::{maybe_text, timestamp};
use super::label::Labels;
use super::metric_entry::Measure;
use super::{Covered, MapCx, Mapping, RowReads, template_codes};
use crate::base::decimal;
use crate::base::glob;
use crate::base::number::Number;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::{Code, Expression, Setting, Template};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::expr::names::ROW;
use crate::observation::{MetricType, TagSet};
use crate::yaml::basic::Keyed;

crate::fields! {
    /// Every numeric leaf of a tree.
    pub struct WrittenFlatten, "flatten" {
        /// The tree; the row where it is not given.
        of: Option<Expression>;
        /// Patterns of dotted paths; only these are taken.
        include: Vec<Text>;
        /// Patterns of dotted paths that are left out.
        exclude: Vec<Text>;
        /// Patterns in which `*` is one part: that part becomes a tag and leaves the name.
        keys_as_tags: Keyed<Text>;
        /// Other types and names for some paths; every rule that matches applies.
        rules: Vec<Rule>;
        /// Takes the items of lists too, with their index as a part of the name.
        lists: bool = false, "false";
        /// Takes texts that are exactly one plain number, too, as decoders without types give them.
        texts: bool = false, "false";
        /// The type of what no rule names.
        r#type: MetricType = MetricType::Gauge, "gauge";
    }
}

crate::fields! {
    /// Another type or name for some paths.
    pub struct Rule, "rule" {
        /// The pattern of the dotted path.
        r#match: Text;
        /// The type.
        r#type: Option<MetricType>;
        /// Added to the name.
        suffix: Option<Text>;
        /// Besides the plain metric, not instead of it.
        also: bool = false, "false";
        /// The value is multiplied by this.
        scale: Option<f64>;
        /// The unit.
        unit: Option<Text>;
    }
}

/// The mapping.
#[derive(Clone, Debug)]
pub struct FlattenMapping {
    written: WrittenFlatten,
    prefix: Option<Template>,
    labels: Labels,
    hostname: Option<Template>,
    device: Option<Template>,
    unit: Option<Template>,
    scale: Option<Setting<f64>>,
    time: Option<Expression>,
    span: Span,
}

impl FlattenMapping {
    /// Puts the mapping together.
    pub fn new(written: WrittenFlatten, prefix: Option<Template>, labels: Labels, measure: &Measure, span: Span) -> Self {
        let (hostname, device, unit) = (measure.hostname.clone(), measure.device.clone(), measure.unit.clone());
        let (scale, time) = (measure.scale.clone(), measure.timestamp.clone());
        FlattenMapping { written, prefix, labels, hostname, device, unit, scale, time, span }
    }

    fn leaf(&self, parts: &[Text], value: Number, base: &Base, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let path = parts.join(".");
        let any = |patterns: &[Text]| patterns.iter().any(|pattern| glob::matches(pattern, &path));
        if !value.as_f64().is_finite() || any(&self.written.exclude) || !(self.written.include.is_empty() || any(&self.written.include)) {
            return;
        }
        let (kept, tags) = self.split_keys(parts);
        // With the prefix, since a name must begin with a letter and a key need not: `http.404`.
        let name = crate::expr::function::normalize_name(&format!("{}{}", base.prefix, kept.join(".")));
        let name = name.trim_end_matches('.');
        if name.is_empty() {
            frame.remark(self.span, |_| format!("`{path}` left out: a name of a metric needs a letter, which `prefix` could give it"));
            return;
        }
        let value = if base.scale == 1.0 { value } else { Number::Float(decimal::product(value.as_f64(), base.scale)) };
        let tags = if tags.is_empty() { base.tags.clone() } else { TagSet::new(base.tags.iter().chain(tags.iter().map(|tag| &**tag))) };
        let rules: Vec<&Rule> = self.written.rules.iter().filter(|rule| glob::matches(&rule.r#match, &path)).collect();
        if rules.iter().all(|rule| rule.also) {
            base.push(name, self.written.r#type, value, base.unit.clone(), &tags, self.span, cx, frame);
        }
        for rule in rules {
            let name = format!("{name}{}", rule.suffix.as_deref().unwrap_or(""));
            let value = rule.scale.map_or(value, |scale| Number::Float(decimal::product(value.as_f64(), scale)));
            base.push(
                &name,
                rule.r#type.unwrap_or(self.written.r#type),
                value,
                rule.unit.clone().or_else(|| base.unit.clone()),
                &tags,
                self.span,
                cx,
                frame,
            );
        }
    }

    /// The parts that stay in the name, and the tags that the others become.
    fn split_keys(&self, parts: &[Text]) -> (Vec<Text>, Vec<Text>) {
        let mut gone = Vec::new();
        let mut tags = Vec::new();
        for entry in &self.written.keys_as_tags.0 {
            let pattern: Vec<&str> = entry.key.split('.').collect();
            let fits = pattern.len() <= parts.len() && pattern.iter().zip(parts).all(|(p, part)| *p == "*" || **p == **part);
            if !fits {
                continue;
            }
            if let Some(at) = pattern.iter().rposition(|p| *p == "*") {
                tags.extend(parts.get(at).map(|part| Text::from(format!("{}:{part}", entry.value))));
                gone.push(at);
            }
        }
        let kept = parts.iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, part)| part.clone());
        (kept.collect(), tags)
    }

    /// Calls `take` for every leaf, with the keys that lead to it.
    fn walk(&self, value: &Value, parts: &mut Vec<Text>, take: &mut dyn FnMut(&[Text], &Value)) {
        match value {
            Value::Map(map) => {
                for (key, value) in map.iter() {
                    parts.push(key.clone());
                    self.walk(value, parts, take);
                    parts.pop();
                }
            }
            Value::List(items) if self.written.lists => {
                for (index, value) in items.iter().enumerate() {
                    parts.push(index.to_string().into());
                    self.walk(value, parts, take);
                    parts.pop();
                }
            }
            leaf => take(parts, leaf),
        }
    }

    fn number(&self, leaf: &Value) -> Option<Number> {
        match leaf {
            Value::Bool(b) => Some(Number::Int((*b).into())),
            Value::Text(text) if self.written.texts => Number::parse(text),
            other => other.as_number(),
        }
    }
}

/// The first text of a tree that is a number.
fn numeric_text(parts: &[Text], leaf: &Value) -> Option<String> {
    let text = leaf.as_text().filter(|text| Number::parse(text).is_some())?;
    Some(format!("`{}` is the text \"{text}\"", parts.join(".")))
}

/// What all leaves of one row share.
struct Base {
    prefix: Text,
    tags: TagSet,
    hostname: Option<Text>,
    device: Option<Text>,
    unit: Option<Text>,
    scale: f64,
    timestamp: jiff::Timestamp,
}

impl Base {
    #[expect(clippy::too_many_arguments, reason = "one sample, spelled out once")]
    fn push(
        &self,
        name: &str,
        metric_type: MetricType,
        value: Number,
        unit: Option<Text>,
        tags: &TagSet,
        span: Span,
        cx: &mut MapCx<'_>,
        frame: &mut Frame,
    ) {
        let (hostname, device, unit) = (self.hostname.as_ref(), self.device.as_ref(), unit.as_ref());
        let about = Facts { name, metric_type, hostname, device, unit, timestamp: self.timestamp, manner: None, origin: span };
        let about = cx.scratch.abouts.share(about, None);
        cx.submit(value, tags, about, frame);
    }
}

impl Mapping for FlattenMapping {
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let tree = match &self.written.of {
            Some(of) => of.0.value(frame),
            None => frame.get(ROW).clone(),
        };
        let scale = match self.scale.as_ref().map_or(Ok(1.0), |scale| scale.get(frame)) {
            Ok(scale) => scale,
            Err(fault) => {
                let why = if let Fault::Failed(why) = fault { why } else { "it is missing".to_owned() };
                frame.remark(self.span, |_| format!("`flatten` left out: its scale: {why}"));
                return;
            }
        };
        let base = Base {
            prefix: maybe_text(&self.prefix, frame).unwrap_or_default(),
            tags: self.labels.set(cx, frame),
            hostname: maybe_text(&self.hostname, frame).or_else(|| cx.hostname.cloned()),
            device: maybe_text(&self.device, frame),
            unit: maybe_text(&self.unit, frame),
            scale,
            timestamp: timestamp(self.time.as_ref(), cx.timestamp, frame),
        };
        let (mut n_numbers, mut text) = (0, None);
        self.walk(&tree.materialize(), &mut Vec::new(), &mut |parts, leaf| match self.number(leaf) {
            Some(number) => {
                n_numbers += 1;
                self.leaf(parts, number, &base, cx, frame);
            }
            None if text.is_none() => text = numeric_text(parts, leaf),
            None => {}
        });
        if let Some(text) = text.filter(|_| n_numbers == 0) {
            frame.remark(self.span, |_| format!("`flatten` finds no number: {text}, and `texts: true` would take it for a number"));
        }
    }

    fn row_reads(&self) -> RowReads {
        if self.written.of.is_some() { RowReads::Codes } else { RowReads::Whole }
    }

    fn places(&self, take: &mut dyn FnMut(Span, Covered, String)) {
        take(self.span, Covered::Made, "metrics of flatten".to_owned());
    }

    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code)) {
        self.written.of.iter().chain(&self.time).for_each(|of| take(&of.0));
        self.scale.iter().filter_map(Setting::code).for_each(&mut *take);
        template_codes(&[&self.prefix, &self.hostname, &self.device, &self.unit], take);
        self.labels.codes(take);
    }
}
