//! `grok`: lines of a log by the names of patterns, `%{NAME:field}`.
//!
//! A row for each line that matches, anywhere in the line unless `^` and `$` say otherwise. All the
//! usual names are there (`COMBINEDAPACHELOG`, `SYSLOGLINE`, `TIMESTAMP_ISO8601`, …); `patterns` adds
//! others or replaces some. `%{NAME:field:int}` gives a field its type. A dotted field, `a.b` or
//! `[a][b]`, is a map within the row: `row.a.b`. Everything else in a pattern is a regular expression
//! of this engine: linear in the text, without look-around and back-references, and `(?<name>…)`
//! makes a field, too. Fields that took no part in the match are missing.
//!
//! ```yaml
//! decode:
//!   grok:
//!     pattern: '^%{TIMESTAMP_ISO8601:at} %{LOGLEVEL:level} job=%{JOB:job.name} took %{NUMBER:job.seconds:float}'
//!     patterns: {JOB: '[a-z]+-[0-9]+'}
//! ```

use super::grok_expand::{self, Expanded, Slip};
use super::grok_patterns::LIBRARY;
use super::regex::NUMBER;
use super::search::{Groups, OnUnmatched, Over, Path, Search};
use super::types::Types;
use super::{Decoder, Options, conflict};
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::suggest::nearest;
use crate::base::value::Text;
use crate::yaml::basic::{Keyed, OneOrMany};
use crate::yaml::locate;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use std::collections::HashMap;
use std::sync::Arc;

crate::fields! {
    /// Lines by the names of patterns; a row holds the fields of a line:
    /// `{grok: {pattern: "%{COMBINEDAPACHELOG}"}}`.
    pub struct Grok, "decoder `grok`" {
        /// The pattern: `%{NAME:field}` or `%{NAME:field:type}` among regular expressions. Of a list,
        /// the first that matches a line makes its row, which holds the pattern's number under
        /// `pattern`, counted from 0.
        pub pattern: OneOrMany<Written>;
        /// Patterns of one's own by name; they may use others and come before those of the same name
        /// that are built in.
        pub patterns: Keyed<Written>;
        /// What happens with lines that nothing matches, blank ones aside: `count` makes a warning of
        /// them, `skip` passes over them, `fail` fails the source.
        pub on_unmatched: OnUnmatched = OnUnmatched::Count, "count";
        /// The types of fields: `{bytes: int}`, nested ones as they are written: `{job.seconds:
        /// number}`. A type in the pattern comes first; others are texts.
        pub types: Types;
    }
}

/// A text with the node that it stands in, for places inside it.
#[derive(Clone, Debug)]
pub struct Written {
    text: Text,
    node: Node,
}

impl Field for Written {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        Text::read(node, reader).map(|text| Written { text, node: node.clone() })
    }
}

impl Options for Grok {
    const NAME: &'static str = "grok";

    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        let own: HashMap<Text, Text> = self.patterns.0.iter().map(|entry| (entry.key.clone(), entry.value.text.clone())).collect();
        let alone: Vec<_> = self.patterns.0.iter().map(|entry| expand(&entry.value, &own, reader)).collect();
        alone.into_iter().collect::<Option<Vec<_>>>()?;
        let expanded: Vec<_> = self.pattern.0.iter().map(|written| Some((expand(written, &own, reader)?, written))).collect();
        let expanded: Vec<_> = expanded.into_iter().collect::<Option<_>>()?;
        let patterns: Vec<_> = expanded.iter().map(|(expanded, written)| self.groups(expanded, written, reader)).collect();
        let patterns: Vec<_> = patterns.into_iter().collect::<Option<_>>()?;
        let several = patterns.len() > 1;
        if several && patterns.iter().flat_map(Groups::names).any(|name| name == NUMBER) {
            conflict("a field of the name `pattern`", node.span, "rename it: the number of the pattern has that name", reader);
            return None;
        }
        if patterns.is_empty() {
            conflict("a grok without a pattern", node.span, "write `pattern: \"%{COMBINEDAPACHELOG}\"`, or another one", reader);
            return None;
        }
        let fields = expanded.iter().flat_map(|(expanded, _)| expanded.fields.iter().map(|field| field.name.as_str()));
        let groups = patterns.iter().flat_map(Groups::names);
        if !self.types.check(fields.chain(groups), reader) {
            return None;
        }
        let numbered = several.then(|| NUMBER.into());
        Some(Arc::new(Search { patterns, numbered, over: Over::Lines, header: None, on_unmatched: self.on_unmatched }))
    }
}

