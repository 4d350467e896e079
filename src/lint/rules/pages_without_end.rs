//! `pages-without-end`: pages by number or offset that only `max_pages` ends.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "pages-without-end",
    level: Level::Warning,
    finds: "Pages by number or offset that only `max_pages` ends.",
    why: "It ends by itself at a short page only where the size of a page is known; some servers give their last page again and again.",
    bad: r#"sources:
  items:
    http: {url: "http://localhost/items", paginate: {page: {param: page}, max_pages: 50}}
    decode: json
    service_check: demo.can_connect
metrics:
  - {name: demo.items, value: items.count}
"#,
    good: r#"sources:
  items:
    http: {url: "http://localhost/items", paginate: {page: {param: page, size: 100, size_param: size}, max_pages: 50}}
    decode: json
    service_check: demo.can_connect
metrics:
  - {name: demo.items, value: items.count}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(pages) = source.of_kind("http").and_then(|http| http.entry("paginate")) else { continue };
        let size = [("page", "size"), ("offset", "limit")];
        let kind = size.iter().find_map(|(kind, size)| Some((pages.value.entry(kind)?, *size)));
        let Some((kind, size)) = kind.filter(|(kind, size)| kind.value.entry(size).is_none()) else { continue };
        if pages.value.entry("stop_when").is_none() {
            let problem = finding("nothing says which page is the last", kind.key_span).label(format!("no `{size}`, no `stop_when`"));
            found.push(problem.help(format!("say how many items a page has with `{size}`, or when to end with `stop_when`")));
        }
    }
}
