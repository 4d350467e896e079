//! The nearest name, for "did you mean".

/// What people say who know other systems, with the words that are used here, the likelier first.
const OTHER_WORDS: &[(&str, &[&str])] = &[
    ("address", &["url"]),
    ("annotations", &["attributes", "data"]),
    ("args", &["argv"]),
    ("arguments", &["argv"]),
    ("array", &["list"]),
    ("boolean", &["bool"]),
    ("cmd", &["command", "argv"]),
    ("condition", &["when", "expect"]),
    ("counter", &["monotonic_count"]),
    ("cron", &["min_collection_interval"]),
    ("crit", &["critical"]),
    ("critical", &["error"]),
    ("desc", &["description"]),
    ("dict", &["map"]),
    ("dictionary", &["map"]),
    ("distribution", &["histogram"]),
    ("down", &["critical"]),
    ("endpoint", &["url"]),
    ("enabled_if", &["when"]),
    ("endpoints", &["instances"]),
    ("error", &["critical"]),
    ("extract", &["rows", "value"]),
    ("filter", &["when"]),
    ("float64", &["float"]),
    ("for_each", &["each"]),
    ("foreach", &["each"]),
    ("format", &["decode"]),
    ("frequency", &["min_collection_interval"]),
    ("good", &["ok", "success"]),
    ("high", &["normal"]),
    ("hidden", &["secret"]),
    ("host", &["hostname"]),
    ("hosts", &["instances"]),
    ("if", &["when"]),
    ("ignore", &["continue"]),
    ("integer", &["int"]),
    ("int64", &["int"]),
    ("interval", &["min_collection_interval", "every"]),
    ("labels", &["tags"]),
    ("label", &["tags"]),
    ("loop", &["each"]),
    ("msg", &["message"]),
    ("nodes", &["components"]),
    ("edges", &["relations"]),
    ("number", &["float"]),
    ("object", &["map"]),
    ("params", &["query"]),
    ("parse", &["decode"]),
    ("parser", &["decode"]),
    ("pass", &["password"]),
    ("password", &["secret"]),
    ("regexp", &["regex", "pattern"]),
    ("severity", &["alert_type", "status"]),
    ("skip", &["continue"]),
    ("source", &["from"]),
    ("str", &["string"]),
    ("summary", &["histogram", "title"]),
    ("targets", &["instances"]),
    ("text", &["string", "lines", "raw"]),
    ("timedelta", &["duration"]),
    ("token", &["secret", "bearer"]),
    ("uri", &["url"]),
    ("user", &["username"]),
    ("variables", &["let"]),
    ("vars", &["let"]),
    ("warn", &["warning"]),
];

/// The candidate most like `word`, if one is near enough to be meant, in letters or in meaning.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let meant = OTHER_WORDS.iter().filter(|(other, _)| *other == lower).flat_map(|(_, ours)| ours.iter());
    if let Some(meant) = meant.into_iter().find_map(|ours| candidates.iter().find(|candidate| *candidate == ours)) {
        return Some(meant);
    }
    let score = |candidate: &str| {
        let other = candidate.to_lowercase();
        let swapped = strsim::osa_distance(&lower, &other);
        let longer = word.chars().count().max(candidate.chars().count());
        // At least one letter is the same.
        let limit = (1 + longer / 4).min(longer.saturating_sub(1));
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
        assert_eq!(nearest("x", ["a", "b"]), None);
        assert_eq!(nearest("", ["a", ""]), Some(""));
    }

    #[test]
    fn words_of_other_systems_are_known() {
        assert_eq!(nearest("counter", ["count", "monotonic_count", "gauge"]), Some("monotonic_count"));
        assert_eq!(nearest("endpoint", ["timeout", "url"]), Some("url"));
        assert_eq!(nearest("endpoint", ["timeout"]), None);
    }
}
