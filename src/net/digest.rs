//! Logging in by digest (RFC 7616, and RFC 2617 before it): challenge and response.
//!
//! The first request goes out bare; the server answers 401 with a nonce, and the same request goes
//! out again with a hash of user, password and nonce. A nonce is kept for its server and user, so
//! that later requests need no second one. Known are MD5, SHA-256 and SHA-512-256, their `-sess`
//! forms, and the qualities `auth`, `auth-int` and none.

use super::redirect::Hop;
use crate::base::limits;
use crate::base::secret::Secret;
use md5::Md5;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use sha2::{Digest as _, Sha256, Sha512_256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use url::Url;

/// Who logs in.
#[derive(Clone, Debug)]
pub struct DigestLogin {
    /// The user.
    pub username: Secret,
    /// The password.
    pub password: Secret,
}

/// The hashes, those of `-sess` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
    Sha512,
}

impl Algorithm {
    fn hash(self, text: impl AsRef<[u8]>) -> String {
        match self {
            Algorithm::Md5 => hex::encode(Md5::digest(text)),
            Algorithm::Sha256 => hex::encode(Sha256::digest(text)),
            Algorithm::Sha512 => hex::encode(Sha512_256::digest(text)),
        }
    }
}

/// What the hash covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quality {
    /// Method and address; of old servers without `qop`.
    Old,
    /// Method and address.
    Auth,
    /// The body, too.
    AuthInt,
}

/// One challenge that can be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the server wrote it; sent back where it was given.
    written: Option<String>,
    algorithm: Algorithm,
    session: bool,
    quality: Quality,
}

/// What varies from one response to the next.
struct Once<'o> {
    client_nonce: &'o str,
    count: u32,
}

impl Challenge {
    /// The first challenge of an answer that can be met: servers list them by preference.
    pub fn of(answer: &HeaderMap) -> Option<Challenge> {
        let values = answer.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        values.flat_map(challenges).find_map(|(scheme, parameters)| {
            scheme.eq_ignore_ascii_case("digest").then(|| Challenge::from_parameters(&parameters)).flatten()
        })
    }

    fn from_parameters(parameters: &[(String, String)]) -> Option<Challenge> {
        let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let written = get("algorithm");
        let name = written.as_deref().unwrap_or("MD5").to_ascii_uppercase();
        let (hash, session) = name.strip_suffix("-SESS").map_or((name.as_str(), false), |hash| (hash, true));
        let algorithm = match hash {
            "MD5" => Algorithm::Md5,
            "SHA-256" => Algorithm::Sha256,
            "SHA-512-256" => Algorithm::Sha512,
            _ => return None,
        };
        let offered = get("qop");
        let offers = |word: &str| offered.iter().flat_map(|list| list.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word));
        let quality = match &offered {
            None => Quality::Old,
            Some(_) if offers("auth") => Quality::Auth,
            Some(_) if offers("auth-int") => Quality::AuthInt,
            Some(_) => return None,
        };
        Some(Challenge { realm: get("realm")?, nonce: get("nonce")?, opaque: get("opaque"), written, algorithm, session, quality })
    }

    /// The value of `Authorization` for a request.
    fn response(&self, login: &DigestLogin, hop: &Hop, once: &Once<'_>) -> String {
        let (user, realm, nonce) = (login.username.reveal(), &self.realm, &self.nonce);
        let hash = |text: String| self.algorithm.hash(text);
        let target = target(&hop.url);
        let mut who = hash(format!("{user}:{realm}:{}", login.password.reveal()));
        if self.session {
            who = hash(format!("{who}:{nonce}:{}", once.client_nonce));
        }
        let mut what = format!("{}:{target}", hop.method);
        if self.quality == Quality::AuthInt {
            what = format!("{what}:{}", self.algorithm.hash(hop.body.as_deref().unwrap_or(b"")));
        }
        let what = hash(what);
        let (count, client_nonce) = (format!("{:08x}", once.count), once.client_nonce);
        let qop = match self.quality {
            Quality::Old => None,
            Quality::Auth => Some("auth"),
            Quality::AuthInt => Some("auth-int"),
        };
        let response = match qop {
            None => hash(format!("{who}:{nonce}:{what}")),
            Some(qop) => hash(format!("{who}:{nonce}:{count}:{client_nonce}:{qop}:{what}")),
        };
        let mut out = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quoted(user),
            quoted(realm),
            quoted(nonce),
            quoted(&target)
        );
        out.extend(self.written.iter().map(|algorithm| format!(", algorithm={algorithm}")));
        out.extend(self.opaque.iter().map(|opaque| format!(", opaque={}", quoted(opaque))));
        out.extend(qop.map(|qop| format!(", qop={qop}, nc={count}")));
        if qop.is_some() || self.session {
            out.push_str(&format!(", cnonce=\"{client_nonce}\""));
        }
        out
    }
}

