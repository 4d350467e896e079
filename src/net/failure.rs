//! Errors of the libraries below, as one sentence that an operator understands.
//!
//! The libraries wrap causes up to six levels deep ("error sending request", "client error
//! (Connect)", "tcp connect error", …) and put the URL with its query into the outermost one.
//! Here the whole chain is searched for the innermost known cause; no text of a library is shown
//! where the cause is known, and none that could hold a URL ever.

use super::address::{NoAddress, RefusedAddress};
use super::{ExchangeError, words};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::print::{cut, one_line};
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;
use std::path::Path;
use url::Url;

/// Where a request was sent, for the message.
pub struct Target<'a> {
    /// The URL asked.
    pub url: &'a Url,
    /// The socket, where there is one.
    pub unix_socket: Option<&'a Path>,
    /// Whether a proxy stands in between.
    pub proxied: bool,
    /// For a limit on connecting that was reached.
    pub connect_timeout: std::time::Duration,
}

impl Target<'_> {
    /// The socket, or host and port.
    pub fn place(&self) -> String {
        match self.unix_socket {
            Some(path) => format!("the socket {}", one_line(&path.to_string_lossy())),
            None => words::place(self.url),
        }
    }

    fn whom(&self) -> String {
        if self.proxied { format!("{} (or the proxy before it)", self.place()) } else { self.place() }
    }
}

/// A request that got no answer.
pub fn without_answer(error: &reqwest::Error, target: &Target<'_>) -> ExchangeError {
    let of = |kind, message: String| ExchangeError::new(kind, message);
    if let Some(refused) = find::<RefusedAddress>(error) {
        return of(ErrorKind::Connect, format!("{} ({})", refused, words::place(target.url)));
    }
    if let Some(nowhere) = find::<NoAddress>(error) {
        return of(ErrorKind::Dns, format!("no address found for `{}`", one_line(&nowhere.host)));
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return of(ErrorKind::Tls, tls_words(tls, target));
    }
    if error.is_connect() && error.is_timeout() {
        return of(
            ErrorKind::Timeout,
            format!("timed out after {} (connecting to {})", words::time(target.connect_timeout), target.whom()),
        );
    }
    if let Some(tunnel) = causes(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error: ")) {
        return of(
            ErrorKind::Connect,
            format!("the proxy does not let us through: {}", one_line(tunnel.trim_start_matches("tunnel error: "))),
        );
    }
    if let Some(io) = find::<io::Error>(error) {
        return of(connection_kind(io), connection_words(io, target, error.is_connect()));
    }
    match find::<hyper::Error>(error) {
        Some(hyper) => protocol_failure(hyper),
        None => of(ErrorKind::Connect, bare_words(error)),
    }
}

/// The library's own words, if they are about a cause and not about the URL.
fn bare_words(error: &reqwest::Error) -> String {
    let cause = error.source().map(words::last_cause);
    cause.unwrap_or_else(|| "the request could not be sent".to_owned())
}

/// Whether the server hung up before it said anything: what a kept connection looks like when the
/// server closed it at the moment of the request.
pub fn is_hang_up(error: &reqwest::Error) -> bool {
    let reset = find::<io::Error>(error).is_some_and(|io| matches!(io.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe));
    let closed = find::<hyper::Error>(error).is_some_and(|hyper| hyper.is_incomplete_message() || hyper.is_canceled());
    !error.is_connect() && (reset || closed)
}

fn protocol_failure(error: &hyper::Error) -> ExchangeError {
    let text = error.to_string();
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return ExchangeError::new(ErrorKind::Connect, "the server closed the connection before it answered");
    }
    // The library tells this one apart by its text only; the tests here notice when it changes.
    if text == "message head is too large" {
        return headers_too_large();
    }
    let detail = if error.is_parse() { text } else { words::last_cause(error) };
    ExchangeError::new(ErrorKind::Connect, format!("the answer is not HTTP: {}", one_line(&detail)))
}

/// More headers than [`limits::HEADERS`] or [`limits::HEADER_BYTES`].
pub fn headers_too_large() -> ExchangeError {
    let most = words::size(limits::HEADER_BYTES as u64);
    ExchangeError::new(ErrorKind::TooLarge, format!("more than {} headers or {most} of them", limits::HEADERS))
}

/// An answer whose body broke off; `received` and `announced` are bytes.
pub fn within_body(error: &reqwest::Error, received: usize, announced: Option<u64>) -> ExchangeError {
    let io = find::<io::Error>(error);
    if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionReset) {
        return ExchangeError::new(ErrorKind::Connect, "the connection was reset while the body was read");
    }
    let transport = find::<hyper::Error>(error);
    let early =
        io.is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof) || transport.is_some_and(hyper::Error::is_incomplete_message);
    let detail = one_line(&words::last_cause(error));
    match (transport, announced) {
        (Some(_), Some(announced)) if early => {
            ExchangeError::new(ErrorKind::Connect, format!("the body ended early: {received} of {announced} bytes"))
        }
        (Some(_), None) if early => {
            ExchangeError::new(ErrorKind::Connect, format!("the body ended early, after {}", words::size(received as u64)))
        }
        (Some(_), _) => ExchangeError::new(ErrorKind::Connect, format!("the body is not valid HTTP: {detail}")),
        (None, _) => ExchangeError::new(ErrorKind::Decode, format!("the body cannot be unpacked: {detail}")),
    }
}

