//! The pool of HTTP clients: one per distinct way of connecting, made at its first use.
//!
//! A client costs 2.3 ms and 117 KB when it loads the system's authorities, so a client for plain
//! HTTP never touches TLS, and all checks with the same settings share one client and with it its
//! kept connections. Nothing of the environment is used: no proxy variables, no cookies, no
//! referer, no redirects (those are followed by [`super::http`], which knows what is secret).

use super::address::GuardedLookup;
use super::digest::Nonces;
use super::pulse::Pulse;
use super::trust;
pub use super::trust::TlsSettings;
use super::{ExchangeError, words};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::secret::Secret;
use reqwest::Client;
use rustls::RootCertStore;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};
use url::Url;

/// The version of HTTP that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.1, which every server speaks.
    #[default]
    One,
    /// HTTP/2 from the first byte.
    Two,
}

/// Everything that makes two connections to one place different: the key of the pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectSettings {
    /// For `https` URLs.
    pub tls: TlsSettings,
    /// `http://`, `https://` or `socks5://` URL of a proxy, with its password.
    pub proxy: Option<Secret>,
    /// A socket in place of the URL's host and port.
    pub unix_socket: Option<PathBuf>,
    /// Name look-up, connection and TLS handshake together.
    pub connect_timeout: Duration,
    /// The version of HTTP.
    pub http_version: HttpVersion,
}

impl Default for ConnectSettings {
    fn default() -> Self {
        ConnectSettings {
            tls: TlsSettings::default(),
            proxy: None,
            unix_socket: None,
            connect_timeout: limits::CONNECT_TIME,
            http_version: HttpVersion::One,
        }
    }
}

impl ConnectSettings {
    /// Settings for a place that is none of the configured server's business: without the client
    /// certificate, which is a credential, and without the name that belongs to that server.
    pub fn for_strangers(&self) -> ConnectSettings {
        let tls = TlsSettings { cert_file: None, key_file: None, server_name: None, ..self.tls.clone() };
        ConnectSettings { tls, ..self.clone() }
    }

    /// The same without what only TLS needs.
    fn for_plain(&self) -> ConnectSettings {
        ConnectSettings { tls: TlsSettings::default(), ..self.clone() }
    }

    fn proxy_speaks_tls(&self) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.reveal().starts_with("https:"))
    }
}

/// The clients of the whole process; cheap to share behind an `Arc`.
#[derive(Default)]
pub struct HttpClients {
    plain: Mutex<HashMap<Arc<ConnectSettings>, Client>>,
    tls: Mutex<HashMap<Arc<ConnectSettings>, TlsClient>>,
    system_roots: OnceLock<Arc<RootCertStore>>,
    /// For [`super::http`].
    pub(super) pulse: Pulse,
    /// For [`super::login`].
    pub(super) nonces: Nonces,
}

/// A client and the ages of the files it was made of: certificates are renewed under a running
/// process.
struct TlsClient {
    client: Client,
    ages: Vec<Option<SystemTime>>,
}

impl HttpClients {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// The client for a URL.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] for certificate files that do not work, [`ErrorKind::Connect`] for a
    /// proxy that is no URL.
    pub fn client(&self, settings: &Arc<ConnectSettings>, url: &Url) -> Result<Client, ExchangeError> {
        if url.scheme() == "https" || settings.proxy_speaks_tls() { self.tls_client(settings) } else { self.plain_client(settings) }
    }

    fn plain_client(&self, settings: &Arc<ConnectSettings>) -> Result<Client, ExchangeError> {
        let mut clients = self.plain.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(settings) {
            return Ok(client.clone());
        }
        make_room(&mut clients);
        let plain = Arc::new(settings.for_plain());
        let client = match clients.get(&plain) {
            Some(client) => client.clone(),
            None => build(&plain, trust::no_trust().map_err(|why| ExchangeError::new(ErrorKind::Tls, why))?)?,
        };
        clients.insert(plain, client.clone());
        clients.insert(Arc::clone(settings), client.clone());
        Ok(client)
    }

