//! `timeout-over-run`: a time limit of more than 60 seconds for one request.

use crate::base::diag::{Diagnostic, Level};
use crate::base::units::parse_duration;
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "timeout-over-run",
    level: Level::Warning,
    finds: "A time limit of more than 60 seconds for one request.",
    why: "A run ends after 60 seconds at the latest unless the instance says `run_timeout`, so the limit is never reached.",
    bad: r#"sources:
  page: {http: {url: "http://localhost/", timeout: 2m}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"sources:
  page: {http: {url: "http://localhost/", timeout: 20s}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

/// The deadline of a run whose instance names none, in seconds.
const RUN: f64 = 60.0;

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some((_, request)) = source.request() else { continue };
        let poll = request.entry("poll").and_then(|poll| poll.value.entry("timeout"));
        for entry in request.entry("timeout").into_iter().chain(poll) {
            let seconds = constant(&entry.value).and_then(|text| parse_duration(text).ok());
            if let Some(seconds) = seconds.filter(|seconds| *seconds > RUN) {
                let problem =
                    finding("a time limit beyond that of the run", entry.value.span).label(format!("{seconds} seconds; a run has {RUN}"));
                found.push(problem.help("shorten it; an instance that needs longer sets `run_timeout` as well"));
            }
        }
    }
}
