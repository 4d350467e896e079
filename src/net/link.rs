//! The `Link` header (RFC 8288): where the next page is.

/// The target of the first link with that relation.
///
/// Parameters may be quoted and may hold commas and semicolons; a relation may name several types.
pub fn target<'h>(header: &'h str, relation: &str) -> Option<&'h str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let end = end_of(after, ',');
        let (parameters, next) = after.split_at_checked(end)?;
        if has_relation(parameters, relation) {
            return Some(target.trim());
        }
        rest = next;
    }
    None
}

/// Where a link or a parameter ends: at this character, outside of quotes.
fn end_of(text: &str, end: char) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == end && !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// Only the first `rel` counts (RFC 8288 §3.3).
fn has_relation(parameters: &str, relation: &str) -> bool {
    let mut rest = parameters;
    while !rest.is_empty() {
        let (parameter, next) = rest.split_at_checked(end_of(rest, ';')).unwrap_or((rest, ""));
        rest = next.get(1..).unwrap_or("");
        let Some((name, value)) = parameter.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("rel") {
            let words = value.trim().trim_matches('"');
            return words.split_whitespace().any(|word| word.eq_ignore_ascii_case(relation));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_with_the_relation_is_found() {
        let header = r#"<http://h.test/?page=1>; rel="prev first", </b?x=1,2>; title="a, <b>; rel=next"; rel=next"#;
        assert_eq!(target(header, "next"), Some("/b?x=1,2"));
        assert_eq!(target(header, "first"), Some("http://h.test/?page=1"));
        assert_eq!(target(header, "last"), None);
    }

    #[test]
    fn what_stands_in_quotes_is_no_relation() {
        let header = r#"</a>; title="x; rel=next"; rel=prev, </b>; title="\"; rel=next"; rel="last next""#;
        assert_eq!(target(header, "next"), Some("/b"));
        assert_eq!(target("</a>; rel=prev; rel=next", "next"), None, "the first `rel` counts");
    }

    #[test]
    fn a_broken_header_has_no_link() {
        for broken in ["", "<", "<a", "<a>", "a>; rel=next", "<a>; rel", "<a>; rel=\"nex", "<a>; title=\"\\"] {
            assert_eq!(target(broken, "next"), None, "{broken}");
        }
    }
}
