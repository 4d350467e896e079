//! Patterns of names: `*` for any characters, `?` for one, `[a-z]` and `[!a-z]` for one of a set.
//!
//! `*` crosses dots and slashes, since names of metrics and disks are matched with it, not files;
//! alternatives in braces are left to lists of patterns. The case counts.

/// True if the whole text matches. A `[` that is not closed stands for itself.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Where to go on when a comparison fails: after the last star, one character later.
    let mut again: Option<(&str, &str)> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            again = Some((rest, text));
            pattern = rest;
            continue;
        }
        let mut chars = text.chars();
        match (chars.next(), next(pattern)) {
            (None, None) => return true,
            (Some(c), Some((one, rest))) if one.matches(c) => {
                (pattern, text) = (rest, chars.as_str());
                continue;
            }
            _ => {}
        }
        let Some((after_star, from)) = again else { return false };
        let mut chars = from.chars();
        if chars.next().is_none() {
            return false;
        }
        (pattern, text) = (after_star, chars.as_str());
        again = Some((after_star, text));
    }
}

/// What matches one character.
#[derive(Clone, Copy)]
enum One<'a> {
    Any,
    Exactly(char),
    In(&'a str),
    NotIn(&'a str),
}

impl One<'_> {
    fn matches(self, c: char) -> bool {
        match self {
            One::Any => true,
            One::Exactly(other) => c == other,
            One::In(set) => in_set(set, c),
            One::NotIn(set) => !in_set(set, c),
        }
    }
}

fn next(pattern: &str) -> Option<(One<'_>, &str)> {
    let mut chars = pattern.chars();
    let first = chars.next()?;
    let rest = chars.as_str();
    match first {
        '?' => Some((One::Any, rest)),
        '[' => Some(set(rest).unwrap_or((One::Exactly('['), rest))),
        other => Some((One::Exactly(other), rest)),
    }
}

/// A set up to its `]`; one that stands first belongs to the set.
fn set(pattern: &str) -> Option<(One<'_>, &str)> {
    let inside = pattern.strip_prefix(['!', '^']);
    let body = inside.unwrap_or(pattern);
    let (end, _) = body.char_indices().skip(1).find(|(_, c)| *c == ']')?;
    let (set, rest) = body.split_at_checked(end)?;
    let one = if inside.is_some() { One::NotIn(set) } else { One::In(set) };
    Some((one, rest.strip_prefix(']')?))
}

fn in_set(set: &str, c: char) -> bool {
    let mut rest = set.chars();
    while let Some(low) = rest.next() {
        let mut ahead = rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) => {
                if (low..=high).contains(&c) {
                    return true;
                }
                rest = ahead;
            }
            _ if low == c => return true,
            _ => {}
        }
    }
    false
}

/// What the first `*` of the pattern stands for, if the whole text fits; empty without a `*`.
pub fn capture<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let Some((head, tail)) = pattern.split_once('*') else {
        return matches(pattern, text).then_some("");
    };
    let is_plain = |part: &str| !part.contains(['*', '?', '[']);
    if is_plain(head) && is_plain(tail) {
        return text.strip_prefix(head)?.strip_suffix(tail);
    }
    // The first star takes as little as possible, so that what follows can fit.
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let start = starts.clone().find(|at| text.get(..*at).is_some_and(|before| matches(head, before)))?;
    let end = starts.filter(|at| *at >= start).find(|at| text.get(*at..).is_some_and(|after| matches(tail, after)))?;
    text.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_star_stands_for_as_little_as_possible() {
        assert_eq!(capture("etcd_disk_*", "etcd_disk_wal"), Some("wal"));
        assert_eq!(capture("*.total", "a.b.total"), Some("a.b"));
        assert_eq!(capture("plain", "plain"), Some(""));
        assert_eq!(capture("a*c*e", "abcde"), Some("b"));
        assert_eq!(capture("a*", "ba"), None);
    }

    #[test]
    fn many_stars_end_in_bounded_time() {
        let text = "a".repeat(2000);
        assert!(!matches(&format!("{}b", "*a".repeat(20)), &text));
    }

    #[test]
    fn globs_match_whole_texts() {
        for (pattern, text) in [
            ("*", ""),
            ("a*c", "a.b/c"),
            ("*.used", "disk.sda.used"),
            ("a?c", "aßc"),
            ("[a-c]x[!0-9]", "bxy"),
            ("[]]", "]"),
            ("[-a]", "-"),
            ("a[", "a["),
            ("*a*b*c*", "xxaxxbxxcxx"),
            ("**", "ab"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*", "ba"), ("?", ""), ("A", "a"), ("[!a]", "a"), ("", "a"), ("*a*b", "ba"), ("{a,b}", "a")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
