//! Requests to a receiver over HTTP, and what its answers mean.
//!
//! | answer | verdict |
//! |---|---|
//! | 2xx | delivered |
//! | 408, 425, 429, 5xx; no connection, no TLS, no address, no answer in time | kept, sent again after a pause |
//! | 400, 409, 413, 422 | halved; a single item is dropped |
//! | 401, 403, 407 | kept: the key or its rights are wrong |
//! | 3xx, any other | kept: the address is wrong. Redirects are not followed, since they would carry the key elsewhere |

use super::batch::{Batch, Most};
use super::bounded::Bounded;
use super::secret_text::SecretText;
use super::{DeliverCx, OpenCx, Verdict};
use crate::base::diag::Diagnostic;
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::masks::Masks;
use crate::base::print::{cut, one_line};
use crate::base::secret::Secret;
use crate::base::value::Text;
use crate::net::client::ConnectSettings;
use crate::net::http::HttpRequest;
use crate::net::login::Login;
use crate::net::status::StatusSet;
use crate::net::trust::TlsSettings;
use crate::net::{Answer, words};
use crate::source::proxy::Choice;
use crate::yaml::basic::{Keyed, Raw, Seconds, Size};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use flate2::Compression as Level;
use flate2::write::{GzEncoder, ZlibEncoder};
use jiff::Timestamp;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A key with fewer bytes is none: its letters stand in every message.
const LEAST_SECRET: usize = 4;

crate::words! {
    /// How bodies are packed.
    pub enum Compression {
        /// Not at all.
        Identity = "identity",
        /// With gzip.
        Gzip = "gzip",
        /// With zlib.
        Deflate = "deflate",
    }
}

/// Names and values of headers.
pub type Headers = Vec<(String, Secret)>;

/// An address of a receiver.
#[derive(Clone, Debug)]
pub struct Address(pub Url);

impl Field for Address {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = Text::read(node, reader)?;
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if url.is_none() {
            let problem = Diagnostic::error("wrong-type", "expected an address of http or https", node.span);
            reader.report(
                problem.label(format!("found {}", node.describe())).help("write it whole, as in `https://receiver.example:8443/path`"),
            );
        }
        url.map(Address)
    }
}

crate::fields! {
    /// Certificates and their check.
    pub struct Tls, "tls of a sink" {
        /// Checks the receiver's certificate. Off only for a test.
        verify: bool = true, "true";
        /// A file with the certificates that are trusted, instead of the system's.
        ca_cert: Option<Text>;
        /// A file with the client's certificate.
        client_cert: Option<Text>;
        /// A file with its key.
        client_key: Option<Text>;
        /// The name that the certificate must hold, where it is not the host of the address.
        server_name: Option<Text>;
    }
}

crate::fields! {
    /// What every sink that speaks HTTP may say.
    pub struct Receiver, "receiver" {
        /// Time limit of one request, from the first byte out to the last byte in.
        pub timeout: Seconds = Seconds(limits::DELIVERY_TIME.as_secs_f64()), "30s";
        /// Time limit of connecting.
        pub connect_timeout: Seconds = Seconds(limits::CONNECT_TIME.as_secs_f64()), "5s";
        /// Headers of every request; a value may be `"{{ secret('env:NAME') }}"`.
        pub headers: Keyed<SecretText>;
        /// Certificates and their check.
        pub tls: Option<Tls>;
        /// The address of a proxy, or `{http, https, no_proxy}`; none where it is not given, whatever the environment says.
        pub proxy: Option<Raw>;
        /// The most items of one request, up to 100,000.
        pub max_items: Bounded<1, { limits::BATCH_ITEMS_MOST }> = Bounded(limits::BATCH_ITEMS), "10000";
        /// The most bytes of one request before it is packed; the receiver's own limit where it is not given.
        pub max_bytes: Option<Size>;
    }
}

impl Receiver {
    /// What one request may hold, where the receiver itself takes so many bytes.
    pub fn most(&self, bytes: usize) -> Most {
        let asked = self.max_bytes.and_then(|size| usize::try_from(size.0).ok());
        Most { items: self.max_items.0, bytes: asked.unwrap_or(bytes) }
    }
}

