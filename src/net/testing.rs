//! Servers for the tests of this layer: they send exactly the bytes they are told to.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

/// A certificate or key: `ca.pem`, `leaf.pem` for localhost, `expired.pem`, `self.pem`, `leaf.key`.
pub fn test_file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "src/net/testdata", name].iter().collect()
}

/// A server on the loopback address; its threads end with the test process.
pub struct Server {
    pub port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// These bytes, and the connection stays open.
    Keep(Vec<u8>),
    /// These bytes, and the connection is closed.
    Close(Vec<u8>),
    /// Nothing, for ever.
    Hang,
}

pub fn keep(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Keep(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into())
}

pub fn raw(bytes: impl AsRef<[u8]>) -> Reply {
    Reply::Close(bytes.as_ref().to_vec())
}

impl Server {
    /// Answers the n-th request with the n-th reply, and all later ones with the last.
    pub fn start(replies: Vec<Reply>) -> Server {
        Server::start_with(replies, Some)
    }

    /// The same behind TLS; `chain` is a file of [`test_file`].
    pub fn start_tls(chain: &str, wants_client: bool, replies: Vec<Reply>) -> Server {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
        let certificates = |name| CertificateDer::pem_file_iter(test_file(name)).unwrap().map(Result::unwrap).collect::<Vec<_>>();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates("ca.pem"));
        let builder = if wants_client {
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::from_pem_file(test_file("leaf.key")).unwrap();
        let config = Arc::new(builder.with_single_cert(certificates(chain), key).unwrap());
        Server::start_with(replies, move |stream| Some(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).ok()?, stream)))
    }

    fn start_with<S: Read + Write + 'static>(replies: Vec<Reply>, wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server { port, requests: Arc::default(), connections: Arc::default() };
        let (requests, connections, wrap) = (Arc::clone(&server.requests), Arc::clone(&server.connections), Arc::new(wrap));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                *connections.lock().unwrap() += 1;
                let (requests, replies, wrap) = (Arc::clone(&requests), replies.clone(), Arc::clone(&wrap));
                thread::spawn(move || wrap(stream).map(|stream| serve(stream, &requests, &replies)));
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requests so far, heads and bodies.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub fn n_connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

/// Serves one connection until it or the replies say otherwise.
pub fn serve(mut stream: impl Read + Write, requests: &Mutex<Vec<String>>, replies: &[Reply]) {
    while let Some(request) = read_request(&mut stream) {
        let n = {
            let mut requests = requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        match replies.get(n).or(replies.last()) {
            Some(Reply::Keep(bytes)) => drop(stream.write_all(bytes).and_then(|()| stream.flush())),
            Some(Reply::Close(bytes)) => {
                drop(stream.write_all(bytes).and_then(|()| stream.flush()));
                return;
            }
            _ => thread::park(),
        }
    }
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut one = [0_u8];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut one).ok()?;
        bytes.push(one[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").and_then(|n| n.parse().ok())).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}
