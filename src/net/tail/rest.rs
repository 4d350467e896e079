//! What a look has read and its run has not taken yet.
//!
//! A look is dear (folders are listed, files are opened) and reads much at once; a run may have room
//! for few records only, and asks again and again. What is left over answers the further looks of the
//! same run, record for record, without a look at the disk. What is kept always names the place behind
//! the last record that was given, so that nothing depends on whether the rest is ever asked for.

use super::memory::{Fate, Memory, Tracked};
use super::piece::Piece;
use super::records::Between;
use super::spot::{Node, Spot, hash, last_bytes};
use crate::base::value::Text;
use crate::net::Answer;
use crate::net::file::FileRequest;
use std::collections::VecDeque;

/// The records of a look that were not given yet.
pub struct Rest {
    /// Under which key positions are kept.
    key: Text,
    /// What is remembered as of the last record that was given.
    memory: Memory,
    /// Where the look itself has stopped.
    next: Option<String>,
    steps: VecDeque<Waiting>,
    /// True if there is more to read behind them.
    more: bool,
    /// What is to be told with the first of them.
    warnings: Vec<String>,
}

/// The records of one file.
pub struct Step {
    /// The path of the file as the request names it.
    pub path: String,
    /// The file.
    pub node: Node,
    /// What was read of it.
    pub piece: Piece,
    /// Where that begins.
    pub before: Spot,
    /// Where that ends.
    pub after: Spot,
}

/// One that waits.
struct Waiting {
    step: Step,
    /// What is remembered of the file once all was given, and its place in the memory. A file that is
    /// forgotten has none.
    end: Option<(usize, Fate)>,
    /// How many bytes were given.
    given: usize,
}

impl Waiting {
    fn is_done(&self) -> bool {
        self.given == self.step.piece.body.len()
    }

    /// The place behind what was given; what is known of the file's beginning stays known.
    fn spot(&self) -> Spot {
        let Step { piece, before, after, .. } = &self.step;
        match piece.body.get(..self.given) {
            Some([]) => Spot { head: after.head, head_bytes: after.head_bytes, ..before.clone() },
            Some(done) if !self.is_done() => Spot {
                offset: after.offset - (piece.body.len() - done.len()) as u64,
                near: hash(&last_bytes(&piece.lead, done)),
                between: Between::Lines,
                ..after.clone()
            },
            _ => after.clone(),
        }
    }

    fn remember(&self, memory: &mut Memory) {
        let Some((at, fate)) = self.end else { return };
        if let Some(file) = memory.files.get_mut(at) {
            file.spot = self.spot();
            file.fate = if self.is_done() { fate } else { Fate::Followed };
        }
    }

    /// The next records, `most` at most, and how many there are.
    fn give(&mut self, most: usize) -> (usize, Answer) {
        let (n_records, to) = self.step.piece.first(self.given, most);
        let (body, records) = self.step.piece.utf_8(self.given, to);
        self.given = to;
        (n_records, Answer { records, ..Answer::of(body, self.step.path.clone()) })
    }
}

impl Rest {
    /// All of a look, of which `memory` is what is remembered at its end.
    pub fn all(key: Text, mut memory: Memory, steps: Vec<Step>, more: bool, warnings: Vec<String>) -> Rest {
        let next = memory.next.take();
        let is_of = |file: &Tracked, step: &Step| file.path == step.path && file.node == step.node && file.spot == step.after;
        let waiting = |step: Step| {
            let end = memory.files.iter().enumerate().rfind(|(_, file)| is_of(file, &step)).map(|(at, file)| (at, file.fate));
            Waiting { step, end, given: 0 }
        };
        let steps: VecDeque<Waiting> = steps.into_iter().map(waiting).collect();
        steps.iter().for_each(|waiting| waiting.remember(&mut memory));
        Rest { key, memory, next, steps, more, warnings }
    }

