//! HTTP exchanges against servers that send exactly the bytes they are told to.

use super::certificate::Certificate;
use super::client::{ConnectSettings, HttpClients, HttpVersion, TlsSettings};
use super::http::HttpRequest;
use super::status::StatusSet;
use super::testing::{Reply, Server, keep, raw, serve, test_file};
use super::{Answer, ExchangeError};
use crate::base::error_kind::ErrorKind;
use crate::base::secret::Secret;
use crate::base::time::SystemClock;
use std::sync::{Arc, Mutex};
use std::time::Duration;

async fn exchange(request: &HttpRequest) -> Result<Answer, ExchangeError> {
    HttpClients::new().exchange(request, &SystemClock).await
}

/// The kind and the message of a failure, ports as `PORT`.
async fn failure(request: &HttpRequest) -> (ErrorKind, String) {
    let error = exchange(request).await.unwrap_err();
    let port = request.url.parsed().unwrap().port().unwrap_or(0);
    (error.kind, error.message.replace(&format!(":{port}"), ":PORT"))
}

async fn failure_of(reply: Reply) -> (ErrorKind, String) {
    failure(&HttpRequest::get(Server::start(vec![reply]).url("/"))).await
}

fn with_connect(url: String, connect: ConnectSettings) -> HttpRequest {
    HttpRequest { connect: Arc::new(connect), ..HttpRequest::get(url) }
}

#[tokio::test]
async fn the_answer_holds_what_the_server_said() {
    let server = Server::start(vec![keep("200 Fine", "X-One: a\r\nX-One: b\r\n", "{}")]);
    let mut request = HttpRequest::get(server.url("/a?b=c#part").replace("127.0.0.1", "us%40er:pass@127.0.0.1"));
    request.headers.push(("X-Key".to_owned(), Secret::new("geheim ü")));
    let answer = exchange(&request).await.unwrap();
    assert_eq!((answer.status, answer.body.as_ref(), answer.url), (Some(200), b"{}".as_ref(), server.url("/a?b=c")));
    assert!(answer.headers.iter().take(2).eq([("x-one", "a".into()), ("x-one", "b".into())]));
    assert!(answer.elapsed > Duration::ZERO && answer.ended > jiff::Timestamp::UNIX_EPOCH);
    let sent = &server.requests()[0];
    assert!(sent.starts_with("GET /a?b=c HTTP/1.1\r\n") && sent.contains("x-key: geheim ü\r\n"), "{sent}");
    assert!(sent.contains("authorization: Basic dXNAZXI6cGFzcw==\r\n") && sent.contains("accept: */*\r\n"), "{sent}");
    assert!(sent.contains(concat!("user-agent: engine/", env!("CARGO_PKG_VERSION"))), "{sent}");
}

#[tokio::test]
async fn connections_are_kept_and_a_body_is_sent() {
    let server = Server::start(vec![keep("200 OK", "", "ok")]);
    let clients = HttpClients::new();
    let request = HttpRequest { method: "POST".into(), body: Some("[1]".into()), ..HttpRequest::get(server.url("/")) };
    for _ in 0..3 {
        clients.exchange(&request, &SystemClock).await.unwrap();
    }
    assert_eq!(server.n_connections(), 1);
    assert!(server.requests()[2].ends_with("\r\n\r\n[1]"));
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_no_failure() {
    let server = Server::start(vec![keep("200 OK", "", "one"), raw(""), keep("200 OK", "", "two")]);
    let clients = HttpClients::new();
    let request = HttpRequest::get(server.url("/"));
    clients.exchange(&request, &SystemClock).await.unwrap();
    assert_eq!(clients.exchange(&request, &SystemClock).await.unwrap().body.as_ref(), b"two");
    let server = Server::start(vec![raw("")]);
    let post = HttpRequest { method: "POST".into(), ..HttpRequest::get(server.url("/")) };
    assert_eq!(failure(&post).await.1, "the server closed the connection before it answered");
    assert_eq!(server.requests().len(), 1, "what may change something is sent once");
}

#[tokio::test]
async fn unwanted_statuses_are_errors_that_hold_the_answer() {
    let server = Server::start(vec![keep("503 Whatever", "Retry-After: 2\r\n", "busy")]);
    let mut request = HttpRequest::get(server.url("/"));
    let error = exchange(&request).await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::HttpStatus, "HTTP 503 Service Unavailable, expected 200-299"));
    let answer = error.answer.unwrap();
    assert_eq!((answer.status, answer.body.as_ref(), answer.header("retry-after")), (Some(503), b"busy".as_ref(), Some("2")));
    assert!(answer.elapsed > Duration::ZERO);
    request.empty_status = Arc::new(StatusSet::of([(503, 503)]));
    assert_eq!(exchange(&request).await.unwrap().status, Some(503));
}