fn connection_kind(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::TimedOut => ErrorKind::Timeout,
        _ => ErrorKind::Connect,
    }
}

fn connection_words(error: &io::Error, target: &Target<'_>, connecting: bool) -> String {
    let whom = target.whom();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("connection refused by {whom}"),
        io::ErrorKind::ConnectionReset if connecting => format!("the connection was reset by {whom} while it was made"),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => format!("the connection was reset by {whom}"),
        io::ErrorKind::UnexpectedEof if connecting => format!("{whom} closed the connection while it was made"),
        io::ErrorKind::UnexpectedEof => "the server closed the connection before it answered".to_owned(),
        io::ErrorKind::TimedOut => format!("timed out (connecting to {whom})"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => format!("no route to {whom}"),
        io::ErrorKind::AddrNotAvailable => format!("no free local port or address to connect to {whom}"),
        io::ErrorKind::PermissionDenied => format!("not allowed to connect to {whom}"),
        io::ErrorKind::NotFound => format!("{whom} does not exist"),
        _ => format!("no connection to {whom}: {}", io_words(error)),
    }
}

/// An error of the system in its own words, without "(os error 2)".
pub fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            let bare = text.split(" (os error").next().unwrap_or(&text);
            one_line(&first_lower(bare))
        }
    }
}

fn first_lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn tls_words(error: &rustls::Error, target: &Target<'_>) -> String {
    let place = target.place();
    match error {
        rustls::Error::InvalidCertificate(why) => certificate_words(why, target),
        rustls::Error::InvalidMessage(_) => format!("{place} does not speak TLS"),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => format!("{place} demands a client certificate"),
        rustls::Error::AlertReceived(alert) => format!("{place} ended the TLS handshake: {alert:?}"),
        rustls::Error::PeerIncompatible(_) => format!("{place} speaks no TLS version or cipher that is safe enough (TLS 1.2 at least)"),
        rustls::Error::NoCertificatesPresented => format!("{place} shows no certificate"),
        other => format!("the TLS handshake with {place} failed: {}", one_line(&cut(&other.to_string(), 200))),
    }
}

fn certificate_words(error: &CertificateError, target: &Target<'_>) -> String {
    let host = one_line(target.url.host_str().unwrap_or("?"));
    let certificate = format!("certificate of `{host}`");
    match error {
        CertificateError::Expired => format!("{certificate} has expired"),
        CertificateError::ExpiredContext { not_after, .. } => format!("{certificate} has expired{}", day(not_after.as_secs(), " on ")),
        CertificateError::NotValidYet => format!("{certificate} is not valid yet"),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("{certificate} is not valid before{}", day(not_before.as_secs(), " "))
        }
        CertificateError::UnknownIssuer => {
            format!("{certificate} has an unknown issuer (add its authority as `ca_cert` of `tls`, or `tls_ca_cert` of the instance)")
        }
        CertificateError::NotValidForName => format!("{certificate} is for another name"),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().map(|name| plain_name(name)).collect();
            let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
            format!("certificate of `{}` is for another name: {}", one_line(&expected.to_str()), one_line(&cut(&names, 120)))
        }
        CertificateError::Revoked => format!("{certificate} was revoked"),
        CertificateError::BadSignature => format!("{certificate} has a wrong signature"),
        CertificateError::Other(other) if other.0.to_string() == "CaUsedAsEndEntity" => {
            format!("{certificate} is self-signed (add it as `ca_cert` of `tls`, or `tls_ca_cert` of the instance)")
        }
        other => format!("{certificate} is not accepted: {}", one_line(&cut(&other.to_string(), 200))),
    }
}

/// The name within `DnsName("example.org")`, the address within `IpAddress(127.0.0.1)`.
fn plain_name(presented: &str) -> &str {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(presented).trim_matches('"')
}

fn day(seconds: u64, before: &str) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map(|time| format!("{before}{}", time.strftime("%Y-%m-%d"))).unwrap_or_default()
}

/// All causes of an error, outermost first.
///
/// An I/O error made of another error hides that one from `source`, so it is looked into.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner as &(dyn Error + 'static)),
        None => error.source(),
    })
    // No chain is that long; a loop must not hang us.
    .take(32)
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).filter_map(|cause| cause.downcast_ref::<E>()).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_hidden_in_io_errors_are_found() {
        let inner = io::Error::other(NoAddress { host: "x".into() });
        let outer = io::Error::other(inner);
        assert!(find::<NoAddress>(&outer).is_some());
    }

    #[test]
    fn certificates_are_refused_in_words() {
        let url = Url::parse("https://example.org/").unwrap();
        let target = Target { url: &url, unix_socket: None, proxied: false, connect_timeout: std::time::Duration::from_secs(1) };
        let words = |error: CertificateError| certificate_words(&error, &target);
        assert_eq!(words(CertificateError::Expired), "certificate of `example.org` has expired");
        assert_eq!(plain_name("DnsName(\"elsewhere.invalid\")"), "elsewhere.invalid");
        assert_eq!(
            words(CertificateError::UnknownIssuer),
            "certificate of `example.org` has an unknown issuer (add its authority as `ca_cert` of `tls`, or `tls_ca_cert` of the instance)"
        );
    }

    #[test]
    fn system_errors_read_without_their_numbers() {
        assert_eq!(io_words(&io::Error::from_raw_os_error(24)), "too many open files");
        assert_eq!(io_words(&io::Error::from_raw_os_error(2)), "no such file or folder");
    }
}
