//! The status over HTTP: on an address of the loopback, and on the local socket.
//!
//! A page from elsewhere must not be able to read it through the browser of an operator. So over TCP
//! a request must name a plain address, `localhost` or a configured name as its host (a name that
//! somebody else controls could be made to point here), and none with an `Origin` is answered.

use super::{Answer, Known};
use crate::base::limits;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};

/// What every answer says to browsers.
const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
];
/// A port that is taken is tried again after this.
const AGAIN: Duration = Duration::from_secs(10);

/// Where a request came in.
#[derive(Clone, Debug)]
enum Door {
    /// From this machine's own user.
    Socket,
    /// Over TCP, with the names by which it may be asked for.
    Tcp(Arc<Vec<String>>),
}

/// Where the page is, and by which names it may be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// None for nowhere.
    pub at: Option<SocketAddr>,
    /// Names besides `localhost` and plain addresses.
    pub hosts: Vec<String>,
}

/// Serves the page where it is wanted, as long as somebody may want it elsewhere.
pub async fn serve_page(known: Arc<Known>, mut wanted: watch::Receiver<Page>) {
    loop {
        let page = wanted.borrow_and_update().clone();
        let serving = async {
            match page.at {
                Some(address) => serve_tcp(&known, address, page.hosts).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = serving => {}
            changed = wanted.changed() => if changed.is_err() { return },
        }
    }
}

/// Serves the page on an address, as soon as its port is free.
async fn serve_tcp(known: &Arc<Known>, address: SocketAddr, hosts: Vec<String>) {
    let mut told = false;
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(error) if !told => {
                tracing::warn!(target: "status", %address, %error, "there is no status page for now: `status.listen` of engine.yaml names another address, or `off`");
                told = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(AGAIN).await;
    };
    tracing::info!(target: "status", %address, "the status page is there");
    let (door, places) = (Door::Tcp(Arc::new(hosts)), Arc::new(Semaphore::new(limits::STATUS_CONNECTIONS)));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (known, door) = (known.clone(), door.clone());
                tokio::spawn(async move {
                    connection(stream, known, door).await;
                    drop(place);
                });
            }
            // Too many open files, perhaps: the checks need them more.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Opens the local socket.
///
/// # Errors
/// Another daemon answers there, or the place cannot be used.
pub fn open_socket(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    use std::os::unix::net::{UnixListener, UnixStream};
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let facts = fs::metadata(folder)?;
        let own = facts.uid() == rustix::process::geteuid().as_raw();
        // In a folder with the sticky bit others can make files, and not replace ours.
        if !own || facts.mode() & 0o022 != 0 && facts.mode() & 0o1000 == 0 {
            return Err(io::Error::other(format!("{} can be written to by others", folder.display())));
        }
    }
    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::other("another engine answers there"));
    }
    // What a killed daemon has left.
    let _ = fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves the local socket until it is closed.
pub async fn serve_socket(known: Arc<Known>, listener: std::os::unix::net::UnixListener) {
    let Ok(listener) = UnixListener::from_std(listener) else { return };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let known = known.clone();
                tokio::spawn(connection(stream, known, Door::Socket));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(stream: S, known: Arc<Known>, door: Door) {
    let service = service_fn(|request| {
        let answer = respond(&known, &door, &request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = hyper::server::conn::http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    // A client that is too slow, or went away, is nobody's business.
    let _ = tokio::time::timeout(limits::STATUS_TIME, served).await;
}

fn respond(known: &Known, door: &Door, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let header = |name: HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let refusal = match door {
        Door::Socket => None,
        Door::Tcp(hosts) => refusal(header(HOST), header(ORIGIN), hosts),
    };
    let answer = match refusal {
        _ if request.method() != Method::GET => Answer::refused(405, "only GET is answered: the status changes nothing"),
        Some(refused) => refused,
        None => match door {
            Door::Socket => known.own_answer(request.uri().path(), request.uri().query()),
            Door::Tcp(_) => known.answer(request.uri().path(), request.uri().query()),
        },
    };
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if answer.code == 405 {
        headers.insert(hyper::header::ALLOW, HeaderValue::from_static("GET"));
    }
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Why a request over TCP is not answered.
fn refusal(host: Option<&str>, origin: Option<&str>, hosts: &[String]) -> Option<Answer> {
    if origin.is_some() {
        return Some(Answer::refused(403, "requests of other pages are not answered"));
    }
    let Some(host) = host else { return Some(Answer::refused(400, "the request names no host")) };
    if is_known(host, hosts) {
        return None;
    }
    Some(Answer::refused(421, "this name is not known here: ask by address, or add it to `status.hosts` of engine.yaml"))
}

fn is_known(host: &str, hosts: &[String]) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.trim_end_matches('.');
    name.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost") || hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_answered() {
        let hosts = ["engine.example.org".to_owned()];
        for host in ["localhost", "LOCALHOST:7660", "127.0.0.1:7660", "[::1]:7660", "10.1.2.3", "engine.example.org:80"] {
            assert!(is_known(host, &hosts), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:7660", "engine.example.org.evil:1", "[evil]"] {
            assert!(!is_known(host, &hosts), "{host}");
        }
        assert_eq!(refusal(None, None, &hosts).map(|answer| answer.code), Some(400));
        assert_eq!(refusal(Some("localhost"), Some("null"), &hosts).map(|answer| answer.code), Some(403));
        assert_eq!(refusal(Some("evil.example"), None, &hosts).map(|answer| answer.code), Some(421));
        assert_eq!(refusal(Some("localhost:1"), None, &hosts), None);
    }

    #[test]
    fn a_socket_that_was_left_behind_is_taken_over_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s/engine.sock");
        let first = open_socket(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(open_socket(&path).unwrap_err().to_string().contains("another engine"));
        drop(first);
        assert!(open_socket(&path).is_ok());
    }
}