/// The address as the request line has it.
fn target(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The schemes of one header with their parameters, whose names are in lower case. What cannot be
/// read ends the list.
fn challenges(header: &str) -> Vec<(&str, Vec<(String, String)>)> {
    let mut out: Vec<(&str, Vec<(String, String)>)> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let end = rest.find(|c: char| c == '=' || c == ',' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        let Some((word, after)) = rest.split_at_checked(end).filter(|(word, _)| !word.is_empty()) else { return out };
        let behind = after.trim_start();
        match (behind.strip_prefix('='), out.last_mut()) {
            (Some(value), Some((_, parameters))) => {
                let Some((value, after)) = parameter_value(value.trim_start()) else { return out };
                parameters.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            (Some(_), None) => return out,
            (None, _) => {
                out.push((word, Vec::new()));
                rest = after;
            }
        }
    }
}

/// A token or a quoted text, and what stands behind it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ',' || c.is_ascii_whitespace()).unwrap_or(text.len());
        return text.split_at_checked(end).map(|(value, after)| (value.to_owned(), after));
    };
    let mut value = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return inner.get(at + 1..).map(|after| (value, after)),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    None
}

/// Nonces of earlier answers, by server and user: they hold for all requests there.
#[derive(Debug, Default)]
pub struct Nonces(Mutex<HashMap<(String, Secret), Known>>);

/// A challenge in use. Its session, with `-sess`, is that of one nonce of ours, so all responses
/// share it; the count tells them apart.
#[derive(Clone, Debug)]
struct Known {
    challenge: Challenge,
    client_nonce: String,
    count: u32,
}

impl Nonces {
    /// The request with what an earlier challenge asks for; `None` where none is known.
    pub fn prepared(&self, hop: &Hop, login: &DigestLogin) -> Option<Hop> {
        let mut nonces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = nonces.get_mut(&key(hop, login))?;
        // Servers take each count once.
        known.count = known.count.checked_add(1)?;
        let known = known.clone();
        drop(nonces);
        known.answered(hop, login)
    }

    /// The request that meets a new challenge, which later requests use, too.
    pub fn meet(&self, challenge: Challenge, hop: &Hop, login: &DigestLogin) -> Option<Hop> {
        let known = Known { challenge, client_nonce: client_nonce()?, count: 1 };
        let mut nonces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if nonces.len() >= limits::DIGEST_NONCES {
            nonces.clear();
        }
        // Of several requests that were challenged at once the last nonce is as good as the first.
        nonces.insert(key(hop, login), known.clone());
        drop(nonces);
        known.answered(hop, login)
    }

    /// A nonce that did not work is not used again.
    pub fn forget(&self, hop: &Hop, login: &DigestLogin) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(hop, login));
    }
}

fn key(hop: &Hop, login: &DigestLogin) -> (String, Secret) {
    (hop.url.origin().ascii_serialization(), login.username.clone())
}

impl Known {
    fn answered(&self, hop: &Hop, login: &DigestLogin) -> Option<Hop> {
        let once = Once { client_nonce: &self.client_nonce, count: self.count };
        let mut value = HeaderValue::from_bytes(self.challenge.response(login, hop, &once).as_bytes()).ok()?;
        value.set_sensitive(true);
        let mut hop = hop.clone();
        hop.headers.insert(AUTHORIZATION, value);
        Some(hop)
    }
}

