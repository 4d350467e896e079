//! `endless-event`: an event that is sent in every run.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "endless-event",
    level: Level::Warning,
    finds: "An event that is sent in every run.",
    why: "Events tell of something that happened once; the same one every few seconds hides all others.",
    bad: "events:
  - {title: The check runs, text: all is well}
",
    good: "sources:
  page: {file: {path: /tmp/state}, decode: raw}
events:
  - {when: not page.ok, title: The state is gone, text: nothing to read}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for event in subject.family(Family::Events) {
        let bounded = ["when", "from", "on_change", "once", "each"].iter().any(|key| event.get(key).is_some());
        if !bounded {
            let problem = finding("this event is sent in every run", event.head()).label("no condition, no rows");
            found.push(problem.help("say when: `when:`, `on_change:`, `once:`, or `from:` with rows that are events"));
        }
    }
}