    /// The next records, as many as are asked for; what is left waits for the next request of the run.
    pub fn give(mut self, request: &FileRequest) -> Vec<Answer> {
        let mut left = request.most_records;
        let mut answers = Vec::new();
        while let Some(first) = self.steps.front_mut().filter(|_| left > 0) {
            let (n_records, answer) = first.give(left);
            left = left.saturating_sub(n_records);
            if !answer.body.is_empty() {
                answers.push(answer);
            }
            first.remember(&mut self.memory);
            if first.is_done() {
                self.steps.pop_front();
            }
        }
        // The next run begins with the file behind the one in which this one stopped.
        let begun = self.steps.front().is_some_and(|first| first.given > 0);
        let next = self.steps.get(usize::from(begun)).map(|waiting| waiting.step.path.clone());
        self.memory.next = next.or_else(|| self.next.clone());
        if answers.is_empty() {
            answers.push(Answer::of(Vec::new(), request.pattern.to_string_lossy()));
        }
        if let Some(last) = answers.last_mut() {
            last.more = self.more || !self.steps.is_empty();
            last.kept = vec![(self.key.clone(), self.memory.written())];
            last.warnings = std::mem::take(&mut self.warnings);
        }
        if !self.steps.is_empty() {
            request.ahead.keep_rest(request.rounds + 1, self);
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Place, Reader, lines};
    use super::super::{Tail, look};
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;
    use std::fs;

    /// A run that asks for so many records again and again, and ends after the last of them.
    fn run(reader: &mut Reader, place: &Place, most: &[usize]) -> Vec<Answer> {
        let mut request = FileRequest { rounds: 0, taken: 0, ..reader.request.clone() };
        let mut all = Vec::new();
        for most in most {
            request.most_records = *most;
            let answers = look(&request, &reader.tail, place.now()).unwrap();
            let more = request.continue_with(&answers);
            all.extend(answers);
            if !more {
                break;
            }
        }
        reader.request.kept = request.kept;
        all
    }

    fn two_files(place: &mut Place) -> Reader {
        let mut reader = place.reader("*.log");
        reader.run(place);
        place.append("a.log", "a1\na2\na3\n");
        place.append("b.log", "b1\nb2\n");
        reader
    }

    #[test]
    fn what_is_left_over_is_given_without_a_look() {
        let mut place = Place::new();
        let reader = two_files(&mut place);
        let mut request = FileRequest { most_records: 2, ..reader.request.clone() };
        let mut found = Vec::new();
        for is_at_hand in [false, true, true] {
            assert_eq!(request.is_at_hand(), is_at_hand);
            let answers = look(&request, &reader.tail, place.now()).unwrap();
            found.push(lines(&answers));
            request.continue_with(&answers);
            for name in ["a.log", "b.log"].into_iter().filter(|name| place.path(name).exists()) {
                fs::remove_file(place.path(name)).unwrap();
            }
        }
        assert_eq!(found, [vec!["a1", "a2"], vec!["a3", "b1"], vec!["b2"]]);
        assert!(!request.is_at_hand());
    }

    #[test]
    fn a_look_that_is_repeated_gives_the_same_again() {
        let mut place = Place::new();
        let mut reader = two_files(&mut place);
        reader.request.most_records = 2;
        let ask = |request: &FileRequest| lines(&look(request, &reader.tail, place.now()).unwrap());
        assert_eq!(ask(&reader.request), ["a1", "a2"]);
        assert_eq!(ask(&reader.request), ["a1", "a2"]);
    }

    #[test]
    fn the_next_run_begins_with_the_file_behind_the_one_that_had_more() {
        let mut place = Place::new();
        let mut reader = two_files(&mut place);
        let found: Vec<_> = (0..4).map(|_| lines(&run(&mut reader, &place, &[2]))).collect();
        assert_eq!(found, [vec!["a1", "a2"], vec!["b1", "b2"], vec!["a3"], vec![]]);
    }

    #[test]
    fn a_file_that_is_truncated_behind_the_place_is_found_as_its_copy() {
        let mut place = Place::new();
        let mut reader = place.reader("a.log");
        place.append("a.log", "");
        reader.run(&place);
        place.append("a.log", (0..100).map(|n| format!("{n}\n")).collect::<String>());
        assert_eq!(run(&mut reader, &place, &[1]).len(), 1);
        let mut request = FileRequest { most_records: 30, ..reader.request.clone() };
        let first = look(&request, &reader.tail, place.now()).unwrap();
        place.clock += 10;
        place.copy_and_truncate("a.log", "a.log.1");
        place.append("a.log", "new\n");
        request.continue_with(&first);
        let second = look(&request, &reader.tail, place.now()).unwrap();
        request.continue_with(&second);
        reader.request.kept = request.kept;
        let all = [lines(&first), lines(&second), reader.run(&place)].concat();
        let wanted: Vec<String> = (1..100).map(|n| n.to_string()).chain(["new".to_owned()]).collect();
        assert_eq!(all, wanted);
    }

    /// The records of answers, told by their ends or by their lines.
    fn records(answers: &[Answer]) -> Vec<String> {
        let of = |answer: &Answer| {
            let text = std::str::from_utf8(&answer.body).unwrap();
            if answer.records.is_empty() {
                return text.lines().map(str::to_owned).collect::<Vec<_>>();
            }
            let begins = [0].into_iter().chain(answer.records.iter().copied());
            begins.zip(&answer.records).map(|(from, to)| text[from..*to].trim_end().to_owned()).collect()
        };
        answers.iter().flat_map(of).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        /// However much is asked for and wherever a run ends, every record comes once.
        #[test]
        fn every_record_comes_once(
            files in prop::collection::vec((0usize..40, any::<bool>(), any::<bool>()), 1..4),
            runs in prop::collection::vec(prop::collection::vec(1usize..8, 1..6), 1..30),
            wide in any::<bool>(),
            grouped in any::<bool>(),
        ) {
            let mut place = Place::new();
            let start = grouped.then(|| Regex::new(r"^\d").unwrap());
            let mut reader = Reader { tail: Tail { from_beginning: true, start }, ..place.reader("*.log") };
            reader.request.encoding = wide.then(|| "utf-16le".to_owned());
            reader.run(&place);
            let mut wanted = Vec::new();
            for (at, (count, torn, packed)) in files.into_iter().enumerate() {
                let name = format!("{at}.log");
                let mut write = |place: &mut Place, from: usize, to: usize, torn: bool| {
                    let record = |n: &usize| format!("{at}{n:02} é{}", if grouped { "\n  ਊ".repeat(n % 4) } else { "x".repeat(n % 50) });
                    let all: Vec<String> = (from..to).map(|n| record(&n)).collect();
                    let text = all.iter().map(|record| format!("{record}\n")).collect::<String>();
                    let text = if torn { text.trim_end().to_owned() } else { text };
                    wanted.extend(all);
                    let utf_16 = || text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                    place.append(&name, if wide { utf_16() } else { text.into_bytes() });
                };
                write(&mut place, 0, count, torn && !packed);
                if packed {
                    // Its beginning is known before it is packed.
                    run(&mut reader, &place, &[0]);
                    let old = format!("{name}.1");
                    place.rename(&name, &old);
                    place.gzip(&old);
                    write(&mut place, count, count + 5, torn);
                }
            }
            place.clock += 10_000;
            wanted.sort();
            let mut found = Vec::new();
            for most in runs.iter().map(Vec::as_slice).chain([&[usize::MAX; 9][..]]) {
                let taken = records(&run(&mut reader, &place, most));
                prop_assert!(taken.len() <= most.iter().fold(0, |sum: usize, most| sum.saturating_add(*most)));
                found.extend(taken);
            }
            found.sort();
            prop_assert_eq!(found, wanted);
        }
    }
}
