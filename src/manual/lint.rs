//! `docs/lint.md`: every rule of lint with its examples, from the table of rules.

use crate::base::diag::Level;
use crate::lint::{Find, RULES, Rule, codes};

const INTRO: &str = "# Lint

`engine lint` finds what is wrong before anything runs. What cannot run is an error of the language. Beyond that stand
the rules of this page: what runs, and probably not as meant. An error makes the exit code 1, a warning does so with
`--deny warnings`, a note never: notes are matters of taste.

```console
$ engine lint                          # everything: specs, their tests, conf.d, engine.yaml
$ engine lint specs/disk.yaml --fix    # make the edits that are safe; `--diff` only shows them
$ engine lint --format sarif           # for code hosts and editors; `json` for tools
$ engine explain unused-source         # one rule, or one error, with a bad and a good example
```

A file of a megabyte takes less than 100 MiB and never hangs; beyond its limits ([limits.md](limits.md)) it is refused
with an error that names the limit. Editors show the words of `schema/*.json` on every key: `# yaml-language-server:
$schema=…/spec.schema.json` in a file, or the setting `yaml.schemas`. `tests/editors/run` holds the schemas against that
server, and SARIF against the validator of its makers; `ENGINE_SARIF_SCHEMA=FILE cargo test --test lint_forms` holds it
against the published schema.

## What is meant as it is

`# lint: allow CODE the reason` at the end of a line is about that line; on a line of its own it is about the block that
begins below. Several codes stand with commas between them. A comment that allows nothing is told, so that none outlives
its reason. Errors of the language cannot be allowed.

```yaml
metrics:
  # lint: allow bare-metric-name the dashboards of last year know it so
  - {name: queue_size, value: 1}
```

Levels can be set for all files in `engine.yaml`:

```yaml
lint: {levels: {reserved-tag: off, no-tests: warning}}
```
";

/// The page.
pub fn page() -> String {
    let mut out = INTRO.to_owned();
    out.push_str("\n## Rules\n\n| rule | level | what it finds |\n| --- | --- | --- |\n");
    for rule in RULES {
        out.push_str(&format!("| [`{}`](#{}) | {} | {} |\n", rule.code, rule.code, rule.level.word(), cell(rule.finds)));
    }
    for level in [Level::Error, Level::Warning, Level::Note] {
        for rule in RULES.iter().filter(|rule| rule.level == level) {
            out.push_str(&section(rule));
        }
    }
    out.push_str("\n## Errors of the language\n\nWhat the readers report, `engine explain CODE` shows with examples.\n\n| code | what it means |\n| --- | --- |\n");
    let mut all: Vec<_> = codes::all().collect();
    all.sort_by_key(|known| known.code);
    for known in all {
        out.push_str(&format!("| `{}` | {} |\n", known.code, cell(known.finds)));
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn section(rule: &Rule) -> String {
    let at = match rule.find {
        Find::Spec(_) => "",
        Find::Conf(_) => " Found in conf.d.",
        Find::Comments => " Found in comments.",
    };
    format!(
        "\n### {}\n\n*{}.* {}{at} {}\n\nBad:\n\n{}\nGood:\n\n{}",
        rule.code,
        capital(rule.level.word()),
        rule.finds,
        rule.why,
        block(rule.bad),
        block(rule.good)
    )
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Code by indentation: the examples are parts of specs, and no test takes them for whole ones.
fn block(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}