/// How to talk to one receiver.
pub struct Poster {
    connect: Arc<ConnectSettings>,
    proxies: Choice,
    timeout: Duration,
    headers: Headers,
    statuses: (Arc<StatusSet>, Arc<StatusSet>),
    /// What a message must not show, even where a receiver repeats it.
    masks: Masks,
}

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poster").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// One request.
pub struct Payload {
    /// Where it goes; its query may hold a key.
    pub url: Url,
    /// What the body is.
    pub content_type: &'static str,
    /// What else the form asks for.
    pub headers: Headers,
    /// The body before it is packed.
    pub body: Vec<u8>,
    /// How it is packed.
    pub packing: Packing,
    /// The most bytes before and after.
    pub most: (usize, usize),
}

/// How a body is packed on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As HTTP knows it.
    Http(Compression),
    /// With snappy, whose header the form sets itself.
    Snappy,
}

impl Poster {
    /// From the settings; `secrets` are those of the kind itself.
    ///
    /// # Errors
    /// A secret that cannot be read, or a proxy that is none.
    pub fn open(receiver: &Receiver, secrets: &[Secret], cx: &OpenCx<'_>) -> Result<Poster, String> {
        let mut headers = Vec::new();
        for entry in &receiver.headers.0 {
            headers.push((entry.key.to_string(), entry.value.get(cx)?));
        }
        let proxies = receiver.proxy.as_ref().map(|raw| Choice::of(&raw.0.to_value())).transpose();
        let masks = Masks::from(LEAST_SECRET, secrets.iter().chain(headers.iter().map(|(_, value)| value)).map(Secret::reveal));
        Ok(Poster {
            connect: Arc::new(ConnectSettings {
                tls: receiver.tls.as_ref().map(|tls| tls.settings(cx.folder)).unwrap_or_default(),
                connect_timeout: receiver.connect_timeout.duration(),
                ..ConnectSettings::default()
            }),
            proxies: proxies.map_err(|why| format!("`proxy`: {why}"))?.unwrap_or_default(),
            timeout: receiver.timeout.duration(),
            headers,
            // Whatever comes back is looked at here. An answer that says yes must come whole: one that
            // breaks off may be that of something in between. The body of a no is only for its reason.
            statuses: (Arc::new(StatusSet::default()), Arc::new(StatusSet::of([(0, 199), (300, u16::MAX)]))),
            masks,
        })
    }

    /// Sends one batch. What the receiver says of a success comes back, for kinds that look into it.
    ///
    /// # Errors
    /// Every verdict but success.
    pub async fn post(&self, payload: Payload, batch: &Batch, cx: &DeliverCx<'_>) -> Result<Answer, Verdict> {
        let request = self.request(payload, batch.id(cx.engine))?;
        match cx.http.exchange(&request, cx.clock).await {
            Ok(answer) => self.judge(answer, cx.clock.now()),
            // Only of a yes so much is read.
            Err(error) if error.kind == ErrorKind::TooLarge => Err(Verdict::Delivered(None)),
            Err(error) => Err(Verdict::Later { why: self.masks.mask(error.message), after: None }),
        }
    }

    fn request(&self, payload: Payload, id: String) -> Result<HttpRequest, Verdict> {
        let (most_plain, most_packed) = payload.most;
        within(payload.body.len(), most_plain, "of one request")?;
        let (body, encoding) = packed(payload.body, payload.packing).map_err(|why| Verdict::Later { why, after: None })?;
        within(body.len(), most_packed, "of one packed request")?;
        let url = String::from(payload.url);
        let plain = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
        let mut headers = vec![plain("content-type", payload.content_type), plain("x-engine-batch", &id)];
        headers.extend(encoding.map(|encoding| plain("content-encoding", encoding)));
        headers.extend(payload.headers);
        for (name, value) in &self.headers {
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            headers.push((name.clone(), value.clone()));
        }
        Ok(HttpRequest {
            method: "POST".into(),
            headers,
            body: Some(body.into()),
            timeout: self.timeout,
            connect: self.proxies.before(&url, &self.connect),
            follow_redirects: false,
            ok_status: Arc::clone(&self.statuses.0),
            empty_status: Arc::clone(&self.statuses.1),
            max_bytes: limits::RECEIVER_ANSWER_BYTES,
            login: Login::None,
            secrets: Vec::new(),
            url: url.into(),
        })
    }