#[tokio::test]
async fn the_body_of_an_error_is_cut_and_that_of_an_answer_is_refused() {
    let large = "x".repeat(100_000);
    let server = Server::start(vec![keep("500 E", "", &large), keep("200 OK", "", &large)]);
    let error = exchange(&HttpRequest::get(server.url("/"))).await.unwrap_err();
    assert_eq!(error.answer.unwrap().body.len(), 64 << 10);
    let request = HttpRequest { max_bytes: 64 << 10, ..HttpRequest::get(server.url("/")) };
    assert_eq!(failure(&request).await, (ErrorKind::TooLarge, "the body is larger than 64 KiB (max_bytes)".to_owned()));
    let exact = HttpRequest { max_bytes: 100_000, ..request };
    assert_eq!(exchange(&exact).await.unwrap().body.len(), 100_000);
}

/// "hello hello hello hello hello\n"
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\xc0\x4e\x72\x01\x00\x68\x02\x31\x66\x1e\x00\x00\x00";

#[tokio::test]
async fn bodies_are_unpacked_once_and_counted_unpacked() {
    let packed = |encoding: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n", GZIP.len());
        raw([head.as_bytes(), GZIP].concat())
    };
    let server = Server::start(vec![packed("gzip")]);
    let request = HttpRequest::get(server.url("/"));
    assert_eq!(exchange(&request).await.unwrap().body.as_ref(), b"hello hello hello hello hello\n");
    assert_eq!(failure(&HttpRequest { max_bytes: 29, ..request }).await.0, ErrorKind::TooLarge);
    let twice = "the body is packed as `gzip, gzip`; one of gzip, deflate, br and zstd can be unpacked";
    assert_eq!(failure_of(packed("gzip, gzip")).await, (ErrorKind::Decode, twice.to_owned()));
    let (kind, message) = failure_of(raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")).await;
    assert!(kind == ErrorKind::Decode && message.starts_with("the body cannot be unpacked"), "{message}");
}

#[tokio::test]
async fn broken_answers_have_their_names() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cases = [
        (raw("SSH-2.0-OpenSSH_9.2p1\r\n"), ErrorKind::Connect, "the answer is not HTTP: invalid HTTP version parsed"),
        (raw(""), ErrorKind::Connect, "the server closed the connection before it answered"),
        (raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), ErrorKind::Connect, "the body ended early: 4 of 9 bytes"),
        (raw(format!("{chunked}2\r\n{{}}\r\n")), ErrorKind::Connect, "the body ended early, after 2 bytes"),
        (raw(format!("{chunked}zz\r\n")), ErrorKind::Connect, "the body is not valid HTTP: Invalid chunk size line: missing size digit"),
        (
            raw("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
            ErrorKind::HttpStatus,
            "HTTP 101 Switching Protocols, which nobody asked for",
        ),
        (raw("HTTP/1.1 304 X\r\n\r\n"), ErrorKind::HttpStatus, "HTTP 304 Not Modified, expected 200-299"),
        (keep("200 OK", &"X: y\r\n".repeat(200), ""), ErrorKind::TooLarge, "more than 100 headers or 64 KiB of them"),
        (keep("200 OK", &format!("X: {}\r\n", "y".repeat(70_000)), ""), ErrorKind::TooLarge, "more than 100 headers or 64 KiB of them"),
    ];
    for (reply, kind, message) in cases {
        assert_eq!(failure_of(reply).await, (kind, message.to_owned()));
    }
}