    fn tls_client(&self, settings: &Arc<ConnectSettings>) -> Result<Client, ExchangeError> {
        let ages = ages(&settings.tls);
        let mut clients = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = clients.get(settings).filter(|found| found.ages == ages) {
            return Ok(found.client.clone());
        }
        make_room(&mut clients);
        let system = || Arc::clone(self.system_roots.get_or_init(trust::system_roots));
        let mut config = trust::config(&settings.tls, system).map_err(|why| ExchangeError::new(ErrorKind::Tls, why))?;
        config.alpn_protocols = vec![match settings.http_version {
            HttpVersion::One => b"http/1.1".to_vec(),
            HttpVersion::Two => b"h2".to_vec(),
        }];
        let client = build(settings, config)?;
        clients.insert(Arc::clone(settings), TlsClient { client: client.clone(), ages });
        Ok(client)
    }
}

/// Clients in use live on without the pool; a pool that is full of settings of long ago starts
/// over.
fn make_room<V>(clients: &mut HashMap<Arc<ConnectSettings>, V>) {
    if clients.len() >= limits::HTTP_CLIENTS {
        clients.clear();
    }
}

fn ages(tls: &TlsSettings) -> Vec<Option<SystemTime>> {
    tls.files().map(|file| std::fs::metadata(file).and_then(|data| data.modified()).ok()).collect()
}

fn build(settings: &ConnectSettings, tls: rustls::ClientConfig) -> Result<Client, ExchangeError> {
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .tls_info(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .user_agent(concat!("engine/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(limits::IDLE_TIME)
        .pool_max_idle_per_host(limits::IDLE_CONNECTIONS)
        .tcp_nodelay(true)
        .http1_max_headers(limits::HEADERS)
        .dns_resolver(Arc::new(GuardedLookup));
    builder = match settings.http_version {
        // The library repeats what a server refused to begin, which only HTTP/2 can say: without this
        // it would copy every request beforehand.
        HttpVersion::One => builder.http1_only().retry(reqwest::retry::never().max_retries_per_request(0)),
        HttpVersion::Two => builder.http2_prior_knowledge().http2_max_header_list_size(limits::HEADER_BYTES as u32),
    };
    if let Some(proxy) = &settings.proxy {
        builder = builder.proxy(proxy_of(proxy)?);
    }
    if let Some(socket) = &settings.unix_socket {
        builder = builder.unix_socket(socket.clone());
    }
    builder.build().map_err(|error| {
        ExchangeError::new(ErrorKind::Tls, format!("the HTTP client cannot be made: {}", words::last_cause(&error.without_url())))
    })
}

fn proxy_of(proxy: &Secret) -> Result<reqwest::Proxy, ExchangeError> {
    let url = Url::parse(proxy.reveal())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h"));
    url.and_then(|url| reqwest::Proxy::all(url).ok()).ok_or_else(|| {
        ExchangeError::new(ErrorKind::Connect, "the proxy is not a URL like `http://proxy.example:3128` or `socks5://proxy.example:1080`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_clients_are_shared_whatever_the_tls_settings_say() {
        let clients = HttpClients::new();
        let url = Url::parse("http://127.0.0.1/").unwrap();
        let one = Arc::new(ConnectSettings::default());
        let other = Arc::new(ConnectSettings {
            tls: TlsSettings { ca_file: Some("/missing".into()), ..TlsSettings::default() },
            ..ConnectSettings::default()
        });
        assert!(clients.client(&one, &url).is_ok() && clients.client(&other, &url).is_ok());
        assert!(clients.system_roots.get().is_none(), "plain HTTP must not load authorities");
        assert_eq!(clients.plain.lock().unwrap().len(), 2);
    }

    #[test]
    fn files_that_do_not_work_are_named() {
        let clients = HttpClients::new();
        let url = Url::parse("https://127.0.0.1/").unwrap();
        let settings = |tls| Arc::new(ConnectSettings { tls, ..ConnectSettings::default() });
        let missing = settings(TlsSettings { ca_file: Some("/missing/ca.pem".into()), ..TlsSettings::default() });
        assert_eq!(clients.client(&missing, &url).unwrap_err().message, "`/missing/ca.pem` cannot be read: no such file or folder");
        let empty = settings(TlsSettings { ca_file: Some("/dev/null".into()), ..TlsSettings::default() });
        assert_eq!(clients.client(&empty, &url).unwrap_err().message, "`/dev/null` holds no certificate in PEM");
    }

    #[test]
    fn a_proxy_that_is_no_url_does_not_show_its_password() {
        let settings = ConnectSettings { proxy: Some(Secret::new("user:pass@proxy")), ..ConnectSettings::default() };
        let error = HttpClients::new().client(&Arc::new(settings), &Url::parse("http://h/").unwrap()).unwrap_err();
        assert!(!error.message.contains("pass"), "{error}");
    }
}
