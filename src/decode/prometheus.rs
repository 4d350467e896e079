//! `prometheus`: the text formats of Prometheus (0.0.4) and OpenMetrics (1.0), a row for each sample.
//!
//! A row is `{family, name, type, help, unit, labels, value, timestamp}`; what was not exposed is not
//! there. Names stay as exposed. A sample whose name does not fit the last `# TYPE` line ends that
//! family and is untyped, as in the reference parsers. OpenMetrics is known by its last line
//! `# EOF`: its timestamps are seconds, those of the older format milliseconds. Lines that are
//! neither are left out with one warning; a text without a single sample among them is an error.
//! The protobuf format is not read.
//!
//! ```yaml
//! decode: prometheus
//! ```

use super::budget::Budget;
use super::exposition::{self, Labels, Line, Sample};
use super::faults::Faults;
use super::types::since_epoch;
use super::want::{NOTHING, RowsWanted, TakeRow, WHOLE, Want};
use super::{DecodeError, Decoded, Decoder, Facts, Options, beginning, text, whole_then_rows};
use crate::base::map::Map;
use crate::base::share::Share;
use crate::base::value::{Text, Value};
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::sync::Arc;

/// Names and label values of one document that are held once.
const TEXT_SLOTS: usize = 4096;

crate::fields! {
    /// The Prometheus and OpenMetrics text formats; a row is a sample: `{family, name, type, help,
    /// unit, labels, value, timestamp}`.
    pub struct Prometheus, "decoder `prometheus`" {}
}

impl Options for Prometheus {
    const NAME: &'static str = "prometheus";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(self))
    }
}

impl Decoder for Prometheus {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        self.decode_wanted(input, &Facts::default(), &WHOLE)
    }

    fn decode_wanted(&self, input: &[u8], facts: &Facts<'_>, want: &Want) -> Result<Decoded, DecodeError> {
        let mut rows = Vec::new();
        let mut warnings = Vec::new();
        let input = text::in_utf8(input, facts, &mut warnings);
        warnings.extend(samples(&input, want.items().unwrap_or(&NOTHING), &mut |row| rows.push(row))?);
        Ok(Decoded::with(Value::list(rows), warnings))
    }

    fn stream(&self, input: &[u8], facts: &Facts<'_>, rows: &RowsWanted, take: &mut TakeRow<'_>) -> Result<Vec<String>, DecodeError> {
        if !rows.path.is_empty() {
            return whole_then_rows(self, input, facts, rows, take);
        }
        let (mut n, mut warnings) = (0usize, Vec::new());
        let input = text::in_utf8(input, facts, &mut warnings);
        warnings.extend(samples(&input, &rows.want, &mut |row| {
            take(Value::from(n), row);
            n += 1;
        })?);
        Ok(warnings)
    }
}

/// The wanted members of every sample.
fn samples(input: &[u8], want: &Want, take: &mut dyn FnMut(Value)) -> Result<Vec<String>, DecodeError> {
    let mut warnings = Vec::new();
    let text = text::lenient(input, &mut warnings);
    let mut scrape = Scrape::new(&text, want);
    let (mut labels, mut bad, mut budget) = (Labels::new(), Faults::default(), Budget::default());
    let mut empty = true;
    for (number, line) in text::lines(&text) {
        match exposition::read(line, &mut labels).and_then(|read| scrape.take(read, &labels)) {
            Ok(None) => {}
            Ok(Some(row)) => {
                budget.spend(2 + labels.len())?;
                empty = false;
                take(row);
            }
            Err(why) => bad.add(number, || format!("{why}: {}", beginning(line))),
        }
    }
    if empty {
        bad.all_bad("not Prometheus text")?;
    }
    bad.warn("line is no sample", "lines are no samples", &mut warnings);
    Ok(warnings)
}

/// One document while it is read.
struct Scrape {
    /// How many units of a timestamp make a second.
    per_second: i32,
    keys: Keys,
    texts: Share,
    unlabelled: Value,
    family: Family,
    wanted: Wanted,
}

/// The members of a row that somebody reads.
struct Wanted {
    family: bool,
    name: bool,
    kind: bool,
    help: bool,
    unit: bool,
    labels: bool,
    value: bool,
    timestamp: bool,
}

/// The metadata that holds for the samples which follow.
struct Family {
    name: Text,
    kind: Text,
    help: Option<Text>,
    unit: Option<Text>,
}

/// The keys of rows, one text for all of them.
struct Keys {
    family: Text,
    name: Text,
    kind: Text,
    help: Text,
    unit: Text,
    labels: Text,
    value: Text,
    timestamp: Text,
}