#[tokio::test]
async fn one_limit_holds_for_the_whole_exchange() {
    let cases = [
        (Reply::Hang, "timed out after 50ms: no answer from 127.0.0.1:PORT"),
        (Reply::Keep("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".into()), "timed out after 50ms while reading the body"),
    ];
    let hurried = |reply| HttpRequest { timeout: Duration::from_millis(50), ..HttpRequest::get(Server::start(vec![reply]).url("/")) };
    for (reply, message) in cases {
        assert_eq!(failure(&hurried(reply)).await, (ErrorKind::Timeout, message.to_owned()));
    }
    // Where the status has said it all, the body is no more waited for than that.
    let refused = Reply::Keep("HTTP/1.1 500 OK\r\nContent-Length: 9\r\n\r\nhalf".into());
    let words = "HTTP 500 Internal Server Error, expected 200-299";
    assert_eq!(failure(&hurried(refused)).await, (ErrorKind::HttpStatus, words.to_owned()));
}

#[tokio::test]
async fn places_that_cannot_be_reached_are_named() {
    let cases = [
        ("http://u:geheim@127.0.0.1:1/?t=geheim", ErrorKind::Connect, "connection refused by 127.0.0.1:PORT"),
        ("http://[::1]:1/", ErrorKind::Connect, "connection refused by [::PORT]:PORT"),
        ("http://nohost.invalid/", ErrorKind::Dns, "no address found for `nohost.invalid`"),
        ("http://169.254.169.254/", ErrorKind::Connect, "169.254.169.254 is a link-local address, which is never asked"),
        ("ftp://127.0.0.1/", ErrorKind::Connect, "the URL's scheme is `ftp`, neither http nor https"),
    ];
    for (url, kind, message) in cases {
        assert_eq!(failure(&HttpRequest::get(url)).await, (kind, message.to_owned()), "{url}");
    }
    let error = exchange(&HttpRequest::get("/health")).await.unwrap_err();
    assert_eq!(error.message, "the URL cannot be read: relative URL without a base");
}

#[tokio::test]
async fn headers_that_cannot_be_sent_are_named_without_their_value() {
    let mut request = HttpRequest::get("http://127.0.0.1:1/");
    request.headers = vec![("X-Key".to_owned(), Secret::new("geheim\r\nX-Other: 1"))];
    assert_eq!(failure(&request).await.1, "the header `X-Key` has control characters in its value");
    request.headers = vec![("X Key\n".to_owned(), Secret::new("geheim"))];
    assert_eq!(failure(&request).await.1, "the header `X Key\\n` has characters in its name that no header may have");
    let request = HttpRequest { method: "G T".into(), ..HttpRequest::get("http://u:geheim@127.0.0.1:1/") };
    assert_eq!(failure(&request).await.1, "`G T` is no HTTP method");
    assert!(!format!("{request:?}").contains("geheim"));
}

#[tokio::test]
async fn redirects_are_followed_and_foreign_hosts_get_nothing_configured() {
    let foreign = Server::start(vec![keep("200 OK", "", "landed")]);
    let to_foreign = format!("Location: http://localhost:{}/x?a=1\r\n", foreign.port);
    let server = Server::start(vec![keep("308 P", "Location: b\r\n", ""), keep("307 T", &to_foreign, "")]);
    let mut request = HttpRequest { method: "POST".into(), body: Some("geheim".into()), ..HttpRequest::get(server.url("/a")) };
    request.headers.push(("X-Key".to_owned(), Secret::new("geheim")));
    let answer = exchange(&request).await.unwrap();
    assert_eq!(answer.url, format!("http://localhost:{}/x?a=1", foreign.port));
    assert!(server.requests()[1].starts_with("POST /b ") && server.requests()[1].contains("x-key"));
    assert!(foreign.requests()[0].starts_with("GET /x?a=1 ") && !foreign.requests()[0].contains("geheim"), "{}", foreign.requests()[0]);
    request.follow_redirects = false;
    assert_eq!(exchange(&request).await.unwrap_err().answer.unwrap().status, Some(307));
}

