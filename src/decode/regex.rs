//! `regex`: the named groups of a pattern as rows.
//!
//! A row for each matching line, or for each match in the whole text. Groups that took no part in a
//! match are missing. Reports with headings are read with `header`: what it finds is carried down
//! into the rows below. Matching is linear in the text; look-around and back-references do not exist.
//!
//! ```yaml
//! decode:
//!   regex: {header: '^Pool (?P<pool>\S+):', pattern: '^\s+(?P<disk>\S+)\s+(?P<errors>\d+)$', types: {errors: number}}
//! ```

use super::search::{Groups, OnUnmatched, Over, Search};
use super::types::Types;
use super::{Decoder, Options, conflict};
use crate::base::print::cut;
use crate::yaml::basic::Placed;
use crate::yaml::node::Node;
use crate::yaml::pattern::Pattern;
use crate::yaml::read::Reader;
use std::sync::Arc;

crate::fields! {
    /// The named groups of a pattern as rows.
    pub struct Regex, "decoder `regex`" {
        /// The pattern, with a named group for each column: `(?P<name>…)`. Either this or `patterns`.
        pub pattern: Option<Placed<Pattern>>;
        /// Several patterns: the first that matches a line makes its row, which holds the pattern's
        /// number under `pattern`, counted from 0.
        pub patterns: Vec<Placed<Pattern>>;
        /// What is searched: `lines` makes at most one row of each line, `text` makes a row of every
        /// match in the whole text.
        pub over: Over = Over::Lines, "lines";
        /// Lines that make no row themselves: their named groups are in the rows below, until the
        /// next such line.
        pub header: Option<Placed<Pattern>>;
        /// What happens with lines that nothing matches, blank ones aside: `skip` passes over them,
        /// `count` makes a warning of them, `fail` fails the source. With `over: text`, the same for a
        /// text without any match.
        pub on_unmatched: OnUnmatched = OnUnmatched::Skip, "skip";
        /// The types of groups: `{used: number}`; others are texts.
        pub types: Types;
    }
}

impl Options for Regex {
    const NAME: &'static str = "regex";

    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        if self.pattern.is_some() != self.patterns.is_empty() {
            let help = "write `pattern` for one regular expression, or `patterns` for a list of them";
            conflict("a regex needs either `pattern` or `patterns`", node.span, help, reader);
            return None;
        }
        if self.over == Over::Text && (self.pattern.is_none() || self.header.is_some()) {
            let help = "join several patterns with `|`, or read `over: lines`";
            conflict("`over: text` goes with one `pattern` alone", node.span, help, reader);
            return None;
        }
        let several = self.pattern.is_none();
        let patterns = self.pattern.into_iter().chain(self.patterns);
        let patterns: Vec<_> = patterns.map(|pattern| groups_of(pattern, &self.types, reader)).collect();
        let header = self.header.map(|pattern| groups_of(pattern, &self.types, reader));
        let patterns: Vec<_> = patterns.into_iter().collect::<Option<_>>()?;
        let header = header.map_or(Some(None), |header| header.map(Some))?;
        let groups = || patterns.iter().chain(&header).flat_map(Groups::names);
        if several && groups().any(|name| name == NUMBER) {
            conflict("a group of the name `pattern`", node.span, "rename it: the number of the pattern has that name", reader);
            return None;
        }
        let well = self.types.check(groups(), reader);
        let numbered = several.then(|| NUMBER.into());
        well.then(|| Arc::new(Search { patterns, numbered, over: self.over, header, on_unmatched: self.on_unmatched }) as Arc<dyn Decoder>)
    }
}

/// The column of the pattern's number.
pub const NUMBER: &str = "pattern";

