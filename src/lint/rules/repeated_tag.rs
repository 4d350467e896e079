//! `repeated-tag`: one tag key twice in one place.

use crate::base::diag::{Diagnostic, Level};
use crate::base::span::Span;
use crate::lint::subject::Subject;
use crate::lint::tags::Tag;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "repeated-tag",
    level: Level::Warning,
    finds: "One tag key twice in one place.",
    why: "Both tags are sent. Mostly one replaces the other in the author's mind: tags of `defaults` add up, they are not replaced.",
    bad: r#"metrics:
  - {name: demo.up, value: 1, tags: ["role:web", "role:db"]}
"#,
    good: r#"metrics:
  - {name: demo.up, value: 1, tags: ["role:web"]}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (at, tag) in subject.tags.iter().enumerate() {
        let shared = subject.mappings.get(tag.mapping).map(|mapping| &mapping.default_tags);
        let own = |other: &Tag| {
            let list = subject.mappings.get(tag.mapping).and_then(|mapping| mapping.get("tags"));
            let inside = |span: Span| list.is_some_and(|list| list.span.contains(span));
            let default = |span: Span| shared.is_some_and(|nodes| nodes.iter().any(|node| node.span.contains(span)));
            inside(tag.span) && (inside(other.span) || default(other.span))
        };
        let first = subject
            .tags
            .iter()
            .take(at)
            .find(|other| other.mapping == tag.mapping && other.key == tag.key && other.fixed.is_some() && own(other));
        if let Some(first) = first.filter(|first| tag.fixed.is_some() && first.span != tag.span) {
            let problem =
                finding(format!("the tag `{}` twice", tag.key), tag.span).label("the same key again").also(first.span, "first here");
            found.push(problem.help("keep one; `inherit_tags: instance` leaves those of `defaults` out"));
        }
    }
}