#[tokio::test]
async fn redirects_have_an_end() {
    let server = Server::start(vec![keep("302 F", "Location: /\r\n", "")]);
    assert_eq!(failure(&HttpRequest::get(server.url("/"))).await, (ErrorKind::Limit, "more than 3 redirects".to_owned()));
    assert_eq!(server.requests().len(), 4);
    let (kind, message) = failure_of(keep("302 F", "Location: http://0xa9fea9fe/k?t=geheim\r\n", "")).await;
    let refused = "HTTP 302 Found: the redirect to `http://169.254.169.254/k?t=****` is refused: 169.254.169.254 is a link-local address, which is never asked";
    assert_eq!((kind, message.as_str()), (ErrorKind::HttpStatus, refused));
}

#[tokio::test]
async fn sockets_serve_in_place_of_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let settings = ConnectSettings { unix_socket: Some(path.clone()), ..ConnectSettings::default() };
    let request = with_connect("http://docker/info".to_owned(), settings);
    assert_eq!(failure(&request).await.1, format!("the socket {} does not exist", path.display()));
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let away = keep("302 F", "Location: http://other/\r\n", "");
    std::thread::spawn(move || serve(listener.accept().unwrap().0, &Mutex::default(), &[keep("200 OK", "", "up"), away]));
    let clients = HttpClients::new();
    assert_eq!(clients.exchange(&request, &SystemClock).await.unwrap().body.as_ref(), b"up");
    let error = clients.exchange(&request, &SystemClock).await.unwrap_err();
    assert!(error.message.ends_with("another host, while requests go through a socket"), "{error}");
}

#[tokio::test]
async fn proxies_get_the_whole_url() {
    let proxy = Server::start(vec![keep("200 OK", "", "through")]);
    let settings = ConnectSettings { proxy: Some(Secret::new(proxy.url("/").replace("127", "u:pw@127"))), ..ConnectSettings::default() };
    let answer = exchange(&with_connect("http://elsewhere.invalid/x".to_owned(), settings)).await.unwrap();
    assert_eq!(answer.body.as_ref(), b"through");
    let sent = &proxy.requests()[0];
    assert!(sent.starts_with("GET http://elsewhere.invalid/x HTTP/1.1") && sent.contains("proxy-authorization: Basic dTpwdw=="), "{sent}");
}

#[tokio::test]
async fn http_2_is_spoken_from_the_first_byte() {
    let frames = [b"\0\0\0\x04\0\0\0\0\0".as_ref(), b"\0\0\x01\x01\x04\0\0\0\x01\x88", b"\0\0\x02\0\x01\0\0\0\x01ok"].concat();
    // The preface looks like a request to this server.
    let server = Server::start(vec![Reply::Keep(frames), Reply::Hang]);
    let settings = ConnectSettings { http_version: HttpVersion::Two, ..ConnectSettings::default() };
    assert_eq!(exchange(&with_connect(server.url("/"), settings)).await.unwrap().body.as_ref(), b"ok");
}

fn tls(change: impl FnOnce(&mut TlsSettings)) -> ConnectSettings {
    let mut tls = TlsSettings { ca_file: Some(test_file("ca.pem")), ..TlsSettings::default() };
    change(&mut tls);
    ConnectSettings { tls, ..ConnectSettings::default() }
}

async fn tls_result(server: &Server, host: &str, settings: ConnectSettings) -> String {
    match exchange(&with_connect(format!("https://{host}:{}/", server.port), settings)).await {
        Ok(answer) => String::from_utf8_lossy(&answer.body).into_owned(),
        Err(error) => error.message.replace(&format!(":{}", server.port), ":PORT"),
    }
}

