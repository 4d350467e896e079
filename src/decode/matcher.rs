//! A pattern that is searched in one line after the other.
//!
//! Lines of a log mostly match, and from their first character on. A search in general finds out whether and
//! where a line matches, and then where its groups are. While lines go on matching from their beginning,
//! the second step is done alone: a match there is the leftmost one, and so the same. Where it fails, the
//! line is searched in general, and so are the next ones until enough of them have matched at their
//! beginning again: to try in vain costs more than a line could save.

use regex::{CaptureLocations, Regex};
use regex_automata::dfa::onepass;
use regex_automata::nfa::thompson::NFA;
use regex_automata::nfa::thompson::backtrack::{self, BoundedBacktracker};
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};
use std::sync::OnceLock;

/// So many lines in a row that match from their beginning let the next one be tried there first.
const STREAK: usize = 16;
/// Most bytes of the tables that are made for that.
const TABLES: usize = 1 << 20;

/// A pattern, and what finds its groups at the beginning of a line, made when it is needed first.
#[derive(Debug)]
pub struct Matcher {
    /// The pattern.
    pub regex: Regex,
    start: OnceLock<Option<Start>>,
}

impl Matcher {
    /// A pattern that nothing was searched with.
    pub fn new(regex: Regex) -> Self {
        Matcher { regex, start: OnceLock::new() }
    }
}

/// What finds groups at the beginning of a line.
#[derive(Debug)]
enum Start {
    /// For patterns of which each character leaves one way to go on.
    OnePass(Box<onepass::DFA>),
    /// For all others.
    Backtrack(BoundedBacktracker),
}

/// The memory of a [`Start`] between lines.
#[derive(Debug)]
enum Cache {
    OnePass(onepass::Cache),
    Backtrack(backtrack::Cache),
}

impl Start {
    /// `None` where the tables are too large; then everything is searched in general.
    fn of(regex: &Regex) -> Option<Start> {
        let nfa = NFA::compiler().configure(NFA::config().nfa_size_limit(Some(TABLES))).build(regex.as_str()).ok()?;
        let limit = onepass::Config::new().size_limit(Some(TABLES));
        let one_pass = onepass::Builder::new().configure(limit).build_from_nfa(nfa.clone());
        match one_pass {
            Ok(one_pass) => Some(Start::OnePass(Box::new(one_pass))),
            Err(_) => BoundedBacktracker::new_from_nfa(nfa).ok().map(Start::Backtrack),
        }
    }

    fn cache(&self) -> Cache {
        match self {
            Start::OnePass(one_pass) => Cache::OnePass(one_pass.create_cache()),
            Start::Backtrack(backtrack) => Cache::Backtrack(backtrack.create_cache()),
        }
    }

    /// False where the line does not match from its beginning, or is too long to tell.
    fn matches(&self, line: &str, cache: &mut Cache, slots: &mut [Option<NonMaxUsize>]) -> bool {
        let line = Input::new(line).anchored(Anchored::Yes);
        let found = match (self, cache) {
            (Start::OnePass(one_pass), Cache::OnePass(cache)) => one_pass.try_search_slots(cache, &line, slots),
            (Start::Backtrack(backtrack), Cache::Backtrack(cache)) => backtrack.try_search_slots(cache, &line, slots),
            _ => Ok(None),
        };
        found.is_ok_and(|found| found.is_some())
    }
}

/// The groups of one line after the other.
#[derive(Debug)]
pub struct Matching<'m> {
    matcher: &'m Matcher,
    start: Option<(&'m Start, Cache)>,
    /// How many lines in a row have matched from their beginning.
    streak: usize,
    /// The groups of the last line, if it was searched in general.
    found: CaptureLocations,
    /// Where its groups begin and end, if it was not; empty else.
    slots: Vec<Option<NonMaxUsize>>,
}

impl<'m> Matching<'m> {
    /// Nothing was searched yet.
    pub fn new(matcher: &'m Matcher) -> Self {
        Matching { matcher, start: None, streak: 0, found: matcher.regex.capture_locations(), slots: Vec::new() }
    }

