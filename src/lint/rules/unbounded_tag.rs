//! `unbounded-tag`: a tag with a new value in every run or for every message.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::code::Code;
use crate::expr::names::{NOW, ROW, RUN};
use crate::expr::tree::Expr;
use crate::lint::query::each_part;
use crate::lint::subject::Subject;
use crate::lint::words::has_word;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unbounded-tag",
    level: Level::Warning,
    finds: "A tag with a new value in every run or for every message.",
    why: "Each value is a series of its own, kept and paid for ever. Times, counters of runs, durations and messages never repeat.",
    bad: r#"metrics:
  - {name: demo.up, value: 1, tags: {at: "{{ now }}"}}
"#,
    good: "metrics:
  - {name: demo.up, value: 1}
",
    find: Find::Spec(find),
};

/// Members of a source's result that hardly ever repeat.
const VARYING: &[&str] = &["elapsed", "body", "stderr", "headers"];
/// Headers that say the same; others name servers, versions and caches.
const HEADERS: &[&str] = &["date", "age", "etag", "expires", "set-cookie", "x-request-id", "traceparent"];
/// Names of fields that say the same.
const WORDS: &[&str] = &["timestamp", "uuid", "guid", "trace", "nonce", "stacktrace"];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    // Events and logs are kept one by one anyhow.
    for tag in subject.tags.iter().filter(|tag| of_series(subject, tag.mapping)) {
        let Some(code) = tag.value.and_then(|span| subject.code_at(span)) else { continue };
        if let Some(what) = varying(subject, code) {
            let problem = finding(format!("the tag `{}` never has the same value again", tag.key), tag.span).label(what);
            found.push(problem.help("leave it out; send an event or a log line where the value itself matters"));
        }
    }
}

fn of_series(subject: &Subject<'_>, mapping: usize) -> bool {
    subject.mappings.get(mapping).is_some_and(|mapping| matches!(mapping.family, Family::Metrics | Family::ServiceChecks))
}

fn varying(subject: &Subject<'_>, code: &Code) -> Option<String> {
    for place in &code.uses {
        let member = place.member.as_deref().unwrap_or("");
        // A part of a text may repeat, as in `regex_find`.
        let bare = !has_call(&code.expr);
        match place.name {
            NOW if bare => return Some("the time changes with every run".to_owned()),
            RUN if member == "number" => return Some("the number changes with every run".to_owned()),
            ROW if bare && place.keys.last().is_some_and(|key| has_word(key, WORDS)) => {
                return Some("such fields hardly ever repeat".to_owned());
            }
            name if bare
                && member == "headers"
                && place.keys.last().is_some_and(|key| !HEADERS.contains(&&**key))
                && subject.source(name).is_some() => {}
            name if bare && VARYING.contains(&member) && subject.source(name).is_some() => {
                return Some(format!("`{member}` is another one each time"));
            }
            name if bare
                && member == "error"
                && subject.source(name).is_some()
                && place.keys.last().is_some_and(|key| &**key == "message") =>
            {
                return Some("a message holds addresses and times".to_owned());
            }
            _ => {}
        }
    }
    None
}

fn has_call(expr: &Expr) -> bool {
    let mut called = false;
    each_part(expr, &mut |part| called |= matches!(part, Expr::Call(..)));
    called
}
