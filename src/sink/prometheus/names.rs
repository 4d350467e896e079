//! Names, labels and values as Prometheus has them.

use crate::base::value::Text;
use crate::observation::TagSet;

/// Names and values of the labels of one series, in the order of the names.
pub type Labels = Vec<(String, String)>;

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
    let mut out = if name.chars().all(&fits) { name.to_owned() } else { name.chars().map(|c| if fits(c) { c } else { '_' }).collect() };
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

/// The labels of tags: `key:value` is a label, a tag without a value is the label `tag` or one of
/// several, a key that comes twice has its values joined with commas.
pub fn labels(tags: &TagSet, host: &str, device: Option<&Text>) -> Labels {
    let mut out = Labels::with_capacity(8);
    let mut sorted: Vec<&str> = tags.iter().collect();
    sorted.sort_unstable();
    for tag in sorted {
        let (name, value) = match tag.split_once(':') {
            Some((key, value)) if !key.is_empty() => (label(key), value),
            _ => ("tag".to_owned(), tag),
        };
        match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if known.is_empty() => known.push_str(value),
            Some((_, known)) => known.extend([",", value]),
            None => out.push((name, value.to_owned())),
        }
    }
    for (name, value) in [("device", device.map_or("", |device| device)), ("host", host)] {
        if out.iter().all(|(known, _)| known != name) {
            out.push((name.to_owned(), value.to_owned()));
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
        let found: Vec<_> = labels(&tags, "h1", Some(&"sda".into())).into_iter().collect();
        let expected = [("device", "sda"), ("host", "h2"), ("q", "a,b"), ("tag", ":odd,plain"), ("url", "http://x")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(found, expected);
    }
}
