//! The page of one spec: what it reads, what it sends and what its instances may say, from the spec.
//!
//! ```markdown
//! ## Metrics
//! | metric | type | unit | tags | meaning |
//! | `system.disk.total` | gauge | byte | `device`, `mount` | Size of the file system. |
//! ```
//!
//! It is made of the merged tree and not of what was read of it, because it shows expressions as they
//! are written. A spec that lints clean is expected; of any other the page holds what can be found.
//! What no spec can say, such as how the monitored system is set up, stands in [`notes`]: the one part
//! of a page that is written by hand, and kept.

mod config;
mod metrics;
mod sent;
mod words;

use super::reference::joined;
use crate::yaml::node::Node;
use words::text;

const NOTES: &str = "<!-- notes -->";
const END_OF_NOTES: &str = "<!-- end of notes -->";

/// The page of a spec. `file` is the spec's path as the page shows it, `root` the tree with everything
/// that its fragments give, `before` the page as it was, for its notes.
pub fn page(name: &str, file: &str, root: &Node, before: &str) -> String {
    let title =
        text(root, "title").filter(|title| !title.eq_ignore_ascii_case(name)).map(|title| format!("**{title}.** ")).unwrap_or_default();
    let about = format!("{title}{}", text(root, "description").unwrap_or_default().trim());
    let origin = format!("<!-- From {file}, but for the notes: UPDATE=1 cargo test --test generated -->");
    let chapters = [
        format!("# {name}"),
        origin,
        about,
        format!("{NOTES}\n{}{END_OF_NOTES}", spaced(notes(before))),
        sent::sources(root),
        metrics::metrics(root),
        sent::service_checks(root),
        sent::events(root),
        sent::logs(root),
        sent::topology(root),
        sent::health(root),
        sent::metadata(root),
        config::configuration(root),
        config::example(name, root),
    ];
    let there: Vec<String> = chapters.into_iter().filter(|chapter| !chapter.trim().is_empty()).collect();
    joined(&there) + "\n"
}

/// The page that lists all specs: their names with the trees of what they consist of.
pub fn index(specs: &[(String, Node)]) -> String {
    let row = |(name, root): &(String, Node)| {
        let about = words::line(text(root, "description").unwrap_or_default());
        vec![format!("[{name}]({name}.md)"), text(root, "title").unwrap_or_default().to_owned(), about]
    };
    let table = super::reference::grid(&["spec", "of", "what it monitors"], specs.iter().map(row));
    joined(&["# Shipped specs".to_owned(), INDEX.to_owned(), table]) + "\n"
}

const INDEX: &str = "Their YAML is in `specs/`. Copy the example of a page to `conf.d/NAME.yaml` and change it; what has no required
settings and an instance in `conf.d` runs at once.";

/// The notes of a page: what stands between the marks. Of a page without them, which was written by
/// hand, what follows the first paragraph before the first chapter.
pub fn notes(page: &str) -> &str {
    match page.split_once(NOTES).and_then(|(_, rest)| rest.split_once(END_OF_NOTES)) {
        Some((notes, _)) => notes.trim(),
        None => {
            let (intro, _) = page.split_once("\n## ").unwrap_or((page, ""));
            let about = intro.trim_start().split_once("\n\n").map_or("", |(_, about)| about.trim_start());
            about.split_once("\n\n").map_or("", |(_, notes)| notes.trim())
        }
    }
}

/// Notes with an empty line on both sides.
fn spaced(notes: &str) -> String {
    if notes.is_empty() { String::new() } else { format!("\n{notes}\n\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Sources;
    use crate::yaml::load::load;

    fn of(spec: &str, before: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add("specs/x.yaml", spec);
        page("x", "specs/x.yaml", &load(&sources, file).root, before)
    }

    #[test]
    fn notes_are_kept() {
        let first = of("name: x\n", "");
        assert!(first.contains("<!-- notes -->\n<!-- end of notes -->"), "{first}");
        let with = first.replace("<!-- notes -->\n", "<!-- notes -->\nSwitch it on first.\n");
        let second = of("name: x\n", &with);
        assert!(second.contains("\nSwitch it on first.\n"), "{second}");
        assert_eq!(of("name: x\n", &second), second, "nothing is left to change");
        let by_hand = of("name: x\n", "# x\n\nWhat it is.\n\nSwitch it on.\n\nThen wait.\n\n## Metrics\n\nNone.\n");
        assert!(by_hand.contains("<!-- notes -->\n\nSwitch it on.\n\nThen wait.\n\n<!-- end"), "{by_hand}");
    }

    #[test]
    fn every_form_of_a_metric_has_its_lines() {
        let spec = "
name: x
tables: {names: {a_total: a.b}, letters: [{n: one}, {n: two}]}
defaults: {tags: [site:a], metrics: {prefix: p.}}
metrics:
  - {name: m, value: 1, unit: byte, type: rate, description: What.}
  - {from: s, prefix: q., tags: {host: $.h}, gauge: {a: $.a, b: {value: $.b, tags: [\"k:{{ row.k }}\"]}}}
  - {from: s, each: {l: tables.letters}, name: 'l.{{ l.n }}', value: 1}
  - {from: s, name: '{{ row.kind | lower }}.size', value: 1}
  - {from: s, flatten: {of: $.tree, include: ['x.*']}}
  - {from: s, families: {metrics: '{{ tables.names }}'}}
";
        let page = of(spec, "");
        for line in [
            "| `p.m` | rate | byte per second | | What. |",
            "| `q.a` | gauge | | `host` | |",
            "| `q.b` | gauge | | `host`, `k` | |",
            "| `p.l.one` | gauge | | | |",
            "| `p.l.two` | gauge | | | |",
            "| `p.<kind>.size` | gauge | | | |",
            "| `p.<path>` | gauge | | | Every number of `$.tree`: `x.*`. |",
            "| `p.a.b` | as exposed | | its labels | The family `a_total`. |",
        ] {
            assert!(page.contains(line), "no {line} in\n{page}");
        }
    }

    #[test]
    fn the_example_gives_what_is_required_and_what_has_an_example() {
        let spec = "
name: x
config:
  instance:
    url: {type: url, required: true, example: 'http://a.example/'}
    password: {type: secret, required: true}
    most: {type: int, default: 3}
    names: {type: list, items: string, example: [a, 'b: c']}
";
        let page = of(spec, "");
        let example =
            "instances:\n  - url: http://a.example/\n    password: \"{{ secret('env:X_PASSWORD') }}\"\n    names: [a, \"b: c\"]\n";
        assert!(page.contains(example), "{page}");
        assert!(page.contains("| `most` | int | `3` | |"), "{page}");
    }
}
