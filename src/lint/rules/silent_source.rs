//! `silent-source`: a source over the network whose failure no service check tells.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::names::RUN;
use crate::lint::subject::{SourceView, Subject};
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "silent-source",
    level: Level::Note,
    finds: "A source over the network whose failure no service check tells.",
    why: "The run is an error then, which only `engine status` shows; a backend sees that points are missing, and not why.",
    bad: r#"sources:
  page: {http: {url: "http://localhost/state"}, decode: json}
metrics:
  - {name: demo.used, value: $page.used}
"#,
    good: r#"sources:
  page: {http: {url: "http://localhost/state"}, decode: json, service_check: demo.can_connect}
metrics:
  - {name: demo.used, value: $page.used}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let told =
        subject.family(Family::ServiceChecks).next().is_some() || subject.sources.iter().any(|source| source.read.service_check.is_some());
    if told {
        return;
    }
    // An event or a health state may tell it as well.
    let of_run = subject.uses().any(|place| place.name == RUN && matches!(place.member.as_deref(), Some("failed" | "errors")));
    let silent = |source: &&SourceView<'_>| source.of_kind("http").is_some() && !of_run && !subject.is_watched(source);
    if let Some(source) = subject.sources.iter().find(silent) {
        let problem =
            finding(format!("no service check tells when `{}` fails", source.name), source.name_span).label("asked over the network");
        found.push(problem.help(format!("add `service_check: {}.can_connect` to it", subject.spec.name)));
    }
}
