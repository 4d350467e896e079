//! A writer that rotates in every way, against a reader that looks now and then and may crash.

use super::testing::{Place, lines};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;

/// How the writer of the model rotates.
#[derive(Clone, Copy, Debug)]
enum How {
    Rename,
    CopyTruncate,
    Recreate,
    Gzip,
}

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Torn,
    Rotate(How),
    PackOld,
    Run { crashes: bool, most: u64 },
    Sleep(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let how = prop_oneof![Just(How::Rename), Just(How::CopyTruncate), Just(How::Recreate), Just(How::Gzip)];
    let step = prop_oneof![
        4 => (1usize..4).prop_map(Step::Append),
        1 => Just(Step::Torn),
        3 => how.prop_map(Step::Rotate),
        1 => Just(Step::PackOld),
        3 => (prop::bool::weighted(0.3), prop_oneof![Just(40u64), Just(1 << 30)]).prop_map(|(crashes, most)| Step::Run { crashes, most }),
        1 => (1u64..8_000).prop_map(Step::Sleep),
    ];
    prop::collection::vec(step, 1..40)
}

/// A program that writes numbered lines and rotates them.
struct Writer {
    place: Place,
    /// Rotated files count up, or the newest is always 1.
    counts_up: bool,
    /// What every file begins with.
    banner: String,
    n_lines: usize,
    n_rotations: usize,
    torn: Option<String>,
}

impl Writer {
    fn lines(&mut self, count: usize) {
        self.mend();
        for _ in 0..count {
            let line = self.line();
            self.write(&line);
        }
    }

    fn line(&mut self) -> String {
        self.n_lines += 1;
        format!("line {} {}\n", self.n_lines, "x".repeat(self.n_lines % 7 * 20))
    }

    fn write(&mut self, text: &str) {
        let is_empty = fs::metadata(self.place.path("a.log")).map_or(true, |data| data.len() == 0);
        let text = if is_empty { format!("{}{text}", self.banner) } else { text.to_owned() };
        self.place.append("a.log", text);
    }

    fn tear(&mut self) {
        self.mend();
        let line = self.line();
        let (first, second) = line.split_at(line.len() / 2);
        self.write(first);
        self.torn = Some(second.to_owned());
    }

    fn mend(&mut self) {
        if let Some(rest) = self.torn.take() {
            self.place.append("a.log", rest);
        }
    }

    fn rotate(&mut self, how: How) {
        self.mend();
        // Nothing tells an empty file from another one whose inode was used again.
        if fs::metadata(self.place.path("a.log")).map_or(true, |data| data.len() == 0) {
            return;
        }
        self.n_rotations += 1;
        let n = if self.counts_up { self.n_rotations } else { 1 };
        if !self.counts_up {
            for n in (1..60).rev() {
                for ending in ["", ".gz"] {
                    let old = format!("a.log.{n}{ending}");
                    if self.place.path(&old).exists() {
                        self.place.rename(&old, &format!("a.log.{}{ending}", n + 1));
                    }
                }
            }
        }
        let old = format!("a.log.{n}");
        match how {
            How::CopyTruncate => self.place.copy_and_truncate("a.log", &old),
            How::Rename => {
                self.place.rename("a.log", &old);
                self.place.append("a.log", "");
            }
            How::Recreate => self.place.rename("a.log", &old),
            How::Gzip => {
                self.place.rename("a.log", &old);
                self.place.clock += 3;
                self.place.gzip(&old);
                self.place.append("a.log", "");
            }
        }
    }

    fn pack_old(&mut self) {
        let names = (1..60).map(|n| format!("a.log.{n}")).filter(|name| self.place.path(name).exists()).collect::<Vec<_>>();
        if let Some(name) = if self.counts_up { names.first() } else { names.last() } {
            self.place.gzip(name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    /// Every line once, whatever happens between the runs: a run that is not accepted counts as not
    /// having been.
    #[test]
    fn every_line_arrives_once(steps in steps(), counts_up in any::<bool>(), banner in 0usize..3, pattern in 0usize..3) {
        let banner = ["", "# short\n", &format!("# {}\n", "long ".repeat(80))][banner].to_owned();
        let pattern = ["a.log", "a.log*", "*.log"][pattern];
        let mut writer = Writer { place: Place::new(), counts_up, banner, n_lines: 0, n_rotations: 0, torn: None };
        let mut reader = writer.place.reader(pattern);
        if pattern != "a.log" {
            // A pattern does not tell which file a rotated one was, unless it was seen there.
            writer.place.append("a.log", "");
        }
        reader.run(&writer.place);
        let mut found: Vec<String> = Vec::new();
        let mut n_written = 0;
        for step in steps.into_iter().chain([Step::Append(1), Step::Run { crashes: false, most: 1 << 30 }]) {
            writer.place.clock += 7;
            match step {
                Step::Append(count) => writer.lines(count),
                Step::Torn => writer.tear(),
                Step::Rotate(how) => writer.rotate(how),
                Step::PackOld => writer.pack_old(),
                // A torn line that waits longer would be taken as it is.
                Step::Sleep(time) => {
                    writer.mend();
                    writer.place.clock += time;
                }
                Step::Run { crashes, most } => {
                    reader.request.max_bytes = most;
                    let (answers, request) = reader.attempt(&writer.place).unwrap();
                    if !crashes {
                        reader.request.kept = request.kept;
                        found.extend(lines(&answers).into_iter().filter(|line| !line.starts_with('#')));
                        n_written = writer.n_lines;
                    }
                }
            }
        }
        let numbers: Vec<usize> = found.iter().map(|line| line.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)).collect();
        // An inode that is used again can change the order in which rotated files are read, no more.
        let set: BTreeSet<usize> = numbers.iter().copied().collect();
        prop_assert_eq!(set.len(), numbers.len(), "repeated: {:?}", numbers);
        prop_assert_eq!(set.into_iter().collect::<Vec<_>>(), (1..=n_written).collect::<Vec<_>>());
    }
}