impl Scrape {
    fn new(text: &str, want: &Want) -> Self {
        let keys = Keys {
            family: "family".into(),
            name: "name".into(),
            kind: "type".into(),
            help: "help".into(),
            unit: "unit".into(),
            labels: "labels".into(),
            value: "value".into(),
            timestamp: "timestamp".into(),
        };
        let mut texts = Share::with_slots(TEXT_SLOTS);
        let family = Family { name: "".into(), kind: texts.get(UNTYPED), help: None, unit: None };
        let open_metrics = text.trim_end().lines().next_back().is_some_and(|line| line.trim() == "# EOF");
        let per_second = if open_metrics { 1 } else { 1000 };
        let wanted = Wanted {
            family: want.has("family"),
            name: want.has("name"),
            kind: want.has("type"),
            help: want.has("help"),
            unit: want.has("unit"),
            labels: want.has("labels"),
            value: want.has("value"),
            timestamp: want.has("timestamp"),
        };
        Scrape { per_second, keys, texts, unlabelled: Value::map(Map::default()), family, wanted }
    }

    /// Takes one line in, and gives its row where it has one.
    fn take(&mut self, line: Line<'_>, labels: &Labels<'_>) -> Result<Option<Value>, &'static str> {
        match line {
            Line::Nothing => {}
            Line::Help(name, help) => {
                self.enter(&name);
                self.family.help = present(&help);
            }
            Line::Unit(name, unit) => {
                self.enter(&name);
                self.family.unit = present(unit);
            }
            Line::Type(name, word) => {
                self.enter(&name);
                self.family.kind = self.texts.get(known_type(word));
            }
            Line::Sample(sample) => {
                return self.row(sample, labels).map(Some);
            }
        }
        Ok(None)
    }

    /// The family of a name is the current one from here on.
    fn enter(&mut self, name: &str) {
        if *self.family.name != *name {
            self.family = Family { name: self.texts.get(name), kind: self.texts.get(UNTYPED), help: None, unit: None };
        }
    }

    fn row(&mut self, sample: Sample<'_>, labels: &Labels<'_>) -> Result<Value, &'static str> {
        let timestamp = match sample.timestamp {
            Some(number) => Some(since_epoch(number, self.per_second).ok_or("a timestamp beyond all years")?),
            None => None,
        };
        let labels = self.labels(labels)?;
        if !self.family.holds(&sample.name) {
            self.enter(&sample.name);
            self.family.kind = self.texts.get(UNTYPED);
        }
        let name = if *self.family.name == *sample.name { self.family.name.clone() } else { self.texts.get(&sample.name) };
        let (keys, family, wanted) = (&self.keys, &self.family, &self.wanted);
        let text = |text: &Option<Text>| text.clone().map(Value::Text);
        let mut row = Map::with_capacity(6);
        let mut put = |wanted: bool, key: &Text, value: Option<Value>| {
            if let Some(value) = value.filter(|_| wanted) {
                row.push_new(key.clone(), value);
            }
        };
        put(wanted.family, &keys.family, Some(Value::Text(family.name.clone())));
        put(wanted.name, &keys.name, Some(Value::Text(name)));
        put(wanted.kind, &keys.kind, Some(Value::Text(family.kind.clone())));
        put(wanted.help, &keys.help, text(&family.help));
        put(wanted.unit, &keys.unit, text(&family.unit));
        put(wanted.labels, &keys.labels, Some(labels));
        put(wanted.value, &keys.value, Some(sample.value));
        put(wanted.timestamp, &keys.timestamp, timestamp.map(Value::Time));
        Ok(Value::map(row))
    }

    fn labels(&mut self, labels: &Labels<'_>) -> Result<Value, &'static str> {
        if labels.is_empty() {
            return Ok(self.unlabelled.clone());
        }
        let mut map = Map::with_capacity(labels.len());
        for (name, value) in labels {
            if map.get(name).is_some() {
                return Err("the same label twice");
            }
            map.push_new(self.texts.get(name), Value::Text(self.texts.get(value)));
        }
        Ok(Value::map(map))
    }
}

fn present(text: &str) -> Option<Text> {
    (!text.is_empty()).then(|| text.into())
}

const UNTYPED: &str = "untyped";

/// The type of a `# TYPE` line in lower case; what is none of them is untyped.
fn known_type(word: &str) -> &'static str {
    const TYPES: [&str; 7] = ["counter", "gauge", "histogram", "summary", "info", "stateset", "gaugehistogram"];
    TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(word)).unwrap_or(UNTYPED)
}

