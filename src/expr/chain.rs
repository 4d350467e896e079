//! How long a chain of operators is, before it becomes a tree that is as deep as the chain is long.
//!
//! `a + b + c` is parsed in a loop, and walked, computed and dropped by recursion: a chain of twenty
//! thousand links would exhaust the stack. So they are counted in the text.

use crate::base::limits;

/// Words that make a link, with what each counts: the branches of an `if` pass through every level of
/// the grammar.
const WORDS: &[(&str, usize)] = &[("not", 1), ("and", 1), ("or", 1), ("in", 1), ("is", 1), ("if", 4), ("for", 4)];

/// True for a text whose expression, or one of whose holes, has more links than the limit. With
/// `holes`, what stands outside of braces is plain words.
pub fn is_too_long(text: &str, holes: bool) -> bool {
    // Most are shorter than any chain of that length.
    text.len() > limits::LINKS && most_links(text, holes) > limits::LINKS
}

fn most_links(text: &str, holes: bool) -> usize {
    let (mut links, mut most, mut blocks) = (0, 0, 0);
    let (mut inside, mut quote, mut word) = (!holes, None, String::new());
    let mut last = ' ';
    for c in text.chars().chain([' ']) {
        if let Some(open) = quote {
            quote = (c != open || last == '\\').then_some(open);
            last = c;
            continue;
        }
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            last = c;
            continue;
        }
        if inside {
            links += WORDS.iter().find(|(known, _)| *known == word).map_or(0, |(_, weight)| *weight);
            links += usize::from("+-*/~|%<>=.[".contains(c));
            quote = matches!(c, '\'' | '"').then_some(c);
        }
        word.clear();
        if holes {
            match (last, c) {
                ('{', '{' | '%') => {
                    // Statements stand inside each other.
                    blocks += usize::from(c == '%');
                    (inside, links) = (true, blocks);
                }
                ('}' | '%', '}') => inside = false,
                _ => {}
            }
        }
        most = most.max(links);
        last = c;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_counted_outside_of_quotes_and_per_hole() {
        assert_eq!(most_links("a + b.c * -d | upper", false), 5);
        assert_eq!(most_links("'a + b' ~ \"x - y\"", false), 1);
        assert_eq!(most_links("not a and notes", false), 2);
        assert_eq!(most_links("a - b {{ c + d }} - {{ e ~ f }}", true), 1);
        assert!(is_too_long(&format!("a{}", " + a".repeat(limits::LINKS + 1)), false));
        assert!(!is_too_long(&"{{ a + b }} - ".repeat(1000), true));
    }
}
