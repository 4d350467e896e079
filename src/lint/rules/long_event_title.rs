//! `long-event-title`: a constant event title of more than 100 characters.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "long-event-title",
    level: Level::Note,
    finds: "A constant event title of more than 100 characters.",
    why: "Backends cut titles; the text has room.",
    bad: "events:
  - {when: run.failed, title: a long title a long title a long title a long title a long title a long title a long title a long title a long title , text: more}
",
    good: "events:
  - {when: run.failed, title: A short title, text: more}
",
    find: Find::Spec(find),
};

/// What the strictest backend shows.
const MOST: usize = 100;

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for event in subject.family(Family::Events) {
        let Some(title) = event.get("title") else { continue };
        let length = constant(title).map_or(0, |text| text.chars().count());
        if length > MOST {
            let problem = finding(format!("a title of {length} characters"), title.span).label(format!("more than {MOST}"));
            found.push(problem.help("shorten it, and put the rest under `text`"));
        }
    }
}