/// The named groups of a pattern; `None` after a problem was reported.
fn groups_of(pattern: Placed<Pattern>, types: &Types, reader: &mut Reader<'_>) -> Option<Groups> {
    let text = cut(pattern.value.0.as_str(), 60);
    let groups = Groups::new(pattern.value.0, |name| Some((name.into(), types.of(name))));
    if groups.is_empty() {
        let help = "name what the rows shall hold: `(?P<name>…)` instead of `(…)`";
        conflict(format!("the pattern `{text}` has no named group"), pattern.span, help, reader);
        return None;
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, fault, problems, warnings};

    #[test]
    fn each_matching_line_is_a_row_and_unmatched_groups_are_missing() {
        let options = r#"{regex: {pattern: '^(?P<name>\w+)=(?P<n>\d+)?', types: {n: number}}}"#;
        assert_eq!(document(options, "a=1\r\n# no\r\nb=\r\n"), r#"[{"name":"a","n":1},{"name":"b","n":null}]"#);
        assert_eq!(document(options, ""), "[]");
    }

    #[test]
    fn headers_are_carried_down() {
        let options = r#"{regex: {header: '^\[(?P<pool>\w+)\]', pattern: '^ (?P<disk>\w+)'}}"#;
        let rows = r#"[{"pool":null,"disk":"x"},{"pool":"a","disk":"y"},{"pool":"b","disk":"z"}]"#;
        assert_eq!(document(options, " x\n[a]\n y\n[b]\n z\n"), rows);
    }

    #[test]
    fn the_first_of_several_patterns_makes_the_row() {
        let options = r#"{regex: {patterns: ['^(?P<n>\d+)', '^(?P<word>\w+)']}}"#;
        assert_eq!(document(options, "a\n1\n"), r#"[{"word":"a","pattern":1},{"n":"1","pattern":0}]"#);
    }

    #[test]
    fn every_match_of_the_whole_text_can_be_a_row() {
        let options = r#"{regex: {pattern: '(?s)<(?P<x>[^>]*)>', over: text}}"#;
        assert_eq!(document(options, "<a><\nb>"), r#"[{"x":"a"},{"x":"\nb"}]"#);
        assert_eq!(document(r#"{regex: {pattern: '(?P<x>é*)', over: text}}"#, "éaé"), r#"[{"x":"é"},{"x":"é"}]"#);
    }

    #[test]
    fn unmatched_lines_are_passed_over_counted_or_fail() {
        let options = |word: &str| format!("{{regex: {{pattern: '(?P<n>[0-9]+)', on_unmatched: {word}}}}}");
        let input = "1\nx\n\ny\n";
        assert!(warnings(&options("skip"), input).is_empty());
        assert_eq!(warnings(&options("count"), input), ["2 lines are not matched, the first is line 2: \"x\""]);
        assert_eq!(fault(&options("fail"), input), "line 2 is not matched: \"x\"");
        assert!(fault("{regex: {pattern: '(?P<n>[0-9])', over: text, on_unmatched: fail}}", "x").contains("not matched"));
    }

    #[test]
    fn options_that_make_no_sense_are_problems() {
        assert_eq!(problems("regex"), ["a regex needs either `pattern` or `patterns`"]);
        assert_eq!(problems("{regex: {pattern: '(?P<a>.)', patterns: ['(?P<a>.)']}}"), ["a regex needs either `pattern` or `patterns`"]);
        assert_eq!(
            problems("{regex: {pattern: '(a)', header: b}}"),
            ["the pattern `(a)` has no named group", "the pattern `b` has no named group"]
        );
        assert_eq!(problems("{regex: {pattern: '(?P<used>.)', types: {usd: number}}}"), ["a type for `usd`, which is no column"]);
        assert_eq!(problems("{regex: {patterns: ['(?P<pattern>.)']}}"), ["a group of the name `pattern`"]);
        assert_eq!(problems("{regex: {patterns: ['(?P<a>.)'], over: text}}"), ["`over: text` goes with one `pattern` alone"]);
        assert_eq!(problems("{regex: {pattern: '('}}").len(), 1);
    }
}
