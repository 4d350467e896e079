//! `misspelt-unit`: a unit that is nearly one that backends know.

use crate::base::diag::{Diagnostic, Level};
use crate::base::suggest::nearest;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "misspelt-unit",
    level: Level::Warning,
    finds: "A unit that is nearly one that backends know: `sec`, `bytes`, `milisecond`.",
    why: "A backend that does not know the unit draws bare numbers; units stand in the singular and are written out.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.wait, value: $page.wait, unit: sec}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.wait, value: $page.wait, unit: second}
",
    find: Find::Spec(find),
};

/// Units that backends scale, and things that are counted most.
const KNOWN: &[&str] = &[
    "bit",
    "kilobit",
    "megabit",
    "gigabit",
    "byte",
    "kibibyte",
    "mebibyte",
    "gibibyte",
    "tebibyte",
    "kilobyte",
    "megabyte",
    "gigabyte",
    "terabyte",
    "nanosecond",
    "microsecond",
    "millisecond",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "percent",
    "fraction",
    "core",
    "millicore",
    "nanocore",
    "hertz",
    "kilohertz",
    "megahertz",
    "gigahertz",
    "watt",
    "kilowatt",
    "volt",
    "ampere",
    "celsius",
    "degree celsius",
    "connection",
    "request",
    "response",
    "message",
    "packet",
    "operation",
    "error",
    "event",
    "query",
    "transaction",
    "session",
    "process",
    "thread",
    "worker",
    "task",
    "job",
    "file",
    "inode",
    "page",
    "block",
    "document",
    "shard",
    "node",
    "host",
    "container",
    "service",
    "user",
    "item",
    "object",
    "record",
    "row",
    "table",
    "index",
    "lock",
    "read",
    "write",
    "hit",
    "miss",
    "unit",
];

/// Short forms with what they stand for.
const SHORT: &[(&str, &str)] = &[
    ("%", "percent"),
    ("pct", "percent"),
    ("s", "second"),
    ("sec", "second"),
    ("secs", "second"),
    ("ms", "millisecond"),
    ("msec", "millisecond"),
    ("us", "microsecond"),
    ("ns", "nanosecond"),
    ("min", "minute"),
    ("h", "hour"),
    ("b", "byte"),
    ("kb", "kilobyte"),
    ("kib", "kibibyte"),
    ("mb", "megabyte"),
    ("mib", "mebibyte"),
    ("gb", "gigabyte"),
    ("gib", "gibibyte"),
    ("hz", "hertz"),
    ("mhz", "megahertz"),
    ("w", "watt"),
    ("v", "volt"),
    ("°c", "celsius"),
];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (unit, span) in subject.points.iter().filter_map(|point| point.unit()) {
        if let Some(meant) = meant(unit) {
            let problem = finding(format!("backends do not know the unit `{unit}`"), span).label(format!("did you mean `{meant}`?"));
            found.push(problem.help(format!("write `unit: {meant}`")).edit(span, meant));
        }
    }
}

/// The known unit that a text is nearly.
fn meant(unit: &str) -> Option<&'static str> {
    let lower = unit.to_lowercase();
    if KNOWN.contains(&&*lower) {
        return None;
    }
    let short = SHORT.iter().find(|(short, _)| *short == lower).map(|(_, unit)| *unit);
    // Things may be counted of which nobody has heard: only a slip of a letter or a plural is told.
    let of_letters = || nearest(&lower, KNOWN.iter().copied()).filter(|near| lower.len() > 4 && strsim::osa_distance(near, &lower) == 1);
    short.or_else(of_letters)
}
