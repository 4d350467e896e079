//! How times, sizes, places and URLs read in the messages of this layer.
//!
//! Messages end up in logs and service checks, so a URL is shown without its user info and without
//! what is or may be secret in it.

use crate::base::limits;
use crate::base::print::{cut, one_line};
use crate::base::secret::{MASK, Secret};
use crate::base::secret_names::may_be_secret;
use percent_encoding::percent_decode_str;
use std::time::Duration;
use url::Url;

/// `5s`, `250ms`.
pub fn time(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 { format!("{}s", duration.as_secs()) } else { format!("{}ms", duration.as_millis()) }
}

/// `64 MiB`, `10 KiB`, `1 byte`: the largest unit that divides it.
pub fn size(bytes: u64) -> String {
    let units = [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((unit, word)) => format!("{} {word}", bytes / unit),
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}

/// `example.org:443`, `[::1]:80`.
pub fn place(url: &Url) -> String {
    let host = one_line(url.host_str().unwrap_or("?"));
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// A URL that somebody else has made: without user info, its query values masked, since any of them
/// may be a token.
pub fn masked(url: &Url) -> String {
    one_line(&concealed(url, &[], |_| true))
}

/// A URL of a request: without user info, without what is secret, and without the values of
/// parameters that sound like it.
pub fn readable(url: &Url, secrets: &[Secret]) -> String {
    let whole = |secret: &Secret| secret.reveal().contains("://");
    if secrets.iter().any(whole) {
        return format!("{}/{MASK}", url.origin().ascii_serialization());
    }
    one_line(&plainly(&concealed(url, secrets, hides)))
}

/// A URL as a spec sees it: without user info and without what is secret.
pub fn without_secrets(url: &Url, secrets: &[Secret]) -> String {
    concealed(url, secrets, |_| false)
}

/// The URL with a mask for what holds a secret, and for the values of parameters whose names say so.
fn concealed(url: &Url, secrets: &[Secret], hides: impl Fn(&str) -> bool) -> String {
    let holds_secret = |encoded: &str| {
        let text = percent_decode_str(&encoded.replace('+', " ")).decode_utf8_lossy().into_owned();
        secrets.iter().any(|secret| !secret.reveal().is_empty() && (text.contains(secret.reveal()) || encoded.contains(secret.reveal())))
    };
    let mut bare = without_user_info(url);
    bare.set_fragment(None);
    bare.set_query(None);
    let path: Vec<&str> = url.path().split('/').map(|part| if holds_secret(part) { MASK } else { part }).collect();
    bare.set_path(&path.join("/"));
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() && (hides(name) || holds_secret(value)) => format!("{name}={MASK}"),
        None if holds_secret(pair) => MASK.to_owned(),
        _ => pair.to_owned(),
    };
    let query = url.query().map(|query| format!("?{}", query.split('&').map(pair).collect::<Vec<_>>().join("&")));
    format!("{bare}{}", query.unwrap_or_default())
}

/// A URL whose query has those characters as they are that mean the same there.
fn plainly(url: &str) -> String {
    let Some((before, mut rest)) = url.split_once('?') else { return url.to_owned() };
    let mut out = format!("{before}?");
    while let Some((before, behind)) = rest.split_once('%') {
        let decoded = behind.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        out.push_str(before);
        match decoded.filter(|c| c.is_ascii_graphic() && !matches!(c, '%' | '&' | '#' | '+' | '=')) {
            Some(c) => {
                out.push(c);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                out.push('%');
                rest = behind;
            }
        }
    }
    out + rest
}

/// Parameters of one word whose values are usually secrets.
const PARAMETERS: &[&str] = &["key", "auth", "code", "pin", "ticket"];

fn hides(name: &str) -> bool {
    may_be_secret(name) || PARAMETERS.contains(&&*name.to_lowercase())
}

/// The same URL with neither user nor password.
pub fn without_user_info(url: &Url) -> Url {
    let mut bare = url.clone();
    // Both fail only for URLs without a host, which have no user info either.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare
}

/// The innermost cause of an error on one line, cut to a readable length.
///
/// The outermost error of the HTTP library holds the URL, so it is used only after `without_url`,
/// or where there is a cause below it.
pub fn last_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let text = super::failure::causes(error).last().map(ToString::to_string).unwrap_or_default();
    one_line(&cut(&text, 200))
}

