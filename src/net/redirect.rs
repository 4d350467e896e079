//! Where a redirect leads, and what of the request may go along.
//!
//! The HTTP library would follow redirects by itself, but it cannot know which headers are
//! secret. Here the configured headers, the body and the client certificate never leave the
//! origin that they were configured for: to any other one goes a bare GET. The same host counts
//! as the same origin when it moves from `http` to `https`. Refused are steps down from `https`,
//! other schemes, and addresses that are never asked.

use super::address;
use super::words;
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, StatusCode};
use url::Url;

/// One request on the wire.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Without user info and fragment.
    pub url: Url,
    /// The method.
    pub method: Method,
    /// The configured headers, or none on foreign ground.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<bytes::Bytes>,
    /// Whether the origin was ever left; credentials do not come back.
    pub foreign: bool,
}

/// Whether the status asks for another request.
pub fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The request that a redirect leads to.
///
/// # Errors
/// Why it is not followed, as a sentence fragment.
pub fn next(from: &Hop, status: StatusCode, answer: &HeaderMap, through_socket: bool) -> Result<Hop, String> {
    let location = answer.get(header::LOCATION).ok_or_else(|| "a redirect without `Location`".to_owned())?;
    let text = std::str::from_utf8(location.as_bytes()).map_err(|_| "a redirect whose `Location` is not UTF-8".to_owned())?;
    let joined = from.url.join(text).map_err(|why| format!("a redirect whose `Location` is no URL ({why})"))?;
    let mut url = words::without_user_info(&joined);
    url.set_fragment(None);
    let refused = |why: &str| format!("the redirect to `{}` is refused: {why}", words::masked(&url));
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("neither http nor https"));
    }
    if from.url.scheme() == "https" && url.scheme() == "http" {
        return Err(refused("a step down from https to http"));
    }
    if let Some(address) = address::refusal_of_url(&url) {
        return Err(refused(&address.to_string()));
    }
    let foreign = from.foreign || !same_origin(&from.url, &url);
    if foreign && through_socket {
        return Err(refused("another host, while requests go through a socket"));
    }
    Ok(going_on(from, status, url, foreign))
}

fn going_on(from: &Hop, status: StatusCode, url: Url, foreign: bool) -> Hop {
    let keeps_method = matches!(status.as_u16(), 307 | 308) || from.method == Method::HEAD;
    if foreign {
        let method = if from.method == Method::HEAD { Method::HEAD } else { Method::GET };
        return Hop { url, method, headers: HeaderMap::new(), body: None, foreign };
    }
    if keeps_method {
        return Hop { url, ..from.clone() };
    }
    let mut headers = from.headers.clone();
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    Hop { url, method: Method::GET, headers, body: None, foreign }
}

fn same_origin(from: &Url, to: &Url) -> bool {
    let same_host = from.host() == to.host();
    let step_up = from.scheme() == "http" && to.scheme() == "https";
    same_host && (step_up || (from.scheme() == to.scheme() && from.port_or_known_default() == to.port_or_known_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(url: &str, method: Method) -> Hop {
        let mut headers = HeaderMap::new();
        headers.insert("x-key", "secret".parse().unwrap());
        headers.insert("content-type", "application/json".parse().unwrap());
        Hop { url: Url::parse(url).unwrap(), method, headers, body: Some("{}".into()), foreign: false }
    }

    fn follow(from: &Hop, status: u16, location: &str) -> Result<Hop, String> {
        let mut answer = HeaderMap::new();
        answer.insert("location", location.parse().unwrap());
        next(from, StatusCode::from_u16(status).unwrap(), &answer, false)
    }

    #[test]
    fn nothing_configured_leaves_the_origin() {
        for to in ["http://other/", "http://h:81/", "http://sub.h/", "//other/x", "http://h@other/"] {
            let to = follow(&hop("http://h/", Method::POST), 307, to).unwrap();
            assert!(to.headers.is_empty() && to.body.is_none() && to.method == Method::GET, "{}", to.url);
            let back = follow(&to, 307, "http://h/").unwrap();
            assert!(back.headers.is_empty(), "credentials must not come back");
        }
    }

    #[test]
    fn the_same_origin_keeps_headers_and_gets_the_body_only_where_the_status_says_so() {
        let kept = follow(&hop("http://h/a", Method::POST), 308, "/b").unwrap();
        assert!(kept.method == Method::POST && kept.body.is_some() && kept.headers.len() == 2);
        let turned = follow(&hop("http://h/a", Method::POST), 302, "https://h/b#part").unwrap();
        assert!(turned.method == Method::GET && turned.body.is_none() && turned.headers.len() == 1);
        assert_eq!(turned.url.as_str(), "https://h/b");
        assert_eq!(follow(&hop("http://h/a", Method::HEAD), 303, "/b").unwrap().method, Method::HEAD);
    }

    #[test]
    fn refused_redirects_say_where_to_without_secrets() {
        let refused = |from: &str, to: &str| follow(&hop(from, Method::GET), 302, to).unwrap_err();
        assert_eq!(refused("https://h/", "http://h/?t=1"), "the redirect to `http://h/?t=****` is refused: a step down from https to http");
        assert_eq!(refused("http://h/", "file:///etc/passwd"), "the redirect to `file:///etc/passwd` is refused: neither http nor https");
        assert!(refused("http://h/", "http://u:p@169.254.169.254/x").contains("`http://169.254.169.254/x`"));
        assert!(refused("http://h/", "http://[::bad/").starts_with("a redirect whose `Location` is no URL"));
        let nowhere = next(&hop("http://h/", Method::GET), StatusCode::FOUND, &HeaderMap::new(), false);
        assert_eq!(nowhere.unwrap_err(), "a redirect without `Location`");
    }
}
