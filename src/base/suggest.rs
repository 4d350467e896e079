//! The nearest name, for "did you mean".

/// The candidate most like `word`, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let score = |candidate: &str| {
        let other = candidate.to_lowercase();
        let swapped = strsim::osa_distance(&lower, &other);
        let limit = 1 + word.chars().count().max(candidate.chars().count()) / 4;
        let begins = other.len() > 2 && lower.starts_with(&other);
        let contained = begins || lower.len() > 3 && other.len() > 3 && (other.contains(&lower) || lower.contains(&other));
        (swapped <= limit || contained).then_some(swapped)
    };
    let scored = candidates.into_iter().filter_map(|c| score(c).map(|s| (s, c)));
    scored.min_by_key(|(s, c)| (*s, c.len())).map(|(_, c)| c)
}

/// `a, b and c`, for lists in messages; at most `most` names, then a count of the rest.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<_> = names.into_iter().map(|n| format!("`{n}`")).collect();
    let rest = names.len().saturating_sub(most);
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if rest > 0 { format!("{shown} and {rest} more") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_one_letter_are_found_and_strangers_are_not() {
        assert_eq!(nearest("tiemout", ["timeout", "url"]), Some("timeout"));
        assert_eq!(nearest("Timeout", ["timeout", "url"]), Some("timeout"));
        assert_eq!(nearest("metric", ["metrics", "events"]), Some("metrics"));
        assert_eq!(nearest("banana", ["timeout", "url"]), None);
    }
}
