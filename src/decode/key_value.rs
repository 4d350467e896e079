//! `key_value`: lines of keys and values as one map.
//!
//! Keys and values lose the white space around them and stay texts unless `types` says otherwise.
//! Lines without the separator (headings, comments, blanks) are passed over. A key that comes again
//! replaces the earlier one, with a warning.
//!
//! ```yaml
//! decode: {key_value: {separator: "=", types: {uptime: duration}}}
//! ```

use super::budget::Budget;
use super::faults::Faults;
use super::types::Types;
use super::{DecodeError, Decoded, Decoder, Options, beginning, conflict, text};
use crate::base::map::Map;
use crate::base::value::{Text, Value};
use crate::yaml::node::Node;
use crate::yaml::pattern::Pattern;
use crate::yaml::read::Reader;
use std::sync::Arc;

crate::fields! {
    /// Lines of keys and values as one map, which is the only row.
    pub struct KeyValue, "decoder `key_value`" {
        /// What stands between key and value, literally; the first one in a line splits it.
        /// Default: `":"`.
        pub separator: Option<Text>;
        /// A regular expression with the groups `key` and `value` instead of a separator; lines that
        /// it does not match are passed over.
        pub line: Option<Pattern>;
        /// The types of keys: `{uptime: duration}`; others are texts.
        pub types: Types;
    }
}

impl Options for KeyValue {
    const NAME: &'static str = "key_value";

    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        if self.separator.is_some() && self.line.is_some() {
            conflict("both `separator` and `line`", node.span, "keep one of the two: each says how a line splits", reader);
            return None;
        }
        let splits = match (self.line, self.separator) {
            (Some(line), _) => Split::Line(grouped(line, node, reader)?),
            (None, Some(separator)) if separator.is_empty() => {
                conflict("a separator without a character", node.span, "write `separator: \"=\"`, or leave it out for a colon", reader);
                return None;
            }
            (None, separator) => Split::At(separator.unwrap_or_else(|| ":".into())),
        };
        Some(Arc::new(Compiled { splits, types: self.types }))
    }
}

fn grouped(line: Pattern, node: &Node, reader: &mut Reader<'_>) -> Option<regex::Regex> {
    let has = |name| line.0.capture_names().flatten().any(|group| group == name);
    if has("key") && has("value") {
        return Some(line.0);
    }
    let help = "name them in the pattern: `^(?P<key>[^=]+)=(?P<value>.*)$`";
    conflict("the pattern `line` without the groups `key` and `value`", node.span, help, reader);
    None
}

/// The decoder with its options checked.
#[derive(Debug)]
struct Compiled {
    splits: Split,
    types: Types,
}

#[derive(Debug)]
enum Split {
    At(Text),
    Line(regex::Regex),
}

impl Decoder for Compiled {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::lenient(input, &mut warnings);
        let (mut budget, mut repeated, mut map) = (Budget::default(), Faults::default(), Map::default());
        for (number, line) in text::lines(&text) {
            let Some((key, value)) = self.splits.split(line) else { continue };
            budget.spend(1)?;
            if map.insert(key, self.types.of(key).convert(value)).is_some() {
                repeated.add(number, || beginning(key));
            }
        }
        repeated.warn(
            "key is there again and replaces the earlier value",
            "keys are there again and replace the earlier values",
            &mut warnings,
        );
        Ok(Decoded::with(Value::map(map), warnings))
    }
}

impl Split {
    fn split<'l>(&self, line: &'l str) -> Option<(&'l str, &'l str)> {
        let (key, value) = match self {
            Split::At(separator) => line.trim_start().split_once(&**separator)?,
            Split::Line(pattern) => {
                let groups = pattern.captures(line)?;
                (groups.name("key")?.as_str(), groups.name("value").map_or("", |value| value.as_str()))
            }
        };
        let key = key.trim();
        (!key.is_empty()).then_some((key, value.trim()))
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, problems, warnings};

    #[test]
    fn the_first_separator_splits_and_other_lines_are_passed_over() {
        let info = "# Server\r\nredis_version : 7.0\r\nurl:http://a:80\r\n\r\nempty:\r\n:x\r\n";
        assert_eq!(document("key_value", info), r#"{"redis_version":"7.0","url":"http://a:80","empty":""}"#);
        assert_eq!(document("key_value", ""), "{}");
        assert_eq!(document("{key_value: {separator: \"\\t\"}}", "zk_version\t3.4\nzk_x\t\n"), r#"{"zk_version":"3.4","zk_x":""}"#);
    }

    #[test]
    fn a_pattern_can_say_what_key_and_value_are() {
        let options = r#"{key_value: {line: '^(?P<key>\w+)\s*=>?\s*(?P<value>\d+)?', types: {a: number}}}"#;
        assert_eq!(document(options, "a => 1\nb = x\n--\n"), r#"{"a":1,"b":""}"#);
    }

    #[test]
    fn the_last_of_equal_keys_wins_with_a_warning() {
        assert_eq!(document("key_value", "a: 1\na: 2\n"), r#"{"a":"2"}"#);
        assert_eq!(warnings("key_value", "a: 1\na: 2\n"), ["1 key is there again and replaces the earlier value, line 2: \"a\""]);
    }

    #[test]
    fn options_that_make_no_sense_are_problems() {
        assert_eq!(problems("{key_value: {separator: '=', line: x}}"), ["both `separator` and `line`"]);
        assert_eq!(problems("{key_value: {separator: ''}}"), ["a separator without a character"]);
        assert_eq!(problems("{key_value: {line: '(.*)=(.*)'}}"), ["the pattern `line` without the groups `key` and `value`"]);
    }
}
