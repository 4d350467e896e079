//! One HTTP exchange: a request, the redirects it is sent on, and the whole answer.
//!
//! One time limit holds for everything from the name look-up to the last byte, so a server that
//! drips its answer ends like one that is silent. The body is bounded as it is unpacked, so a
//! small file that swells to gigabytes ends at the same limit as a large one. Refused are answers
//! that switch protocols, encodings that nobody unpacked, and addresses of metadata services.

use super::address;
use super::client::{ConnectSettings, HttpClients};
use super::failure::{self, Target};
use super::login::Login;
use super::redirect::{self, Hop};
use super::request_url::RequestUrl;
use super::status::StatusSet;
use super::{Answer, ExchangeError, words};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::print::{cut, one_line};
use crate::base::secret::Secret;
use crate::base::time::Clock;
use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use reqwest::{Method, Response, StatusCode};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// A request with every template rendered and every limit a number.
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET`, `POST`, ….
    pub method: Cow<'static, str>,
    /// Absolute; user info in it becomes basic authentication unless a header says otherwise.
    pub url: RequestUrl,
    /// Names and values in order.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Option<Bytes>,
    /// For the whole exchange, redirects and body included.
    pub timeout: Duration,
    /// How to connect.
    pub connect: Arc<ConnectSettings>,
    /// Whether redirects are followed, [`limits::REDIRECTS`] at most.
    pub follow_redirects: bool,
    /// What counts as an answer; another status is an error that holds the answer.
    pub ok_status: Arc<StatusSet>,
    /// What counts as "nothing there": no error, whatever `ok_status` says.
    pub empty_status: Arc<StatusSet>,
    /// Most bytes of the unpacked body.
    pub max_bytes: u64,
    /// How it logs in, beyond its headers.
    pub login: Login,
    /// Texts in the address that no output shows.
    pub secrets: Vec<Secret>,
}

impl HttpRequest {
    /// A GET with the defaults of every limit.
    pub fn get(url: impl Into<String>) -> Self {
        HttpRequest {
            method: "GET".into(),
            url: url.into().into(),
            headers: Vec::new(),
            body: None,
            timeout: limits::REQUEST_TIME,
            connect: Arc::new(ConnectSettings::default()),
            follow_redirects: true,
            ok_status: Arc::new(StatusSet::default()),
            empty_status: Arc::new(StatusSet::none()),
            max_bytes: limits::BODY_BYTES,
            login: Login::None,
            secrets: Vec::new(),
        }
    }
}

/// Without anything that may be secret.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self.url.parsed().map(|url| words::readable(url, &self.secrets)).unwrap_or_default();
        f.debug_struct("HttpRequest").field("method", &self.method).field("url", &url).finish_non_exhaustive()
    }
}

impl HttpClients {
    /// Sends the request and reads the whole answer.
    ///
    /// # Errors
    /// One sentence on what went wrong, and the answer where there is one.
    pub async fn exchange(&self, request: &HttpRequest, clock: &dyn Clock) -> Result<Answer, ExchangeError> {
        let began = clock.instant();
        let deadline = Instant::now() + request.timeout;
        let stamp = |answer: &mut Answer| {
            answer.elapsed = clock.instant().saturating_duration_since(began);
            answer.ended = clock.now();
        };
        let under_way = self.pulse.during();
        let mut result = self.follow(request, deadline, clock).await;
        drop(under_way);
        match &mut result {
            Ok(answer) => stamp(answer),
            Err(error) => error.answer.iter_mut().for_each(|answer| stamp(answer)),
        }
        result
    }

    async fn follow(&self, request: &HttpRequest, deadline: Instant, clock: &dyn Clock) -> Result<Answer, ExchangeError> {
        let mut hop = first_hop(request)?;
        for _ in 0..=limits::REDIRECTS {
            let mut response = self.answered(&hop, request, deadline, clock).await?;
            let status = response.status();
            if !(request.follow_redirects && redirect::is_redirect(status)) {
                return judge(response, &hop, request, deadline).await;
            }
            // The answer is dropped unread, which closes its connection where a body is left.
            let through_socket = request.connect.unix_socket.is_some();
            hop = redirect::next(&hop, status, response.headers(), through_socket)
                .map_err(|why| refused_redirect(&mut response, &hop, &why))?;
        }
        Err(ExchangeError::new(ErrorKind::Limit, format!("more than {} redirects", limits::REDIRECTS)))
    }

    pub(super) async fn send(&self, hop: &Hop, request: &HttpRequest, deadline: Instant) -> Result<Response, ExchangeError> {
        let strangers;
        let settings = if hop.foreign {
            strangers = Arc::new(request.connect.for_strangers());
            &strangers
        } else {
            &request.connect
        };
        let target = Target {
            url: &hop.url,
            unix_socket: settings.unix_socket.as_deref(),
            proxied: settings.proxy.is_some(),
            connect_timeout: settings.connect_timeout,
        };
        let client = self.client(settings, &hop.url)?;
        let mut answered = timeout_at(deadline, client.execute(wire_request(hop))).await;
        // A server may close a kept connection at the very moment of a request. Asking again is
        // harmless where the method says so, and cheaper than a false alarm.
        if let Ok(Err(error)) = &answered
            && matches!(hop.method, Method::GET | Method::HEAD)
            && failure::is_hang_up(error)
        {
            answered = timeout_at(deadline, client.execute(wire_request(hop))).await;
        }
        match answered {
            Ok(Ok(response)) => checked_head(response),
            Ok(Err(error)) => Err(failure::without_answer(&error, &target)),
            Err(_) => Err(timed_out(request, &format!(": no answer from {}", target.place()))),
        }
    }
}

fn timed_out(request: &HttpRequest, what: &str) -> ExchangeError {
    ExchangeError::new(ErrorKind::Timeout, format!("timed out after {}{what}", words::time(request.timeout)))
}

fn wire_request(hop: &Hop) -> reqwest::Request {
    let mut wire = reqwest::Request::new(hop.method.clone(), hop.url.clone());
    *wire.headers_mut() = hop.headers.clone();
    *wire.body_mut() = hop.body.clone().map(Into::into);
    wire
}

/// Refuses what no status makes right.
fn checked_head(response: Response) -> Result<Response, ExchangeError> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(ExchangeError::new(ErrorKind::HttpStatus, "HTTP 101 Switching Protocols, which nobody asked for"));
    }
    let header_bytes: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > limits::HEADER_BYTES { Err(failure::headers_too_large()) } else { Ok(response) }
}

fn first_hop(request: &HttpRequest) -> Result<Hop, ExchangeError> {
    let broken = |why: String| ExchangeError::new(ErrorKind::Connect, why);
    let given = request.url.parsed().map_err(|why| broken(format!("the URL cannot be read: {why}")))?;
    if !matches!(given.scheme(), "http" | "https") {
        return Err(broken(format!("the URL's scheme is `{}`, neither http nor https", one_line(given.scheme()))));
    }
    if let Some(refused) = address::refusal_of_url(given) {
        return Err(broken(refused.to_string()));
    }
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| broken(format!("`{}` is no HTTP method", shown(&request.method))))?;
    let mut headers = header_map(&request.headers)?;
    if !headers.contains_key(AUTHORIZATION)
        && let Some(basic) = basic_auth(given)
    {
        headers.insert(AUTHORIZATION, basic);
    }
    let has_user_info = !given.username().is_empty() || given.password().is_some();
    let mut url = if has_user_info { words::without_user_info(given) } else { given.clone() };
    url.set_fragment(None);
    Ok(Hop { url, method, headers, body: request.body.clone(), foreign: false })
}

fn shown(text: &str) -> String {
    cut(&one_line(text), 80)
}

fn header_map(headers: &[(String, Secret)]) -> Result<HeaderMap, ExchangeError> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let broken = |what: &str| ExchangeError::new(ErrorKind::Connect, format!("the header `{}` {what}", shown(name)));
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| broken("has characters in its name that no header may have"))?;
        let mut wire = HeaderValue::from_bytes(value.reveal().as_bytes()).map_err(|_| broken("has control characters in its value"))?;
        wire.set_sensitive(true);
        map.append(parsed, wire);
    }
    Ok(map)
}

fn basic_auth(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or("")));
    let encoded = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&encoded).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn judge(mut response: Response, hop: &Hop, request: &HttpRequest, deadline: Instant) -> Result<Answer, ExchangeError> {
    let status = response.status();
    let code = status.as_u16();
    let empty = request.empty_status.contains(code);
    let wanted = empty || request.ok_status.contains(code);
    let needed = wanted && !empty;
    let read = async {
        if needed { whole_body(&mut response, &hop.method, request.max_bytes).await } else { Ok(short_body(&mut response).await) }
    };
    let body = match timeout_at(deadline, read).await {
        Ok(body) => body?,
        Err(_) if needed => return Err(timed_out(request, " while reading the body")),
        // The status has said it already.
        Err(_) => Bytes::new(),
    };
    wanted_status(Answer { body, ..head_of(&mut response, hop) }, request)
}

/// An answer whose status is wanted.
///
/// # Errors
/// Another status; the error holds the answer.
pub fn wanted_status(answer: Answer, request: &HttpRequest) -> Result<Answer, ExchangeError> {
    let code = answer.status.unwrap_or_default();
    if request.ok_status.contains(code) || request.empty_status.contains(code) {
        return Ok(answer);
    }
    let message = format!("{}, expected {}", words::status(code), request.ok_status);
    Err(ExchangeError { kind: ErrorKind::HttpStatus, message, answer: Some(Box::new(answer)) })
}

fn refused_redirect(response: &mut Response, hop: &Hop, why: &str) -> ExchangeError {
    let message = format!("{}: {why}", words::status(response.status().as_u16()));
    ExchangeError { kind: ErrorKind::HttpStatus, message, answer: Some(Box::new(head_of(response, hop))) }
}

/// The answer without its body; takes the headers out of the response.
fn head_of(response: &mut Response, hop: &Hop) -> Answer {
    let mut answer = Answer::of(Bytes::new(), hop.url.as_str());
    answer.status = Some(response.status().as_u16());
    answer.headers = std::mem::take(response.headers_mut()).into();
    let tls = response.extensions().get::<TlsInfo>();
    answer.certificate = tls.and_then(TlsInfo::peer_certificate).map(Bytes::copy_from_slice);
    answer
}

/// After so many bytes of a body other runs get their turn.
const YIELD_BYTES: usize = 1 << 20;

/// A body beyond the limit of its request.
pub fn too_large(max_bytes: u64) -> ExchangeError {
    ExchangeError::new(ErrorKind::TooLarge, format!("the body is larger than {} (max_bytes)", words::size(max_bytes)))
}

async fn whole_body(response: &mut Response, method: &Method, max_bytes: u64) -> Result<Bytes, ExchangeError> {
    let too_large = || too_large(max_bytes);
    let announced = if *method == Method::HEAD { None } else { response.content_length() };
    if announced.is_some_and(|announced| announced > max_bytes) {
        return Err(too_large());
    }
    let mut body = Body::default();
    let mut yielded = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() as u64 + chunk.len() as u64 > max_bytes => return Err(too_large()),
            Ok(Some(chunk)) => {
                body.push(chunk, announced, max_bytes);
                // A packed body can give megabytes without waiting for the network once.
                if body.len() > yielded + YIELD_BYTES {
                    yielded = body.len();
                    tokio::task::yield_now().await;
                }
            }
            Ok(None) => break,
            Err(error) => return Err(failure::within_body(&error, body.len(), announced)),
        }
    }
    match response.headers().get(CONTENT_ENCODING) {
        // What the client unpacked has lost this header.
        Some(encoding) if body.len() > 0 && !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(still_packed(encoding)),
        _ => Ok(body.into_bytes()),
    }
}

fn still_packed(encoding: &HeaderValue) -> ExchangeError {
    let encoding = shown(&String::from_utf8_lossy(encoding.as_bytes()));
    ExchangeError::new(ErrorKind::Decode, format!("the body is packed as `{encoding}`; one of gzip, deflate, br and zstd can be unpacked"))
}

/// The beginning of a body that nobody asked for: it helps to understand a failure, but must not
/// cause another one.
async fn short_body(response: &mut Response) -> Bytes {
    let mut body = Body::default();
    while let Ok(Some(mut chunk)) = response.chunk().await {
        let room = usize::try_from(limits::ERROR_BODY_BYTES).unwrap_or(usize::MAX).saturating_sub(body.len());
        chunk.truncate(room);
        if chunk.is_empty() {
            break;
        }
        body.push(chunk, None, limits::ERROR_BODY_BYTES);
    }
    body.into_bytes()
}

/// Beyond so many bytes a body takes its room in few steps, since each step holds it twice.
const LARGE_BODY: usize = 1 << 20;
/// Room that such a step takes at least, where the limit allows it.
const USUAL_MOST: usize = limits::BODY_BYTES as usize;

/// Chunks as one text; a body that came as one chunk, as small ones do, is not copied.
#[derive(Default)]
struct Body {
    only: Bytes,
    all: BytesMut,
}

impl Body {
    fn len(&self) -> usize {
        self.only.len() + self.all.len()
    }

    fn push(&mut self, chunk: Bytes, announced: Option<u64>, max_bytes: u64) {
        if self.len() == 0 {
            self.only = chunk;
            return;
        }
        if self.all.is_empty() {
            // Room takes no memory before it is filled, so an announcement, which is within the limit,
            // may be believed: growing step by step would hold the body twice.
            let expected = announced.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            self.all.reserve(expected.max(self.only.len() + chunk.len()));
            self.all.extend_from_slice(&std::mem::take(&mut self.only));
        }
        if self.all.capacity() - self.all.len() < chunk.len() && self.all.len() > LARGE_BODY {
            // The same for a body without an announcement, once it is clear that it is large.
            let room = usize::try_from(max_bytes).unwrap_or(usize::MAX).saturating_sub(self.all.len());
            self.all.reserve(room.min(self.all.len().max(USUAL_MOST)).max(chunk.len()));
        }
        self.all.extend_from_slice(&chunk);
    }

    fn into_bytes(self) -> Bytes {
        if self.all.is_empty() { self.only } else { self.all.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_takes_its_room_once() {
        let (chunk, most) = (Bytes::from(vec![b'x'; 64 << 10]), 8 << 20);
        let mut body = Body::default();
        let mut rooms: Vec<usize> = Vec::new();
        for _ in 0..100 {
            body.push(chunk.clone(), None, most);
            rooms.push(body.all.capacity());
        }
        rooms.dedup();
        let large: Vec<_> = rooms.into_iter().filter(|room| *room > 2 * LARGE_BODY).collect();
        assert!(matches!(large[..], [room] if room as u64 >= most), "{large:?}");
        assert_eq!(body.into_bytes().len(), 100 * chunk.len());
    }
}
