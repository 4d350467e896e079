//! `ini`: sections of keys and values, as one map.
//!
//! `[section]` is a map under its name, dots and blanks in it included; keys before the first section
//! stand at the top. `=` or `:` ends a key, whichever comes first. A key alone is true. A line that
//! begins with `;` or `#` is a comment, and so is what follows one of them after white space in a
//! value without quotes. A value that stands in quotes as a whole loses them; backslashes mean
//! nothing. A section that is there twice goes on where it stopped; of a key that is there twice in
//! one section the last counts, with a warning, unless `lists` collects its values. Values that go
//! on in the next line are not read.
//!
//! ```yaml
//! decode: {ini: {types: {port: int}, lists: [server]}}
//! ```

use super::budget::Budget;
use super::faults::Faults;
use super::types::Types;
use super::{DecodeError, Decoded, Decoder, Options, beginning, conflict, text};
use crate::base::map::Map;
use crate::base::value::{Text, Value};
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::collections::HashMap;
use std::sync::Arc;

crate::fields! {
    /// Sections of keys and values as one map, which is the only row: `{ini: {types: {port: int}}}`.
    /// `[mysqld]` over `port = 3306` is `row.mysqld.port`.
    pub struct Ini, "decoder `ini`" {
        /// What ends a key, literally. Default: `=` or `:`, whichever comes first.
        pub separator: Option<Text>;
        /// Whether `;` or `#` after white space begins a comment in a value without quotes. Where
        /// passwords may hold them, `false`.
        pub inline_comments: bool = true, "true";
        /// Keys that may be there several times in one section: their value is always a list.
        pub lists: Vec<Text>;
        /// The types of keys in any section: `{port: int}`; others are texts.
        pub types: Types;
    }
}

impl Options for Ini {
    const NAME: &'static str = "ini";

    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        if self.separator.as_deref() == Some("") {
            conflict("a separator without a character", node.span, "write `separator: \"=\"`, or leave it out", reader);
            return None;
        }
        Some(Arc::new(self))
    }
}

impl Decoder for Ini {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let body = text::lenient(input, &mut warnings);
        let (mut budget, mut bad, mut repeated) = (Budget::default(), Faults::default(), Faults::default());
        let mut sections = Sections::default();
        for (number, line) in text::lines(&body) {
            let line = line.trim();
            if line.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            budget.spend(1)?;
            if let Some(heading) = line.strip_prefix('[') {
                match heading.split_once(']') {
                    Some((name, _)) if !name.trim().is_empty() => sections.enter(name.trim()),
                    _ => bad.add(number, || beginning(line)),
                }
                continue;
            }
            match self.entry(line) {
                Some((key, value)) => {
                    if !sections.add(key, value, self.lists.iter().any(|list| **list == *key)) {
                        repeated.add(number, || beginning(key));
                    }
                }
                None => bad.add(number, || beginning(line)),
            }
        }
        bad.warn("line is neither a section nor a key", "lines are neither sections nor keys", &mut warnings);
        let doc = sections.finish(&mut repeated);
        repeated.warn(
            "key is there again and replaces the earlier value",
            "keys are there again and replace the earlier values",
            &mut warnings,
        );
        Ok(Decoded::with(doc, warnings))
    }
}

impl Ini {
    /// Key and value of a line; a key alone is true.
    fn entry<'l>(&self, line: &'l str) -> Option<(&'l str, Value)> {
        let split = match &self.separator {
            Some(separator) => line.split_once(&**separator),
            None => line.split_once(['=', ':']),
        };
        let Some((key, value)) = split else { return Some((self.uncommented(line), Value::Bool(true))) };
        let (key, value) = (key.trim(), value.trim());
        let cell = quoted(value, self.inline_comments).unwrap_or_else(|| self.uncommented(value));
        (!key.is_empty()).then(|| (key, self.types.of(key).convert(cell)))
    }

    /// The text before a comment.
    fn uncommented<'l>(&self, value: &'l str) -> &'l str {
        if !self.inline_comments {
            return value;
        }
        let begins = |at: usize| value.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace));
        let comment = value.match_indices([';', '#']).find(|(at, _)| begins(*at));
        comment.and_then(|(at, _)| value.get(..at)).unwrap_or(value).trim_end()
    }
}

/// What a value in quotes holds; `None` where it does not stand in quotes as a whole, a comment
/// behind them aside.
fn quoted(value: &str, inline_comments: bool) -> Option<&str> {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (inner, rest) = value.get(1..)?.split_once(quote)?;
    let rest = rest.trim_start();
    (rest.is_empty() || inline_comments && rest.starts_with([';', '#'])).then_some(inner)
}