impl Family {
    /// True if a sample of that name belongs to the family.
    fn holds(&self, sample: &str) -> bool {
        let suffixes: &[&str] = match &*self.kind {
            "counter" => &["", "_total", "_created"],
            "histogram" => &["_bucket", "_sum", "_count", "_created"],
            "summary" => &["", "_sum", "_count", "_created"],
            "gaugehistogram" => &["_bucket", "_gsum", "_gcount", "_sum", "_count"],
            "info" => &["_info", ""],
            _ => &[""],
        };
        !self.name.is_empty() && sample.strip_prefix(&*self.name).is_some_and(|suffix| suffixes.contains(&suffix))
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{decoder, document, fault, warnings};

    /// `family|name|type|help|unit|labels|value|timestamp` of each row, for short expectations.
    fn rows(input: &str) -> Vec<String> {
        let doc = decoder("prometheus").decode(input.as_bytes()).unwrap().doc;
        let keys = ["family", "name", "type", "help", "unit", "labels", "value", "timestamp"];
        let cell = |row: &crate::base::value::Value, key| crate::base::print::text_of(&row.member(key)).unwrap_or_default().to_string();
        doc.as_list().unwrap().iter().map(|row| keys.map(|key| cell(row, key)).join("|")).collect()
    }

    #[test]
    fn the_text_format_gives_a_row_for_each_sample() {
        let input = "# HELP http_requests_total The \\ total.\n# TYPE http_requests_total counter\n\
                     http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\r\n\n\
                     # TYPE rpc summary\nrpc{quantile=\"0.5\"} 4.5\nrpc_sum 1.7e3\nrpc_count 2693\n\
                     no_type NaN\n";
        let expected = [
            r#"http_requests_total|http_requests_total|counter|The \ total.||{"method":"post","code":"200"}|1027|2014-03-17T14:26:03Z"#,
            r#"rpc|rpc|summary|||{"quantile":"0.5"}|4.5|"#,
            "rpc|rpc_sum|summary|||{}|1700|",
            "rpc|rpc_count|summary|||{}|2693|",
            "no_type|no_type|untyped|||{}|NaN|",
        ];
        assert_eq!(rows(input), expected);
    }

    #[test]
    fn open_metrics_has_units_suffixes_and_seconds() {
        let input = "# TYPE foo_seconds counter\n# UNIT foo_seconds seconds\n# HELP foo_seconds Time.\n\
                     foo_seconds_total 17.0 1520879607.789\nfoo_seconds_created 1520872607.123\n\
                     # TYPE h histogram\nh_bucket{le=\"+Inf\"} 7 # {trace_id=\"k\"} 0.6 1520879607.789\nh_sum 3\n\
                     # TYPE u unknown\nu 1\n# EOF\n";
        let expected = [
            "foo_seconds|foo_seconds_total|counter|Time.|seconds|{}|17|2018-03-12T18:33:27.789Z",
            "foo_seconds|foo_seconds_created|counter|Time.|seconds|{}|1520872607.123|",
            r#"h|h_bucket|histogram|||{"le":"+Inf"}|7|"#,
            "h|h_sum|histogram|||{}|3|",
            "u|u|untyped|||{}|1|",
        ];
        assert_eq!(rows(input), expected);
    }

    #[test]
    fn a_sample_of_another_name_ends_the_family() {
        let input = "# HELP a words\n# TYPE a gauge\na 1\nb 2\na 3\n# TYPE h histogram\nh 4\nh_sum 5\n";
        let expected =
            ["a|a|gauge|words||{}|1|", "b|b|untyped|||{}|2|", "a|a|untyped|||{}|3|", "h|h|untyped|||{}|4|", "h_sum|h_sum|untyped|||{}|5|"];
        assert_eq!(rows(input), expected);
    }

    #[test]
    fn bad_lines_are_counted_and_nothing_but_bad_lines_is_an_error() {
        let input = "a 1\nb{x=\"1\",x=\"2\"} 1\nc\nd 1 99999999999999999999\n";
        assert_eq!(rows(input).len(), 1);
        let expected = "3 lines are no samples, the first is line 2: the same label twice: \"b{x=\"1\",x=\"2\"} 1\"";
        assert_eq!(warnings("prometheus", input), [expected]);
        assert_eq!(fault("prometheus", "<html>"), "not Prometheus text: line 1: no metric name at its beginning: \"<html>\"");
    }

    #[test]
    fn a_text_without_samples_is_an_empty_list() {
        assert_eq!(document("prometheus", ""), "[]");
        assert_eq!(document("prometheus", "\u{feff}# nothing yet\n"), "[]");
    }

    #[test]
    fn texts_of_one_document_are_shared() {
        let doc = decoder("prometheus").decode(b"# TYPE a gauge\na{x=\"1\"} 1\na{x=\"1\"} 2\n").unwrap().doc;
        let (first, second) = (doc.item(0), doc.item(1));
        for key in ["family", "type"] {
            assert!(std::ptr::eq(first.member(key).as_text().unwrap(), second.member(key).as_text().unwrap()), "{key}");
        }
        let label = |row: &crate::base::value::Value| row.member("labels").member("x");
        assert!(std::ptr::eq(label(&first).as_text().unwrap(), label(&second).as_text().unwrap()));
    }
}