impl Grok {
    fn groups(&self, expanded: &Expanded, written: &Written, reader: &mut Reader<'_>) -> Option<Groups> {
        let built = regex::RegexBuilder::new(&expanded.regex).size_limit(limits::GROK_BYTES).nest_limit(100).build();
        let compiled = match built {
            Ok(compiled) => compiled,
            Err(error) => {
                let printed = error.to_string();
                let why = printed.lines().last().unwrap_or(&printed).trim().trim_start_matches("error: ").to_owned();
                let problem = Diagnostic::error("bad-regex", format!("this pattern does not compile: {why}"), written.node.span);
                reader.report(problem.label("as a regular expression, after its names are replaced").help(
                    "the syntax is that of Rust's `regex` crate: no look-around, no back-references; `\\` needs single quotes or no quotes in YAML",
                ));
                return None;
            }
        };
        let fields: HashMap<String, _> = expanded.fields.iter().enumerate().map(|(n, field)| (grok_expand::group(n), field)).collect();
        for (n, field) in expanded.fields.iter().enumerate() {
            if let Some(other) = expanded.fields.iter().skip(n).find(|other| other.path.collides(&field.path)) {
                let title = format!("the fields `{}` and `{}` at one place", field.name, other.name);
                conflict(title, written.node.span, "rename one of them: a field is either a value or a map", reader);
                return None;
            }
        }
        let groups = Groups::new(compiled, |name| match fields.get(name) {
            Some(field) => Some((field.path.clone(), field.cell.unwrap_or_else(|| self.types.of(&field.name)))),
            None => Some((Path::from(name), self.types.of(name))),
        });
        if groups.is_empty() {
            let help = "name what the rows shall hold: `%{NUMBER:load}` instead of `%{NUMBER}`";
            conflict("a pattern without a field", written.node.span, help, reader);
            return None;
        }
        Some(groups)
    }
}

fn expand(written: &Written, own: &HashMap<Text, Text>, reader: &mut Reader<'_>) -> Option<Expanded> {
    match grok_expand::expand(&written.text, own) {
        Ok(expanded) => Some(expanded),
        Err(slip) => {
            report(slip, written, own, reader);
            None
        }
    }
}

fn report(slip: Slip, written: &Written, own: &HashMap<Text, Text>, reader: &mut Reader<'_>) {
    let (start, end) = slip.place;
    let span = locate::inside(reader.sources, &written.node, start, end);
    let problem = Diagnostic::error("bad-grok", slip.title, span);
    let Some(name) = slip.unknown else {
        reader.report(
            problem
                .label("here")
                .help("write `%{NAME}`, `%{NAME:field}` or `%{NAME:field:int}`; a type is one of those of `types`, or `float`"),
        );
        return;
    };
    let names = || own.keys().map(|name| &**name).chain(LIBRARY.iter().map(|(name, _)| *name));
    let problem = match nearest(&name, names()) {
        Some(near) if written.text.get(start..).is_some_and(|rest| rest.starts_with(&format!("%{{{name}"))) => {
            let place = locate::inside(reader.sources, &written.node, start + 2, start + 2 + name.len());
            problem.label(format!("did you mean `{near}`?")).edit(place, near)
        }
        Some(near) => problem.label(format!("did you mean `{near}`?")),
        None => problem.label("there is no pattern of that name"),
    };
    reader.report(problem.help("define it under `patterns`, or use one that is built in, like NUMBER, DATA or IPORHOST"));
}