/// The sections of one document while it is read; the first is the top.
#[derive(Debug, Default)]
struct Sections {
    top: Section,
    named: Vec<(Text, Section)>,
    places: HashMap<Text, usize>,
    /// The section that keys go into: a place in `named`.
    current: Option<usize>,
}

#[derive(Debug, Default)]
struct Section {
    map: Map,
    lists: HashMap<Text, Vec<Value>>,
}

impl Sections {
    fn enter(&mut self, name: &str) {
        let name = Text::from(name);
        let at = *self.places.entry(name.clone()).or_insert(self.named.len());
        if at == self.named.len() {
            self.named.push((name, Section::default()));
        }
        self.current = Some(at);
    }

    /// False if the key was there already.
    fn add(&mut self, key: &str, value: Value, listed: bool) -> bool {
        let named = &mut self.named;
        let section = self.current.and_then(|at| named.get_mut(at)).map_or(&mut self.top, |(_, section)| section);
        if !listed {
            return section.map.insert(key, value).is_none();
        }
        let key = Text::from(key);
        section.map.insert(key.clone(), Value::Missing);
        section.lists.entry(key).or_default().push(value);
        true
    }

    /// The whole; a section replaces a key of its name at the top.
    fn finish(self, repeated: &mut Faults) -> Value {
        let mut doc = self.top.finish();
        for (name, section) in self.named {
            if doc.insert(name.clone(), Value::map(section.finish())).is_some() {
                repeated.add(1, || format!("{} is a key and a section", beginning(&name)));
            }
        }
        Value::map(doc)
    }
}

impl Section {
    fn finish(mut self) -> Map {
        for (key, values) in self.lists {
            self.map.insert(key, Value::list(values));
        }
        self.map
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, problems, warnings};

    #[test]
    fn sections_are_maps_and_keys_before_them_stand_at_the_top() {
        let input = "\u{feff}; a comment\r\nroot = /var\r\n\r\n[mysqld]\r\n# more\r\nport=3306\r\nskip-networking\r\n[a.b c]\nurl: http://x:80/ ; here\n[mysqld]\nuser = root#1\n";
        let expected = r#"{"root":"/var","mysqld":{"port":3306,"skip-networking":true,"user":"root#1"},"a.b c":{"url":"http://x:80/"}}"#;
        assert_eq!(document("{ini: {types: {port: int}}}", input), expected);
        assert_eq!(document("ini", ""), "{}");
        assert_eq!(document("ini", "[empty]\n"), r#"{"empty":{}}"#);
    }

    #[test]
    fn quotes_go_and_keep_what_looks_like_a_comment() {
        let input = "a = \" x ; y \" # z\nb = 'it'\nc = \"x\" and \"y\"\nd =\ne = \"\nf = ;\n";
        assert_eq!(document("ini", input), r#"{"a":" x ; y ","b":"it","c":"\"x\" and \"y\"","d":"","e":"\"","f":""}"#);
        assert_eq!(document("{ini: {inline_comments: false}}", "p = a #b ; c\n"), r##"{"p":"a #b ; c"}"##);
    }

    #[test]
    fn a_separator_can_be_chosen() {
        assert_eq!(document("{ini: {separator: '='}}", "a:b = c\n"), r#"{"a:b":"c"}"#);
        assert_eq!(problems("{ini: {separator: ''}}"), ["a separator without a character"]);
    }

    #[test]
    fn repeated_keys_are_counted_or_collected() {
        let input = "[a]\nx=1\nx=2\n[b]\nx=3\n";
        assert_eq!(document("ini", input), r#"{"a":{"x":"2"},"b":{"x":"3"}}"#);
        assert_eq!(warnings("ini", input), ["1 key is there again and replaces the earlier value, line 3: \"x\""]);
        assert_eq!(document("{ini: {lists: [x], types: {x: int}}}", input), r#"{"a":{"x":[1,2]},"b":{"x":[3]}}"#);
        assert!(warnings("{ini: {lists: [x]}}", input).is_empty());
        assert_eq!(warnings("ini", "a=1\n[a]\n").len(), 1);
    }

    #[test]
    fn lines_that_are_nothing_are_counted() {
        assert_eq!(warnings("ini", "[a\n= 1\n[]\n"), ["3 lines are neither sections nor keys, the first is line 1: \"[a\""]);
    }
}