    fn judge(&self, answer: Answer, now: Timestamp) -> Result<Answer, Verdict> {
        let code = answer.status.unwrap_or_default();
        if (200..300).contains(&code) {
            return Ok(answer);
        }
        let reason = one_line(String::from_utf8_lossy(&answer.body).trim());
        // What is cut off could be a half of a secret.
        let reason = self.masks.mask(reason);
        let said = if reason.is_empty() { String::new() } else { format!(": {}", cut(&reason, limits::ANSWER_SHOWN)) };
        let why = format!("{}{said}", words::status(code));
        Err(verdict(code, why, answer.retry_after(now)))
    }
}

/// A request that the receiver would refuse is not even sent.
fn within(bytes: usize, most: usize, what: &str) -> Result<(), Verdict> {
    if bytes <= most {
        return Ok(());
    }
    let (bytes, most) = (words::size(bytes as u64), words::size(most as u64));
    Err(Verdict::Bad { why: format!("{bytes} {what}, the most is {most}") })
}

/// What a status other than success means.
pub fn verdict(code: u16, why: String, after: Option<Duration>) -> Verdict {
    match code {
        408 | 425 | 429 | 500..=599 => Verdict::Later { why, after },
        400 | 409 | 413 | 422 => Verdict::Bad { why },
        401 | 403 | 407 => Verdict::Refused { why: format!("{why} (the key or its rights are wrong)") },
        300..=399 => Verdict::Refused { why: format!("{why} (redirects of a receiver are not followed: give its own address)") },
        _ => Verdict::Refused { why: format!("{why} (the address is wrong, or the receiver does not know this form)") },
    }
}

fn packed(body: Vec<u8>, packing: Packing) -> Result<(Vec<u8>, Option<&'static str>), String> {
    let failed = |error: std::io::Error| format!("the body cannot be packed: {error}");
    // The lowest level: half a level more of compression costs twice the time.
    Ok(match packing {
        Packing::Http(Compression::Identity) => (body, None),
        Packing::Http(Compression::Gzip) => {
            let mut out = GzEncoder::new(Vec::new(), Level::fast());
            let done = out.write_all(&body).and_then(|()| out.finish());
            (done.map_err(failed)?, Some(Compression::Gzip.word()))
        }
        Packing::Http(Compression::Deflate) => {
            let mut out = ZlibEncoder::new(Vec::new(), Level::fast());
            let done = out.write_all(&body).and_then(|()| out.finish());
            (done.map_err(failed)?, Some(Compression::Deflate.word()))
        }
        Packing::Snappy => (snap::raw::Encoder::new().compress_vec(&body).map_err(|error| error.to_string())?, Some("snappy")),
    })
}

impl Tls {
    fn settings(&self, folder: &Path) -> TlsSettings {
        let file = |path: &Option<Text>| path.as_ref().map(|path| folder.join(&**path));
        TlsSettings {
            verify: self.verify,
            ca_file: file(&self.ca_cert),
            cert_file: file(&self.client_cert),
            key_file: file(&self.client_key),
            server_name: self.server_name.as_deref().map(str::to_owned),
        }
    }
}

/// An address with more path behind it.
pub fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_verdict() {
        let word = |code: u16| match verdict(code, String::new(), None) {
            Verdict::Delivered(_) => "delivered",
            Verdict::Later { .. } => "later",
            Verdict::Refused { .. } => "refused",
            Verdict::Bad { .. } => "bad",
        };
        for code in [408, 425, 429, 500, 501, 502, 503, 504, 507, 511, 599] {
            assert_eq!(word(code), "later", "{code}");
        }
        for code in [400, 409, 413, 422] {
            assert_eq!(word(code), "bad", "{code}");
        }
        for code in
            [100, 101, 300, 301, 302, 304, 307, 308, 401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415, 421, 426, 428, 431, 451, 600]
        {
            assert_eq!(word(code), "refused", "{code}");
        }
    }

    #[test]
    fn a_path_goes_behind_that_of_the_address() {
        let of = |base: &str| below(&Url::parse(base).unwrap(), "api/v1/series").to_string();
        assert_eq!(of("http://h/"), "http://h/api/v1/series");
        assert_eq!(of("http://h/a/b"), "http://h/a/b/api/v1/series");
        assert_eq!(of("http://h/a/?x=1"), "http://h/a/api/v1/series?x=1");
    }
}
