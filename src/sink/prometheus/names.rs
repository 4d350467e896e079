//! Names, labels and values as Prometheus has them.

use crate::base::value::Text;
use crate::observation::TagSet;
use std::collections::BTreeMap;

/// The labels of one series, in the order of their names.
pub type Labels = BTreeMap<String, String>;

/// A metric's name: letters, digits, `_` and `:`, the first no digit.
pub fn metric(name: &str) -> String {
    sanitized(name, |c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

/// A label's name: letters, digits and `_`, the first no digit; those that begin with `__` are
/// Prometheus' own.
pub fn label(name: &str) -> String {
    let name = sanitized(name, |c| c.is_ascii_alphanumeric() || c == '_');
    match name.strip_prefix("__") {
        Some(rest) => format!("_{}", rest.trim_start_matches('_')),
        None => name,
    }
}

fn sanitized(name: &str, fits: impl Fn(char) -> bool) -> String {
    let mut out: String = name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

/// The labels of tags: `key:value` is a label, a tag without a value is the label `tag` or one of
/// several, a key that comes twice has its values joined with commas.
pub fn labels(tags: &TagSet, host: &str, device: Option<&Text>) -> Labels {
    let mut out = Labels::new();
    let mut add = |name: String, value: &str| {
        let known: &mut String = out.entry(name).or_default();
        if !known.is_empty() {
            known.push(',');
        }
        known.push_str(value);
    };
    for tag in tags.sorted().iter() {
        match tag.split_once(':') {
            Some((key, value)) if !key.is_empty() => add(label(key), value),
            _ => add("tag".to_owned(), tag),
        }
    }
    if let Some(device) = device {
        out.entry("device".to_owned()).or_insert_with(|| device.to_string());
    }
    if !host.is_empty() {
        out.entry("host".to_owned()).or_insert_with(|| host.to_owned());
    }
    // An empty label is the same as none.
    out.retain(|_, value| !value.is_empty());
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
        let found: Vec<_> = labels(&tags, "h1", Some(&"sda".into())).into_iter().collect();
        let expected = [("device", "sda"), ("host", "h2"), ("q", "a,b"), ("tag", ":odd,plain"), ("url", "http://x")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(found, expected);
    }
}
