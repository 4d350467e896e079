//! The regular expressions of `match()` and `search()`.
//!
//! RFC 9535 asks for I-Regexp (RFC 9485), a subset of what the `regex` crate reads; the rest of its
//! syntax works, too, since `\d` and `(?i)` are what authors write.

use crate::yaml::pattern::compile;
use regex::Regex;

/// Patterns from a document that are kept ready during one evaluation.
const KEPT: usize = 16;

/// Compiled patterns, found again by their text: a query has one or two.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<Pattern>);

#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    whole: bool,
    /// None where it does not compile, which matches nothing.
    regex: Option<Regex>,
}

impl Patterns {
    /// Compiles the pattern of a query; `whole` is the anchoring of `match()`.
    ///
    /// # Errors
    /// Why it does not compile.
    pub fn add(&mut self, text: &str, whole: bool) -> Result<(), String> {
        if self.is_match(text, whole, "").is_none() {
            let regex = build(text, whole)?;
            self.0.push(Pattern { text: text.to_owned(), whole, regex: Some(regex) });
        }
        Ok(())
    }

    /// Keeps a pattern that came from the document, of which only the latest few stay.
    pub fn remember(&mut self, text: &str, whole: bool) {
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.push(Pattern { text: text.to_owned(), whole, regex: build(text, whole).ok() });
    }

    /// Whether the text matches; None for a pattern that is not here.
    pub fn is_match(&self, pattern: &str, whole: bool, text: &str) -> Option<bool> {
        let found = self.0.iter().find(|p| p.whole == whole && p.text == pattern)?;
        Some(found.regex.as_ref().is_some_and(|regex| regex.is_match(text)))
    }
}

/// `R` keeps `.` from matching a carriage return, as RFC 9485 has it.
fn build(text: &str, whole: bool) -> Result<Regex, String> {
    // On its own first: `a)|(b` must not become right by what is put around it.
    compile(text)?;
    compile(&if whole { format!(r"\A(?R:{text})\z") } else { format!("(?R:{text})") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_match_takes_the_longer_way_and_stays_inside_its_group() {
        let mut patterns = Patterns::default();
        patterns.add("a|ab", true).unwrap();
        assert_eq!(patterns.is_match("a|ab", true, "ab"), Some(true));
        assert_eq!(patterns.is_match("a|ab", true, "abc"), Some(false));
        assert_eq!(patterns.is_match("a|ab", false, "abc"), None);
        assert!(patterns.add("a)|(b", true).is_err());
        assert!(patterns.add("(?x)a #", true).is_err());
    }

    #[test]
    fn patterns_of_a_document_match_nothing_where_they_are_none() {
        let mut patterns = Patterns::default();
        for n in 0..100 {
            patterns.remember(&format!("{n}("), false);
        }
        assert_eq!(patterns.is_match("99(", false, "99("), Some(false));
        assert!(patterns.0.len() <= KEPT);
    }
}
