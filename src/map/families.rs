//! The samples of a Prometheus or OpenMetrics document: types, labels and values come along.
//!
//! ```yaml
//! metrics:
//!   - from: scrape
//!     families:
//!       metrics: {etcd_server_has_leader: etcd.has_leader, "etcd_disk_*": "etcd.disk.*"}
//! ```
//!
//! Names and types follow the OpenMetrics checks of the agents: counters `.count`, histograms
//! `.bucket .sum .count`, summaries `.quantile .sum .count`.

use super::about::Facts;
use super::event::{maybe_text, timestamp};
use super::family_names::{FamilyNames, Target};
use super::label::Labels;
use super::metric_entry::Measure;
use super::{Covered, MapCx, Mapping, RowReads, template_codes};
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::base::value::{MISSING, Text, Value};
use crate::expr::code::{Code, Expression, Setting, Template};
use crate::expr::data::{DataMap, DataTemplate};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::expr::names::ROW;
use crate::expr::ops::as_measure;
use crate::observation::{MetricType, TagSet, TagWriter};
use crate::yaml::basic::Keyed;
use crate::yaml::read::Reader;

crate::words! {
    /// How names and types are made.
    pub enum Naming {
        /// As the agents' current OpenMetrics checks.
        OpenMetrics = "openmetrics",
        /// As their older Prometheus checks.
        Legacy = "legacy",
    }
}

crate::words! {
    /// What a sample is to its family.
    pub enum Point {
        /// The value of a gauge, counter or untyped family.
        Value = "value",
        /// The sum of a histogram or summary.
        Sum = "sum",
        /// The count of a histogram or summary.
        Count = "count",
        /// A bucket of a histogram.
        Bucket = "bucket",
        /// A quantile of a summary.
        Quantile = "quantile",
    }
}

crate::fields! {
    /// The families of a document.
    pub struct WrittenFamilies, "families" {
        /// Families to names: a family as exposed, or without `_total`, or a pattern with `*`; the value is a name, `{name, type, exposed_type}`, or a list of these.
        metrics: DataTemplate;
        /// How names and types are made.
        naming: Naming = Naming::OpenMetrics, "openmetrics";
        /// Other names for labels; may be one `"{{ map }}"` of the instance.
        rename_labels: Option<DataMap>;
        /// Labels that become no tags; may be one `"{{ list }}"` of the instance.
        exclude_labels: Option<Setting<Vec<Text>>>;
        /// Other types by kind of point: `value sum count bucket quantile`.
        types: Keyed<MetricType>;
    }
}

/// The mapping.
#[derive(Clone, Debug)]
pub struct FamiliesMapping {
    written: WrittenFamilies,
    names: Result<FamilyNames, DataTemplate>,
    types: Vec<(Point, MetricType)>,
    prefix: Option<Template>,
    labels: Labels,
    hostname: Option<Template>,
    time: Option<Expression>,
    span: Span,
}

impl FamiliesMapping {
    /// Puts the mapping together; names that are constant are prepared here.
    pub fn new(
        written: WrittenFamilies,
        prefix: Option<Template>,
        labels: Labels,
        measure: &Measure,
        span: Span,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let names = match &written.metrics {
            DataTemplate::Fixed(value) => match FamilyNames::of(value) {
                Ok(names) => Ok(names),
                Err(why) => {
                    reader.report(Diagnostic::error("bad-families", why, span).label("in this mapping").help("write `family: name`"));
                    return None;
                }
            },
            computed => Err(computed.clone()),
        };
        let mut types = Vec::new();
        for entry in &written.types.0 {
            match Point::from_word(&entry.key) {
                Some(point) => types.push((point, entry.value)),
                None => {
                    let problem = Diagnostic::error("unknown-key", format!("unknown kind of point `{}`", entry.key), entry.key_span);
                    reader.report(problem.label("here").help(format!("use one of {}", Point::WORDS.join(", "))));
                    return None;
                }
            }
        }
        let (hostname, time) = (measure.hostname.clone(), measure.timestamp.clone());
        Some(FamiliesMapping { written, names, types, prefix, labels, hostname, time, span })
    }

