//! How times, sizes, places and URLs read in the messages of this layer.
//!
//! Messages end up in logs and service checks, so a URL is shown without its user info and with
//! every query value masked: keys tell an operator enough, values are often tokens.

use crate::base::print::{cut, one_line};
use crate::base::secret::MASK;
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

/// A URL without user info, its query values masked.
pub fn masked(url: &Url) -> String {
    let mut shown = without_user_info(url);
    shown.set_fragment(None);
    let keys: Vec<String> = url.query_pairs().map(|(key, _)| key.into_owned()).collect();
    if url.query().is_some() {
        let pairs: Vec<String> = keys.iter().map(|key| format!("{}={MASK}", percent_encoding::utf8_percent_encode(key, KEY))).collect();
        shown.set_query(Some(&pairs.join("&")));
    }
    one_line(shown.as_str())
}

const KEY: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

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

/// An error of the system in words, without its number.
pub fn of_io(error: &std::io::Error) -> String {
    super::failure::io_words(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_show_neither_user_info_nor_query_values() {
        let url = Url::parse("http://u:p%40ss@h:81/path?token=abc&b#part").unwrap();
        assert_eq!(masked(&url), "http://h:81/path?token=****&b=****");
        assert_eq!(place(&url), "h:81");
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