    /// True if the line matches.
    pub fn matches(&mut self, line: &str) -> bool {
        if self.streak >= STREAK && self.matches_from_start(line) {
            return true;
        }
        self.slots.clear();
        let found = self.matcher.regex.captures_read(&mut self.found, line);
        let from_start = found.is_some_and(|found| found.start() == 0);
        self.streak = if from_start { self.streak + 1 } else { 0 };
        found.is_some()
    }

    fn matches_from_start(&mut self, line: &str) -> bool {
        if self.start.is_none() {
            let start = self.matcher.start.get_or_init(|| Start::of(&self.matcher.regex)).as_ref();
            self.start = start.map(|start| (start, start.cache()));
        }
        let Some((start, cache)) = &mut self.start else { return false };
        self.slots.resize(2 * self.found.len(), None);
        start.matches(line, cache, &mut self.slots)
    }

    /// The text of a group of the last line, which did match.
    pub fn group<'l>(&self, line: &'l str, group: usize) -> Option<&'l str> {
        let (start, end) = match self.slots.get(2 * group..2 * group + 2) {
            Some(slots) => {
                slots.first().copied().flatten().zip(slots.last().copied().flatten()).map(|(start, end)| (start.get(), end.get()))?
            }
            None => self.found.get(group)?,
        };
        line.get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Patterns of one way and of several, bound to the beginning or not, some of which match nothing at all.
    const PATTERNS: [&str; 8] = [
        r"^(?P<a>\S+) (?P<b>\d+)",
        r"^(?P<a>\S+)[^é]* (?P<b>\d+)?",
        r"(?P<a>[a-c]+)=(?P<b>\w*)",
        r"(?P<a>a|ab)(?P<b>c|bcd)?(\d*)$",
        r"(?P<a>(?:\ba)*)",
        r"(?i)^(?P<a>K.)\B(?P<b>.)?",
        r"(?P<a>x*)(?P<b>)",
        r"^(?:(?P<a>a)|(?P<b>.))+?=",
    ];

    proptest! {
        /// Whatever came before, the groups of a line are those of a search in general.
        #[test]
        fn groups_are_those_of_a_search_in_general(
            pattern in 0..PATTERNS.len(),
            usual in "[a-c]{1,2}[ =]?[0-9é]{0,2}",
            lines in prop::collection::vec("[a-cxKk=é0-9 \u{212a}]{0,8}", 1..60),
            n_usual in 0usize..40,
        ) {
            let matcher = Matcher::new(Regex::new(PATTERNS[pattern]).unwrap());
            let mut matching = Matching::new(&matcher);
            let before = std::iter::repeat_n(usual, n_usual);
            for line in before.chain(lines) {
                let captures = matcher.regex.captures(&line);
                prop_assert_eq!(matching.matches(&line), captures.is_some(), "{}", line);
                for group in 0..matcher.regex.captures_len() {
                    let wanted = captures.as_ref().and_then(|captures| captures.get(group)).map(|group| group.as_str());
                    prop_assert!(captures.is_none() || matching.group(&line, group) == wanted, "{} of {}", group, line);
                }
            }
        }
    }

    #[test]
    fn lines_that_go_on_matching_are_tried_at_their_beginning() {
        for pattern in [r"^(?P<a>\S+) ", r"^(?P<a>\S+)[^ ]* "] {
            let matcher = Matcher::new(Regex::new(pattern).unwrap());
            let mut matching = Matching::new(&matcher);
            let mut ways = Vec::new();
            for line in std::iter::repeat_n("a b", STREAK + 2).chain(["ab", "a b"]) {
                let matches = matching.matches(line);
                ways.push((matches, matching.slots.is_empty()));
            }
            let wanted: Vec<_> =
                std::iter::repeat_n((true, true), STREAK).chain([(true, false), (true, false), (false, true), (true, true)]).collect();
            assert_eq!(ways, wanted);
        }
    }
}