    fn sample(&self, row: &Exposed<'_>, target: &Target, star: &str, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let exposed = target.exposed_type.as_deref().unwrap_or(row.family_type);
        let Some((point, suffix, usual)) = shape_of(exposed, row, self.written.naming) else { return };
        let overridden = self.types.iter().find(|(p, _)| *p == point).map(|(_, t)| *t);
        let of_target = target.metric_type.filter(|_| point == Point::Value);
        let Some(metric_type) = of_target.or(overridden).or(usual) else { return };
        let Ok(value) = as_measure(row.value) else { return };
        if !value.as_f64().is_finite() {
            return;
        }
        // A type of the spec's own choice has no suffix of the exposed one.
        let suffix = if of_target.is_some() && point == Point::Value { "" } else { suffix };
        let prefix = maybe_text(&self.prefix, frame).unwrap_or_default();
        let tags = self.tags(point, row, cx, frame);
        let hostname = maybe_text(&self.hostname, frame);
        let timestamp = timestamp(self.time.as_ref(), cx.timestamp, frame);
        let hostname = hostname.as_ref().or(cx.hostname);
        let mut name = std::mem::take(&mut cx.scratch.name);
        write_name(&mut name, &[&prefix, suffix], target, star);
        let about = Facts { name: &name, metric_type, hostname, device: None, unit: None, timestamp, manner: None, origin: self.span };
        let about = cx.scratch.abouts.share(about, None);
        cx.scratch.name = name;
        cx.submit(value, &tags, about, frame);
    }

    fn tags(&self, point: Point, row: &Exposed<'_>, cx: &mut MapCx<'_>, frame: &mut Frame) -> TagSet {
        let renamed = self.written.rename_labels.as_ref().map_or(Value::Missing, |names| names.0.eval(false, frame));
        let computed;
        let excluded = match &self.written.exclude_labels {
            None => &[][..],
            Some(Setting::Fixed(labels)) => labels,
            Some(setting) => {
                computed = setting.get(frame).unwrap_or_else(|fault| {
                    if let Fault::Failed(why) = fault {
                        frame.remark(self.span, |_| format!("`exclude_labels` cannot be computed: {why}"));
                    }
                    Vec::new()
                });
                &computed
            }
        };
        self.labels.set_and(cx, frame, |tags| self.labels_of(point, row, &renamed, excluded, tags))
    }

    fn labels_of(&self, point: Point, row: &Exposed<'_>, renamed: &Value, excluded: &[Text], tags: &mut TagWriter) {
        let bound = row.labels.member("le");
        if self.written.naming == Naming::Legacy && point == Point::Count && bound.is_missing() && row.family_type == "histogram" {
            tags.push("upper_bound:none");
        }
        let Value::Map(labels) = row.labels else { return };
        for (label, value) in labels.iter() {
            let Some(text) = value.as_text() else { continue };
            if excluded.contains(label) {
                continue;
            }
            let bound = |name: &str, tag: &mut String| tag.extend([name, &float_text(text)]);
            tags.write(|tag| match &**label {
                "le" if point == Point::Bucket || point == Point::Count => bound("upper_bound:", tag),
                "quantile" if point == Point::Quantile => bound("quantile:", tag),
                label => {
                    let renamed = renamed.as_map().and_then(|names| names.get(label)?.as_text());
                    tag.extend([renamed.unwrap_or(label), ":", text]);
                }
            });
        }
    }
}

/// One row of the `prometheus` decoder.
struct Exposed<'r> {
    family: &'r str,
    name: &'r str,
    family_type: &'r str,
    labels: &'r Value,
    value: &'r Value,
}

impl Exposed<'_> {
    fn of(row: &Value) -> Option<Exposed<'_>> {
        let row = row.as_map()?;
        let member = |key: &str| row.get(key).unwrap_or(&MISSING);
        let (family, name) = (member("family").as_text()?, member("name").as_text()?);
        let family_type = member("type").as_text().unwrap_or("untyped");
        Some(Exposed { family, name, family_type, labels: member("labels"), value: member("value") })
    }
}