/// Sixteen random bytes, so that a server cannot have hashes made to its measure.
fn client_nonce() -> Option<String> {
    let mut bytes = [0_u8; 16];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::Method;

    fn answer(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (WWW_AUTHENTICATE, value.parse().unwrap())).collect()
    }

    fn hop(method: Method, url: &str, body: Option<&'static str>) -> Hop {
        Hop { url: Url::parse(url).unwrap(), method, headers: HeaderMap::new(), body: body.map(Into::into), foreign: false }
    }

    fn login(username: &str, password: &str) -> DigestLogin {
        DigestLogin { username: Secret::new(username), password: Secret::new(password) }
    }

    fn response(challenge: &str, password: &str, client_nonce: &str, hop: &Hop) -> String {
        let challenge = Challenge::of(&answer(&[challenge])).unwrap();
        let value = challenge.response(&login("Mufasa", password), hop, &Once { client_nonce, count: 1 });
        value.split_once("response=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
    }

    #[test]
    fn responses_are_those_of_the_standards() {
        let page = hop(Method::GET, "http://www.example.org/dir/index.html", None);
        let old = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        assert_eq!(response(old, "Circle Of Life", "0a4f113b", &page), "6629fae49393a05397450978507c4ef1");
        let new = |algorithm: &str| {
            format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""
            )
        };
        let client_nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        assert_eq!(response(&new("MD5"), "Circle of Life", client_nonce, &page), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            response(&new("SHA-256"), "Circle of Life", client_nonce, &page),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn every_form_is_the_formula_of_the_standard() {
        let page = hop(Method::POST, "http://h.test/a?b=c", Some("{}"));
        let md5 = |text: &str| hex::encode(Md5::digest(text));
        let (who, what) = (md5("Mufasa:r:p"), md5("POST:/a?b=c"));
        assert_eq!(response("Digest realm=r, nonce=n", "p", "c", &page), md5(&format!("{who}:n:{what}")));
        let session = md5(&format!("{who}:n:c"));
        let expected = md5(&format!("{session}:n:00000001:c:auth:{what}"));
        assert_eq!(response("Digest realm=r, nonce=n, qop=auth, algorithm=MD5-sess", "p", "c", &page), expected);
        let with_body = md5(&format!("POST:/a?b=c:{}", md5("{}")));
        let expected = md5(&format!("{who}:n:00000001:c:auth-int:{with_body}"));
        assert_eq!(response("Digest realm=r, nonce=n, qop=\"auth-int\"", "p", "c", &page), expected);
        let sha = |text: String| hex::encode(Sha512_256::digest(text));
        let (who, what) = (sha("Mufasa:r:p".into()), sha("POST:/a?b=c".into()));
        let expected = sha(format!("{who}:n:00000001:c:auth:{what}"));
        assert_eq!(response("Digest realm=r, nonce=n, qop=auth, algorithm=SHA-512-256", "p", "c", &page), expected);
    }

    #[test]
    fn the_first_challenge_that_can_be_met_is_taken() {
        let several = answer(&[
            "Negotiate",
            "Basic realm=\"a, Digest b\", digest REALM = \"x \\\"y\\\" z\" , nonce=\"n=,1\",qop=auth, algorithm=sha-256 , Bearer",
            "Digest realm=later, nonce=m",
        ]);
        let found = Challenge::of(&several).unwrap();
        assert_eq!((found.realm.as_str(), found.nonce.as_str(), found.algorithm), ("x \"y\" z", "n=,1", Algorithm::Sha256));
        let unknown = "Digest realm=r, nonce=n, algorithm=SHA-3, Digest realm=s, nonce=n, qop=\"auth-conf\", Digest realm=t, nonce=n";
        assert_eq!(Challenge::of(&answer(&[unknown])).unwrap().realm, "t");
        for none in ["Basic realm=x", "Digest realm=r", "Digest nonce=n", "", "=,=", "Digest realm=\"open"] {
            assert_eq!(Challenge::of(&answer(&[none])), None, "{none}");
        }
    }

    #[test]
    fn a_remembered_nonce_counts_on_and_belongs_to_its_user_and_server() {
        let (nonces, login, page) = (Nonces::default(), login("u\"\\", "p"), hop(Method::GET, "http://h.test/", None));
        assert!(nonces.prepared(&page, &login).is_none());
        let challenge = Challenge::of(&answer(&["Digest realm=r, nonce=n, qop=auth, opaque=\"o\\\"\""])).unwrap();
        let value = |hop: Option<Hop>| hop.unwrap().headers[AUTHORIZATION].to_str().unwrap().to_owned();
        let first = value(nonces.meet(challenge, &page, &login));
        assert!(first.starts_with(r#"Digest username="u\"\\", realm="r", nonce="n", uri="/", response=""#), "{first}");
        assert!(first.contains(r#", opaque="o\"", qop=auth, nc=00000001, cnonce=""#), "{first}");
        assert!(value(nonces.prepared(&hop(Method::GET, "http://h.test/b", None), &login)).contains("nc=00000002"));
        assert!(nonces.prepared(&hop(Method::GET, "http://h.test:81/", None), &login).is_none());
        assert!(nonces.prepared(&page, &super::tests::login("other", "p")).is_none());
        nonces.forget(&page, &login);
        assert!(nonces.prepared(&page, &login).is_none());
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_trouble(text in "\\PC{0,60}") {
            challenges(&text);
        }

        #[test]
        fn quoted_texts_come_back(text in "\\PC{0,20}") {
            let header = format!("Digest realm={}, nonce=n", quoted(&text));
            let read = challenges(&header);
            prop_assert_eq!(&read[0].1[0].1, &text);
        }
    }
}