#[cfg(test)]
mod tests {
    use crate::decode::grok_expand::expand;
    use crate::decode::grok_patterns::LIBRARY;
    use crate::decode::testing::{document, fault, problems, warnings};
    use std::collections::HashMap;

    fn row(pattern: &str, line: &str) -> String {
        let rows = document(&format!("{{grok: {{pattern: '{}', on_unmatched: skip}}}}", pattern.replace('\'', "''")), line);
        rows.strip_prefix('[').and_then(|rows| rows.strip_suffix(']')).unwrap().to_owned()
    }

    /// What the pattern of a name finds when it must fit the whole text.
    fn fits(name: &str, text: &str) -> bool {
        row(&format!("^%{{{name}:x}}$"), text) != ""
    }

    #[test]
    fn the_built_in_patterns_fit_what_they_are_named_after() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("WORD", &["abc", "é_1"], &["a b", ""]),
            ("NOTSPACE", &["a,b"], &["a b"]),
            ("QUOTEDSTRING", &[r#""a \" b""#, "'x'", "``"], &["\"a", "a"]),
            ("EMAILADDRESS", &["a.b+c@example.org"], &["a@", "@b"]),
            ("UUID", &["123e4567-e89b-12d3-a456-426614174000"], &["123e4567"]),
            ("INT", &["-7", "+7", "0"], &["1.5"]),
            ("NUMBER", &["1", "-1.5", ".5", "+0.1"], &["1.", "a", "1e5"]),
            ("BASE16NUM", &["0xFF", "ff"], &["0xg"]),
            ("POSINT", &["12"], &["0", "-1"]),
            ("NONNEGINT", &["0", "12"], &["-1"]),
            ("MAC", &["00:1a:2B:3c:4d:5e", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e"], &["00:1a:2b:3c:4d"]),
            ("IPV4", &["10.0.0.1", "255.255.255.255"], &["256.1.1.1", "1.2.3", "1.2.3.2555"]),
            ("IPV6", &["::1", "fe80::1%eth0", "2001:db8:0:0:0:0:0:1", "::ffff:10.0.0.1", "::", "1::"], &["1:2", "g::1"]),
            ("IPORHOST", &["10.0.0.1", "web-1.example.org", "localhost", "::1"], &["a b", "-"]),
            ("HOSTPORT", &["a.b:80", "[::1]:80", "10.0.0.1:8080"], &["a.b"]),
            ("UNIXPATH", &["/", "/var/log/x-1.log"], &["var", "/a b"]),
            ("WINPATH", &[r"C:\Program Files\x", r"\\server\share"], &["/a"]),
            ("URI", &["http://a.b:80/c/d?e=f&g=%20", "ftp://u:p@h/x", "file:///etc/x", "http://[::1]:8/"], &["/a", "http//x"]),
            ("URIPATHPARAM", &["/a/b?c=d", "/"], &["a"]),
            ("MONTH", &["Jan", "january", "Sept"], &["Foo"]),
            ("MONTHDAY", &["1", "09", "31"], &["0", "32"]),
            ("TIME", &["23:59:59", "1:02", "00:00:00.123", "12:00:60"], &["24:00", "12:61"]),
            (
                "TIMESTAMP_ISO8601",
                &["2024-02-29T12:00:00Z", "2024-02-29 12:00:00,123", "2024-02-29T12:00:00.5+02:00", "2024-02-29 12:00"],
                &["2024-02-29", "2024-13-01 00:00:00"],
            ),
            ("HTTPDATE", &["10/Oct/2000:13:55:36 -0700"], &["10/10/2000:13:55:36 -0700"]),
            ("SYSLOGTIMESTAMP", &["Feb  9 12:00:00", "Feb 29 12:00:00"], &["29 Feb 12:00:00"]),
            ("DATESTAMP_RFC2822", &["Mon, 15 Aug 2005 15:52:01 +0000"], &["Mon 15"]),
            ("HTTPDERROR_DATE", &["Wed Oct 11 14:32:52 2000", "Fri Sep 09 10:42:29.902022 2011"], &["Oct 11"]),
            ("LOGLEVEL", &["INFO", "warning", "Error", "ERR", "crit", "EMERG", "information"], &["loud"]),
            ("JAVACLASS", &["org.example.Main$Inner", "Main"], &["1a"]),
            ("TOMCAT_DATESTAMP", &["2014-01-09 20:03:28,269 -0800"], &["2014"]),
            ("PROG", &["postfix/smtpd", "su"], &["a b", "a[1]"]),
        ];
        for (name, good, bad) in table {
            good.iter().for_each(|text| assert!(fits(name, text), "{name} must fit {text}"));
            bad.iter().for_each(|text| assert!(!fits(name, text), "{name} must not fit {text}"));
        }
    }

    #[test]
    fn every_built_in_pattern_compiles_within_the_limits() {
        for (name, _) in LIBRARY {
            let expanded = expand(&format!("%{{{name}}}"), &HashMap::new()).unwrap();
            let built = regex::RegexBuilder::new(&expanded.regex).size_limit(crate::base::limits::GROK_BYTES).build();
            assert!(built.is_ok(), "{name}: {:?}", built.err());
        }
        let mut names: Vec<_> = LIBRARY.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]) && names.len() > 100, "{}", names.len());
    }

    #[test]
    fn access_logs_are_read_by_their_name() {
        let line = r#"192.0.2.7 - frank [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.0" 200 2326 "http://x.org/" "Mozilla/4.08 [en] (Win98; \"I\")""#;
        let expected = r#"{"clientip":"192.0.2.7","ident":"-","auth":"frank","timestamp":"10/Oct/2000:13:55:36 -0700","verb":"GET","request":"/a?b=c","httpversion":"1.0","rawrequest":null,"response":"200","bytes":2326,"referrer":"http://x.org/","agent":"Mozilla/4.08 [en] (Win98; \\\"I\\\")"}"#;
        let options = "{grok: {pattern: '^%{COMBINEDAPACHELOG}$', types: {bytes: int}}}";
        assert_eq!(document(options, line), format!("[{expected}]"));
        let odd = r#"web-1 - - [10/Oct/2000:13:55:36 -0700] "\x16\x03" 400 - "-" "-""#;
        let found = document(options, odd);
        assert!(found.contains(r#""rawrequest":"\\x16\\x03","response":"400","bytes":null,"referrer":null,"agent":null"#), "{found}");
    }

    #[test]
    fn syslog_lines_are_read_by_their_name() {
        let line = "Feb  9 12:00:00 web-1 sshd[123]: Accepted key";
        let expected = r#"{"timestamp":"Feb  9 12:00:00","facility":null,"priority":null,"logsource":"web-1","program":"sshd","pid":"123","message":"Accepted key"}"#;
        assert_eq!(row("%{SYSLOGLINE}", line), expected);
        assert!(row("%{SYSLOGLINE}", "2024-02-29T12:00:00Z h p: m").contains(r#""timestamp":"2024-02-29T12:00:00Z""#));
        let modern = r#"<165>1 2003-10-11T22:14:15.003Z host app - ID47 [x@1 a="b]"] hello"#;
        assert!(row("%{SYSLOG5424LINE}", modern).contains(r#""syslog5424_sd":"[x@1 a=\"b]\"]","syslog5424_msg":"hello""#));
    }

    #[test]
    fn fields_have_types_and_may_be_nested() {
        let found = row("%{INT:a.n:int} %{NUMBER:a.f:float} %{WORD:[b][c]} (?<tail>.*)", "1 2.5 x y z");
        assert_eq!(found, r#"{"a":{"n":1,"f":2.5},"b":{"c":"x"},"tail":"y z"}"#);
        let options = "{grok: {pattern: '%{INT:a.n} %{INT:b}', types: {a.n: int}}}";
        assert_eq!(document(options, "1 2"), r#"[{"a":{"n":1},"b":"2"}]"#);
    }

    #[test]
    fn own_patterns_come_first_and_may_use_others() {
        let options = "{grok: {pattern: '%{JOB:job} %{INT}', patterns: {JOB: 'job-%{INT:n:int}', INT: '[0-9]'}}}";
        assert_eq!(document(options, "job-7 1"), r#"[{"job":"job-7","n":7}]"#);
    }

    #[test]
    fn the_first_of_several_patterns_makes_the_row() {
        let options = "{grok: {pattern: ['^%{INT:n}$', '^%{WORD:w}$']}}";
        assert_eq!(document(options, "a\n1\n\n"), r#"[{"w":"a","pattern":1},{"n":"1","pattern":0}]"#);
    }

    #[test]
    fn lines_that_do_not_match_are_counted_unless_told_otherwise() {
        assert_eq!(warnings("{grok: {pattern: '^%{INT:n}$'}}", "1\nx\n\n"), ["1 line is not matched, line 2: \"x\""]);
        assert!(warnings("{grok: {pattern: '^%{INT:n}$', on_unmatched: skip}}", "x").is_empty());
        assert_eq!(fault("{grok: {pattern: '^%{INT:n}$', on_unmatched: fail}}", "x"), "line 1 is not matched: \"x\"");
    }

    #[test]
    fn slips_in_patterns_are_problems() {
        let of = |pattern: &str| problems(&format!("{{grok: {{pattern: '{pattern}'}}}}"));
        assert_eq!(of("%{NUMBR:n}"), ["unknown grok pattern `NUMBR`"]);
        assert_eq!(of("%{NUMBER:n"), ["a `%{` without its `}`"]);
        assert_eq!(of("%{NUMBER:n:flaot}"), ["unknown type `flaot` of the field `n`"]);
        assert_eq!(of("%{NUMBER:}"), ["`` is no name of a field"]);
        assert_eq!(of("%{NUMBER:a..b}"), ["`a..b` is no name of a field"]);
        assert_eq!(of("%{NUMBER}"), ["a pattern without a field"]);
        assert_eq!(of("(?=x)%{NUMBER:n}").len(), 1);
        assert_eq!(of("%{INT:a} %{INT:a.b}"), ["the fields `a` and `a.b` at one place"]);
        assert_eq!(problems("{grok: {pattern: []}}"), ["a grok without a pattern"]);
        assert_eq!(problems("{grok: {pattern: ['%{INT:pattern}', '%{INT:b}']}}"), ["a field of the name `pattern`"]);
        assert_eq!(problems("{grok: {pattern: '%{INT:a}', types: {b: int}}}"), ["a type for `b`, which is no column"]);
        assert_eq!(problems("{grok: {pattern: '%{A:a}', patterns: {A: '%{INTT}'}}}"), ["unknown grok pattern `INTT`"]);
        assert_eq!(problems("grok").len(), 1);
    }

    #[test]
    fn patterns_that_grow_without_end_are_problems() {
        let circle = problems("{grok: {pattern: '%{A:a}', patterns: {A: '%{B}', B: '%{A}'}}}");
        assert!(circle[0].contains("contains itself"), "{circle:?}");
        let doubled = |leaf: &str| {
            let levels: Vec<_> = (0..30).map(|n| format!("A{}: '%{{A{n}}}%{{A{n}}}'", n + 1)).collect();
            problems(&format!("{{grok: {{pattern: '%{{A30:a}}', patterns: {{A0: '{leaf}', {}}}}}}}", levels.join(", ")))
        };
        assert!(doubled("").iter().all(|title| title.contains("which is the limit")));
        assert!(doubled("x").iter().all(|title| title.contains("which is the limit")));
        assert!(problems("{grok: {pattern: '(?:(?:%{GREEDYDATA:a}){500}){500}'}}")[0].contains("does not compile"));
    }
}