#[tokio::test]
async fn certificates_are_checked_and_refusals_explained() {
    let ok = || vec![keep("200 OK", "", "ok")];
    let good = Server::start_tls("leaf.pem", false, ok());
    assert_eq!(tls_result(&good, "localhost", tls(|_| {})).await, "ok");
    assert_eq!(tls_result(&good, "127.0.0.1", tls(|_| {})).await, "ok");
    let other_authority = tls(|tls| tls.ca_file = Some(test_file("self.pem")));
    let unknown =
        "certificate of `localhost` has an unknown issuer (add its authority as `ca_cert` of `tls`, or `tls_ca_cert` of the instance)";
    assert_eq!(tls_result(&good, "localhost", other_authority).await, unknown);
    let renamed = tls(|tls| tls.server_name = Some("db.example".to_owned()));
    assert_eq!(tls_result(&good, "localhost", renamed).await, "certificate of `db.example` is for another name: localhost, 127.0.0.1");
    let by_name = tls(|tls| tls.server_name = Some("localhost".to_owned()));
    assert_eq!(tls_result(&good, "127.0.0.1", by_name).await, "ok");
    let expired = Server::start_tls("expired.pem", false, ok());
    assert_eq!(tls_result(&expired, "localhost", tls(|_| {})).await, "certificate of `localhost` has expired on 2020-02-01");
    let unchecked = tls(|tls| (tls.verify, tls.ca_file) = (false, None));
    assert_eq!(tls_result(&expired, "localhost", unchecked).await, "ok");
    let own = Server::start_tls("self.pem", false, ok());
    assert_eq!(tls_result(&own, "localhost", tls(|tls| tls.ca_file = Some(test_file("self.pem")))).await, "ok");
    let plain = Server::start(vec![raw("HTTP/1.1 400 plain\r\n\r\n")]);
    let settings = ConnectSettings { connect_timeout: Duration::from_millis(50), ..tls(|_| {}) };
    assert_eq!(tls_result(&plain, "localhost", settings).await, "timed out after 50ms (connecting to localhost:PORT)");
}

#[tokio::test]
async fn a_certificate_tells_whose_it_is_and_how_long_it_lasts() {
    let expired = Server::start_tls("expired.pem", false, vec![keep("200 OK", "", "ok")]);
    let unchecked = tls(|tls| (tls.verify, tls.ca_file) = (false, None));
    let answer = exchange(&with_connect(format!("https://localhost:{}/", expired.port), unchecked)).await.unwrap();
    let certificate = Certificate::read(&answer.certificate.unwrap()).unwrap();
    assert_eq!(certificate.not_after.to_string(), "2020-02-01T00:00:00Z");
    assert_eq!(certificate.days_left("2020-02-02T12:00:00Z".parse().unwrap()), -1.5);
    assert!(certificate.subject.starts_with("CN=") && certificate.issuer.starts_with("CN="), "{certificate:?}");
    assert_eq!(Certificate::read(b"no certificate"), None);
    let plain = Server::start(vec![keep("200 OK", "", "ok")]);
    assert!(exchange(&HttpRequest::get(plain.url("/"))).await.unwrap().certificate.is_none());
}

#[tokio::test]
async fn client_certificates_prove_who_we_are() {
    let server = Server::start_tls("leaf.pem", true, vec![keep("200 OK", "", "ok")]);
    let settings = tls(|tls| (tls.cert_file, tls.key_file) = (Some(test_file("leaf.pem")), Some(test_file("leaf.key"))));
    assert!(settings.for_strangers().tls.cert_file.is_none());
    assert_eq!(tls_result(&server, "localhost", settings).await, "ok");
    assert_eq!(tls_result(&server, "localhost", tls(|_| {})).await, "localhost:PORT demands a client certificate");
}

#[tokio::test]
async fn nobody_is_led_down_from_https() {
    let server = Server::start_tls("leaf.pem", false, vec![keep("302 F", "Location: http://localhost/\r\n", "")]);
    let message = "HTTP 302 Found: the redirect to `http://localhost/` is refused: a step down from https to http";
    assert_eq!(tls_result(&server, "localhost", tls(|_| {})).await, message);
}
