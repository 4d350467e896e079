//! Patterns of names: `*` stands for any text, `?` for one character.

/// True if the whole text fits the pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    capture(pattern, text).is_some()
}

/// What the first `*` of the pattern stands for, if the whole text fits; empty without a `*`.
pub fn capture<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let Some((head, tail)) = pattern.split_once('*') else {
        return same(pattern, text).then_some("");
    };
    let (start, rest) = split_chars(text, head.chars().count())?;
    if !same(head, start) {
        return None;
    }
    // The first star takes as little as possible, so that what follows can fit.
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    for end in ends {
        let (taken, after) = rest.split_at_checked(end)?;
        if fits(tail, after) {
            return Some(taken);
        }
    }
    None
}

fn split_chars(text: &str, n: usize) -> Option<(&str, &str)> {
    let at = text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(n)?;
    text.split_at_checked(at)
}

fn same(pattern: &str, text: &str) -> bool {
    let mut chars = text.chars();
    pattern.chars().all(|p| chars.next().is_some_and(|c| p == '?' || p == c)) && chars.next().is_none()
}

/// The usual match with one point to come back to: linear for real patterns, never exponential.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), text.get(t)) {
            (Some('*'), _) => {
                back = Some((p + 1, t));
                p += 1;
            }
            (Some(a), Some(b)) if *a == '?' || a == b => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((after_star, from)) => {
                    back = Some((after_star, from + 1));
                    p = after_star;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or(&[]).iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text_and_question_marks_for_one_character() {
        assert_eq!(capture("etcd_disk_*", "etcd_disk_wal"), Some("wal"));
        assert_eq!(capture("*.total", "a.b.total"), Some("a.b"));
        assert_eq!(capture("plain", "plain"), Some(""));
        assert_eq!(capture("a?c", "abc"), Some(""));
        assert_eq!(capture("a*c*e", "abcde"), Some("b"));
        assert!(!matches("a*", "ba"));
        assert!(!matches("plain", "plainer"));
        assert!(matches("*", ""));
        assert!(!matches("", "x"));
    }

    #[test]
    fn many_stars_end_in_bounded_time() {
        let text = "a".repeat(2000);
        assert!(!matches(&format!("{}b", "*a".repeat(20)), &text));
    }
}