/// `HTTP 503 Service Unavailable`, in the words of the standard and not of the server.
pub fn status(code: u16) -> String {
    match reqwest::StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("HTTP {code} {reason}"),
        None => format!("HTTP {code}"),
    }
}

/// The beginning of what an answer says in words: of a page its title, of XML its texts; none for
/// one that says nothing.
pub fn said(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let said = if text.starts_with('<') { tagless(text) } else { text.to_owned() };
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then(|| cut(&one_line(&words), limits::ANSWER_SHOWN))
}

fn tagless(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let between = |from: &str, to: &str| {
        let start = lower.find(from)? + from.len();
        text.get(start..start + lower.get(start..)?.find(to)?).map(str::to_owned)
    };
    if lower.starts_with("<!doctype html") || lower.contains("<html") {
        return between("<title>", "</title>").unwrap_or_default();
    }
    text.split('<').map(|part| part.split_once('>').map_or("", |(_, words)| words)).collect::<Vec<_>>().join(" ")
}

/// An error of the system in words, without its number.
pub fn of_io(error: &std::io::Error) -> String {
    super::failure::io_words(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_others_show_neither_user_info_nor_query_values() {
        let url = Url::parse("http://u:p%40ss@h:81/path?t=abc&b#part").unwrap();
        assert_eq!(masked(&url), "http://h:81/path?t=****&b");
    }

    #[test]
    fn urls_of_requests_show_what_is_no_secret() {
        let secrets = [Secret::new("s/e c"), Secret::new("")];
        for (url, shown) in [
            ("http://u:p@h/list?page=2&size=10#part", "http://h/list?page=2&size=10"),
            ("http://h/haproxy?stats;csv", "http://h/haproxy?stats;csv"),
            ("http://h/?page=2&access_token=abc&Key=k&keys=all&sid=", "http://h/?page=2&access_token=****&Key=****&keys=all&sid="),
            ("http://h/?q=a%28%22b%22%29%2C%20c%26d%3D%2", "http://h/?q=a(\"b\"),%20c%26d%3D%2"),
            ("http://h/?q=s%2Fe+c&r=1", "http://h/?q=****&r=1"),
            ("http://h/bots%2Fe%20c/me?s%2Fe%20c", "http://h/****/me?****"),
        ] {
            assert_eq!(readable(&Url::parse(url).unwrap(), &secrets), shown);
        }
        let hook = [Secret::new("https://h/services/T1/x")];
        assert_eq!(readable(&Url::parse("https://h/services/T1/x?page=2").unwrap(), &hook), "https://h/****");
    }

    #[test]
    fn answers_say_something_in_words() {
        for (body, words) in [
            ("  Code: 62.\n Syntax error\n", Some("Code: 62. Syntax error")),
            (r#"{"message": "Bad credentials"}"#, Some(r#"{"message": "Bad credentials"}"#)),
            ("<!DOCTYPE html><html><head><style>a{}</style><title>502 Bad\nGateway</title>", Some("502 Bad Gateway")),
            ("<HTML><body>gone</body>", None),
            ("<?xml version='1.0'?><e:Fault xmlns:e='u'><code>Sender</code><why>no key</why></e:Fault>", Some("Sender no key")),
            (" \n", None),
        ] {
            assert_eq!(said(body.as_bytes()).as_deref(), words, "{body}");
        }
        assert!(said("x".repeat(10_000).as_bytes()).unwrap().chars().count() <= limits::ANSWER_SHOWN + 1);
    }

    #[test]
    fn places_name_the_port() {
        assert_eq!(place(&Url::parse("http://u@h:81/").unwrap()), "h:81");
        assert_eq!(place(&Url::parse("https://[::1]/").unwrap()), "[::1]:443");
    }

    #[test]
    fn sizes_and_times_read_as_people_say_them() {
        assert_eq!(size(64 << 20), "64 MiB");
        assert_eq!(size(1000), "1000 bytes");
        assert_eq!(time(Duration::from_millis(5000)), "5s");
        assert_eq!(time(Duration::from_millis(250)), "250ms");
    }
}
