//! Digests and signatures against servers that send exactly the bytes they are told to.

use super::client::{ConnectSettings, HttpClients, TlsSettings};
use super::digest::DigestLogin;
use super::http::HttpRequest;
use super::login::Login;
use super::sigv4::SigV4;
use super::testing::{Reply, Server, keep, test_file};
use crate::base::error_kind::ErrorKind;
use crate::base::secret::Secret;
use crate::base::time::SystemClock;
use std::sync::Arc;

fn digest(url: String) -> HttpRequest {
    let login = DigestLogin { username: Secret::new("u"), password: Secret::new("p") };
    HttpRequest { login: Login::Digest(Arc::new(login)), ..HttpRequest::get(url) }
}

fn challenge(nonce: &str, more: &str) -> Reply {
    keep("401 Unauthorized", &format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\"{more}\r\n"), "no")
}

/// The nonce and the count of every request; empty for bare ones.
fn responses(server: &Server) -> Vec<String> {
    let part =
        |line: &str, from: &str, to: char| line.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(v, _)| v.to_owned());
    let of = |request: &String| {
        let line = request.lines().find(|line| line.starts_with("authorization: Digest "))?;
        Some(format!("{} {}", part(line, "nonce=\"", '"')?, part(line, "nc=", ',')?))
    };
    server.requests().iter().map(|request| of(request).unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_challenge_is_met_once_and_its_nonce_is_used_again() {
    let server = Server::start(vec![challenge("one", ""), keep("200 OK", "", "in")]);
    let clients = HttpClients::new();
    let request = HttpRequest { method: "POST".into(), body: Some("{}".into()), ..digest(server.url("/a?b=c")) };
    for _ in 0..3 {
        assert_eq!(clients.exchange(&request, &SystemClock).await.unwrap().body.as_ref(), b"in");
    }
    assert_eq!(responses(&server), ["", "one 00000001", "one 00000002", "one 00000003"]);
    assert!(server.requests().iter().all(|request| request.starts_with("POST /a?b=c ") && request.ends_with("{}")));
}

#[tokio::test]
async fn a_nonce_that_is_too_old_is_renewed_once() {
    let ok = || keep("200 OK", "", "in");
    let server = Server::start(vec![challenge("one", ""), ok(), challenge("two", ", stale=true"), ok()]);
    let clients = HttpClients::new();
    for _ in 0..2 {
        clients.exchange(&digest(server.url("/")), &SystemClock).await.unwrap();
    }
    assert_eq!(responses(&server), ["", "one 00000001", "one 00000002", "two 00000001"]);
}

#[tokio::test]
async fn a_wrong_password_asks_twice_and_no_more() {
    let server = Server::start(vec![challenge("one", ""), challenge("two", "")]);
    let error = HttpClients::new().exchange(&digest(server.url("/")), &SystemClock).await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::HttpStatus, "HTTP 401 Unauthorized, expected 200-299"));
    assert_eq!(error.answer.and_then(|answer| answer.status), Some(401));
    assert_eq!(responses(&server), ["", "one 00000001"]);
}

#[tokio::test]
async fn a_server_that_wants_another_scheme_gets_no_response() {
    let server = Server::start(vec![keep("401 Unauthorized", "WWW-Authenticate: Basic realm=\"r\"\r\n", "no")]);
    HttpClients::new().exchange(&digest(server.url("/")), &SystemClock).await.unwrap_err();
    assert_eq!(responses(&server), [""]);
}

#[tokio::test]
async fn a_digest_follows_to_the_same_host_and_never_to_another() {
    let stranger = Server::start(vec![challenge("lure", "")]);
    let away = keep("302 Found", &format!("Location: {}\r\n", stranger.url("/")), "");
    let home = Server::start(vec![challenge("one", ""), keep("302 Found", "Location: /b\r\n", ""), away]);
    HttpClients::new().exchange(&digest(home.url("/")), &SystemClock).await.unwrap_err();
    assert_eq!(responses(&home), ["", "one 00000001", "one 00000002"]);
    assert_eq!(responses(&stranger), [""]);
}

#[tokio::test]
async fn a_signature_is_made_for_each_hop_at_home_and_never_for_another_host() {
    let stranger = Server::start(vec![keep("200 OK", "", "")]);
    let away = keep("302 Found", &format!("Location: {}\r\n", stranger.url("/")), "");
    let home = Server::start(vec![keep("302 Found", "Location: /b\r\n", ""), away]);
    let keys = SigV4 {
        access_key: "AKID".to_owned(),
        secret_key: Secret::new("s"),
        session_token: Some(Secret::new("temporary")),
        region: "eu-west-1".to_owned(),
        service: "es".to_owned(),
    };
    let request = HttpRequest { login: Login::SigV4(Arc::new(keys)), ..HttpRequest::get(home.url("/a")) };
    HttpClients::new().exchange(&request, &SystemClock).await.unwrap();
    let signature = |request: &String| request.split_once("Signature=").map(|(_, rest)| rest.lines().next().unwrap_or_default().to_owned());
    let at_home: Vec<_> = home.requests().iter().filter_map(signature).collect();
    assert!(at_home.len() == 2 && at_home[0] != at_home[1], "{at_home:?}");
    let foreign = &stranger.requests()[0];
    assert!(!foreign.contains("Signature") && !foreign.contains("x-amz"), "{foreign}");
}

#[tokio::test]
async fn a_digest_works_together_with_a_client_certificate() {
    let server = Server::start_tls("leaf.pem", true, vec![challenge("one", ""), keep("200 OK", "", "in")]);
    let tls = TlsSettings {
        ca_file: Some(test_file("ca.pem")),
        cert_file: Some(test_file("leaf.pem")),
        key_file: Some(test_file("leaf.key")),
        ..TlsSettings::default()
    };
    let request = HttpRequest {
        connect: Arc::new(ConnectSettings { tls, ..ConnectSettings::default() }),
        ..digest(format!("https://localhost:{}/", server.port))
    };
    assert_eq!(HttpClients::new().exchange(&request, &SystemClock).await.unwrap().body.as_ref(), b"in");
}