/// Prefix, the target's name with what its `*` stands for, suffix.
fn write_name(out: &mut String, [prefix, suffix]: &[&str; 2], target: &Target, star: &str) {
    out.clear();
    out.push_str(prefix);
    for (n, part) in target.name.split('*').enumerate() {
        if n > 0 {
            out.push_str(star);
        }
        out.push_str(part);
    }
    out.push_str(suffix);
}

/// The kind of point, the suffix of its name, and its usual type; `None` for a point that is not
/// sent.
fn shape_of(exposed: &str, row: &Exposed<'_>, naming: Naming) -> Option<(Point, &'static str, Option<MetricType>)> {
    let suffix = row.name.strip_prefix(row.family).unwrap_or("");
    let modern = naming == Naming::OpenMetrics;
    let counted = if modern { MetricType::MonotonicCount } else { MetricType::Gauge };
    if suffix == "_created" {
        return None;
    }
    Some(match (exposed, suffix) {
        ("counter", _) => (Point::Value, if modern { ".count" } else { "" }, Some(MetricType::MonotonicCount)),
        ("histogram" | "gaugehistogram", "_bucket") if modern => (Point::Bucket, ".bucket", Some(MetricType::MonotonicCount)),
        // The older checks sent every finite bucket as a count with its bound.
        ("histogram" | "gaugehistogram", "_bucket") => {
            let infinite = row.labels.member("le").as_text().is_some_and(|le| le.contains("Inf"));
            if infinite {
                return None;
            }
            (Point::Count, ".count", Some(MetricType::Gauge))
        }
        ("histogram" | "gaugehistogram" | "summary", "_sum" | "_gsum") => (Point::Sum, ".sum", Some(counted)),
        ("histogram" | "gaugehistogram" | "summary", "_count" | "_gcount") => (Point::Count, ".count", Some(counted)),
        ("summary", _) => (Point::Quantile, ".quantile", Some(MetricType::Gauge)),
        ("gauge" | "info" | "stateset", _) => (Point::Value, "", Some(MetricType::Gauge)),
        _ => (Point::Value, "", None),
    })
}

/// Bounds and quantiles as float text: `1` is `1.0`, `+Inf` is `inf`.
fn float_text(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(n) if n.is_infinite() => (if n > 0.0 { "inf" } else { "-inf" }).to_owned(),
        Ok(n) => format!("{n:?}"),
        Err(_) => text.to_owned(),
    }
}

impl Mapping for FamiliesMapping {
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame) {
        let row = frame.get(ROW).clone();
        let Some(row) = Exposed::of(&row) else {
            frame.remark(self.span, |_| "`families` reads the rows of the `prometheus` decoder, and this row is none".to_owned());
            return;
        };
        let computed;
        let names = match &self.names {
            Ok(names) => names,
            Err(code) => {
                let value = code.eval(false, frame);
                computed = match cx.family_names(self.span, &value) {
                    Ok(names) => names,
                    Err(why) => {
                        frame.remark(self.span, |_| why);
                        return;
                    }
                };
                &*computed
            }
        };
        let Some((targets, star)) = names.find(row.family) else { return };
        for target in targets {
            self.sample(&row, target, star, cx, frame);
        }
    }

    fn row_reads(&self) -> RowReads {
        RowReads::Members(&["family", "name", "type", "labels", "value"])
    }

    fn places(&self, take: &mut dyn FnMut(Span, Covered, String)) {
        take(self.span, Covered::Made, "metrics of families".to_owned());
    }

    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code)) {
        self.written.metrics.codes(take);
        self.written.rename_labels.iter().for_each(|names| names.0.codes(take));
        self.written.exclude_labels.iter().filter_map(Setting::code).for_each(&mut *take);
        template_codes(&[&self.prefix, &self.hostname], take);
        self.time.iter().for_each(|time| take(&time.0));
        self.labels.codes(take);
    }
}
