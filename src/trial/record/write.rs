//! A recording as a file of tests with its fixtures.
//!
//! Only what can matter is written: of the headers, times and certificates of answers those that the
//! spec reads, and a `match` only where several requests must be told apart.

use super::answers::Answering;
use super::mask::Mask;
use super::{Recording, Taken};
use crate::base::value::Value;
use crate::trial::write::{Fields, Lines, flow, scalar};
use std::collections::BTreeSet;

/// What a test says beside its answers.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The name of the test, and of the folder of its fixtures.
    pub name: &'a str,
    /// What it shows.
    pub title: String,
    /// The settings of the instance, secrets masked.
    pub instance: Value,
    /// The settings that all instances share, likewise.
    pub init_config: Value,
    /// `engine.vars`, where the spec reads them.
    pub vars: Value,
    /// All texts of the spec: what they do not mention is left out.
    pub spec: &'a str,
}

/// A file of tests and what lies beside it.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The test, without `expect`.
    pub test: String,
    /// Fixtures by their paths from the folder of the test.
    pub files: Vec<(String, Vec<u8>)>,
    /// What the test cannot show as it was.
    pub warnings: BTreeSet<String>,
}

/// The test of a recording.
pub fn write(about: &About<'_>, recording: &Recording, mask: &Mask) -> Written {
    let mut answering = Answering { mask, spec: about.spec, folder: about.name, files: Vec::new(), warnings: BTreeSet::new() };
    let mut lines = Lines::default();
    lines.line(&format!("description: {}", scalar(&about.title)));
    for (key, value) in [("instance", &about.instance), ("init_config", &about.init_config), ("vars", &about.vars)] {
        if value.as_map().is_some_and(|map| !map.is_empty()) {
            lines.line(&format!("{key}: {}", flow(value)));
        }
    }
    let times: Vec<String> = recording.began.iter().map(ToString::to_string).collect();
    match &times[..] {
        [one] => lines.line(&format!("now: {one}")),
        several => lines.line(&format!("now: [{}]", several.join(", "))),
    }
    let mut sources: Vec<&str> = Vec::new();
    for taken in &recording.taken {
        if !sources.contains(&&*taken.source) {
            sources.push(&taken.source);
        }
    }
    if !sources.is_empty() {
        lines.line("given:");
        lines.indent += 2;
    }
    for source in sources {
        let of_run = |n: usize| recording.taken.iter().filter(|taken| taken.source == source && taken.run == n).collect::<Vec<&Taken>>();
        let runs: Vec<Vec<Fields>> = (0..recording.began.len()).map(|n| answering.of_run(&of_run(n))).collect();
        given(source, &runs, &mut lines);
    }
    Written { test: lines.out, files: answering.files, warnings: answering.warnings }
}

/// The answers of a source.
fn given(source: &str, runs: &[Vec<Fields>], lines: &mut Lines) {
    if let [run] = runs
        && let [answer] = &run[..]
    {
        return lines.map(source, answer);
    }
    lines.line(&format!("{source}:"));
    lines.indent += 2;
    match runs {
        [answers] => lines.list("requests", answers),
        runs => {
            lines.line("runs:");
            lines.indent += 2;
            runs.iter().for_each(|answers| one_of_several(answers, lines));
            lines.indent -= 2;
        }
    }
    lines.indent -= 2;
}

fn one_of_several(answers: &[Fields], lines: &mut Lines) {
    match answers {
        [answer] => lines.item(answer),
        [] => lines.line("- requests: []"),
        several => {
            lines.line("- requests:");
            lines.indent += 4;
            several.iter().for_each(|answer| lines.item(answer));
            lines.indent -= 4;
        }
    }
}

/// The same test, which takes it that something is sent twice with the same tags: what a real system makes
/// of a spec is recorded as it is.
pub fn with_duplicates(test: &str) -> String {
    let Some((given, expect)) = test.split_once("\nexpect:\n") else { return test.to_owned() };
    let allowed = match expect.strip_prefix("  runs:\n") {
        None => format!("  no_duplicates: false\n{expect}"),
        // Each run begins with a dash of this depth.
        Some(runs) => {
            format!("  runs:\n{}", format!("\n{runs}").replace("\n    - ", "\n    - no_duplicates: false\n      ").trim_start_matches('\n'))
        }
    };
    format!("{given}\nexpect:\n{allowed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_may_send_something_twice() {
        assert_eq!(with_duplicates("now: x\nexpect:\n  metrics: []\n"), "now: x\nexpect:\n  no_duplicates: false\n  metrics: []\n");
        assert_eq!(
            with_duplicates("now: x\nexpect:\n  runs:\n    - metrics: []\n    - error: e\n      metrics: []\n"),
            "now: x\nexpect:\n  runs:\n    - no_duplicates: false\n      metrics: []\n    - no_duplicates: false\n      error: e\n      metrics: []\n"
        );
    }
}
