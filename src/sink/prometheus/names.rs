//! Names, labels and values as Prometheus has them.

use crate::base::value::Text;
use crate::observation::TagSet;
use std::borrow::Cow;

/// Name and value of a label. Next to all of them stand in their tag as they are.
pub type Label<'t> = (Cow<'t, str>, Cow<'t, str>);

/// A metric's name: letters, digits, `_` and `:`, the first no digit.
pub fn metric(name: &str) -> Cow<'_, str> {
    sanitized(name, |c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

/// A label's name: letters, digits and `_`, the first no digit; those that begin with `__` are
/// Prometheus' own.
pub fn label(name: &str) -> Cow<'_, str> {
    let name = sanitized(name, |c| c.is_ascii_alphanumeric() || c == '_');
    match name.strip_prefix("__") {
        Some(rest) => format!("_{}", rest.trim_start_matches('_')).into(),
        None => name,
    }
}

fn sanitized(name: &str, fits: impl Fn(char) -> bool) -> Cow<'_, str> {
    let begins = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    if begins && name.chars().all(&fits) {
        return name.into();
    }
    let first = if begins { None } else { Some('_') };
    first.into_iter().chain(name.chars().map(|c| if fits(c) { c } else { '_' })).collect()
}

/// The labels of tags: `key:value` is a label, a tag without a value is the label `tag` or one of
/// several, a key that comes twice has its values joined with commas. In the order of the names.
pub fn labels<'t>(tags: &'t TagSet, host: &'t str, device: Option<&'t Text>) -> Vec<Label<'t>> {
    let mut out: Vec<Label<'t>> = Vec::with_capacity(8);
    let mut sorted: Vec<&str> = tags.iter().collect();
    sorted.sort_unstable();
    for tag in sorted {
        let (name, value) = match tag.split_once(':') {
            Some((key, value)) if !key.is_empty() => (label(key), value),
            _ => ("tag".into(), tag),
        };
        match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if known.is_empty() => *known = value.into(),
            Some((_, known)) => known.to_mut().extend([",", value]),
            None => out.push((name, value.into())),
        }
    }
    for (name, value) in [("device", device.map_or("", |device| device)), ("host", host)] {
        if out.iter().all(|(known, _)| known != name) {
            out.push((name.into(), value.into()));
        }
    }
    // An empty label is the same as none.
    out.retain(|(_, value)| !value.is_empty());
    out.sort_unstable();
    out
}

/// The unit as the name of a metric ends in it: `byte` is `bytes`.
pub fn unit(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "byte" => "bytes",
        "second" => "seconds",
        "meter" => "meters",
        "volt" => "volts",
        "ampere" => "amperes",
        "joule" => "joules",
        "gram" => "grams",
        "celsius" => "celsius",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_characters_that_are_allowed() {
        for (given, expected) in [("a.b-c", "a_b_c"), ("9lives", "_9lives"), ("", "_"), ("é:x", "_:x")] {
            assert_eq!(metric(given), expected);
        }
        for (given, expected) in [("a.b", "a_b"), ("__name__", "_name__"), ("a:b", "a_b"), ("_x", "_x"), ("0", "_0")] {
            assert_eq!(label(given), expected);
        }
    }

    #[test]
    fn tags_become_labels() {
        let tags = TagSet::new(["q:b", "plain", "q:a", "url:http://x", "host:h2", "empty:", ":odd"]);
        let device = "sda".into();
        let found = labels(&tags, "h1", Some(&device));
        let expected = [("device", "sda"), ("host", "h2"), ("q", "a,b"), ("tag", ":odd,plain"), ("url", "http://x")]
            .map(|(name, value)| (name.into(), value.into()));
        assert_eq!(found, expected);
    }
}
