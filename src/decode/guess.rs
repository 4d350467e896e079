//! Which decoder an answer without `decode:` gets: by its content type, else by the file's ending.
//!
//! Only what servers and file names say counts; nothing looks into the bytes, so a spec cannot
//! change its meaning with the data. `.conf` names no format: every program has its own.

/// The name of a decoder without required options. `path` is the path of a URL or file; what
/// follows `?` or `#` does not count.
pub fn guess(content_type: Option<&str>, path: &str) -> Option<&'static str> {
    content_type.and_then(by_content_type).or_else(|| by_ending(path))
}

fn by_content_type(content_type: &str) -> Option<&'static str> {
    let lower = content_type.to_ascii_lowercase();
    let (media, parameters) = lower.split_once(';').unwrap_or((&lower, ""));
    Some(match media.trim() {
        "application/json" | "text/json" => "json",
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => "ndjson",
        "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => "yaml",
        "text/csv" | "application/csv" => "csv",
        "application/toml" | "text/toml" | "text/x-toml" => "toml",
        "application/xml" | "text/xml" => "xml",
        "text/html" => "html",
        "application/openmetrics-text" => "prometheus",
        "text/plain" if exposition(parameters) => "prometheus",
        "text/plain" => "raw",
        media if media.ends_with("+json") => "json",
        media if media.ends_with("+yaml") => "yaml",
        media if media.ends_with("+xml") => "xml",
        _ => return None,
    })
}

/// Prometheus marks its text format as `text/plain; version=0.0.4`; version 1 is its later form.
fn exposition(parameters: &str) -> bool {
    let mut versions = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("version="));
    versions.any(|version| matches!(version.trim_matches('"'), "0.0.4" | "1.0.0"))
}

fn by_ending(path: &str) -> Option<&'static str> {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let (_, ending) = file.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "json" => "json",
        "ndjson" | "jsonl" => "ndjson",
        "yaml" | "yml" => "yaml",
        "csv" => "csv",
        "toml" => "toml",
        "ini" => "ini",
        "xml" => "xml",
        "html" | "htm" => "html",
        "logfmt" => "logfmt",
        "prom" => "prometheus",
        "txt" => "raw",
        "log" => "lines",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_comes_first_and_then_the_ending() {
        let cases = [
            (Some("application/json; charset=utf-8"), "/x.csv", Some("json")),
            (Some("application/vnd.api+json"), "/", Some("json")),
            (Some("Text/CSV"), "/", Some("csv")),
            (Some("text/plain; version=0.0.4; charset=utf-8"), "/metrics", Some("prometheus")),
            (Some("application/openmetrics-text; version=1.0.0"), "/metrics", Some("prometheus")),
            (Some("text/plain"), "/metrics", Some("raw")),
            (Some("application/octet-stream"), "/a/b.json?x=y.csv", Some("json")),
            (None, "C:\\logs\\a.LOG", Some("lines")),
            (None, "/etc/x.yml", Some("yaml")),
            (Some("text/xml; charset=utf-8"), "/", Some("xml")),
            (Some("application/soap+xml"), "/", Some("xml")),
            (Some("text/html; charset=utf-8"), "/status", Some("html")),
            (Some("application/toml"), "/", Some("toml")),
            (None, "/etc/grafana/grafana.ini", Some("ini")),
            (None, "/etc/x.conf", None),
            (None, "/srv/index.HTM", Some("html")),
            (None, "/dir.json/file", None),
            (None, "", None),
        ];
        for (content_type, path, expected) in cases {
            assert_eq!(guess(content_type, path), expected, "{content_type:?} {path}");
        }
    }

    #[test]
    fn every_guess_is_a_decoder_that_needs_no_options() {
        for path in ["a.json", "a.ndjson", "a.yaml", "a.csv", "a.prom", "a.txt", "a.log", "a.toml", "a.ini", "a.xml", "a.html", "a.logfmt"]
        {
            let name = guess(None, path).unwrap();
            assert!(crate::decode::named(name, &crate::base::value::Value::Missing).is_ok(), "{name}");
        }
    }
}
