//! A loopback server in a process of its own.

use crate::child::Kept;
use crate::{Outcome, exposition, list, status};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::net::TcpListener;

/// How many different documents there are.
pub const DOCUMENTS: usize = 10_000;

/// The server while it is needed.
pub struct Server {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    _child: Kept,
}

impl Server {
    /// Starts a child that serves until this value goes.
    pub fn start() -> Outcome<Server> {
        let (child, output) = Kept::start(&["--serve"])?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(Server { port: line.trim().parse()?, _child: child })
    }
}

/// The role of the child.
pub fn serve() -> Outcome {
    std::thread::spawn(|| {
        // The end of the input is the end of the parent.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let documents: Arc<[Bytes]> = (0..DOCUMENTS).map(|n| Bytes::from(status::document(n))).collect();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(accept(documents))
}

async fn accept(documents: Arc<[Bytes]>) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let documents = Arc::clone(&documents);
        let answer = service_fn(move |request| std::future::ready(answer(&documents, &request)));
        // A client that goes away is no failure.
        tokio::spawn(async move { drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await) });
    }
}

/// `/i/000123.json` is document 123, `/list/2000` a list and `/text/10000` an exposition.
fn answer(documents: &[Bytes], request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path();
    let number = |prefix: &str| path.strip_prefix(prefix)?.trim_end_matches(".json").parse::<usize>().ok();
    let large = |make: &dyn Fn() -> String| {
        let mut known = LARGE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(path.to_owned()).or_insert_with(|| make().into()).clone()
    };
    let (body, kind) = match (number("/i/"), number("/list/"), number("/text/")) {
        (Some(n), _, _) => (documents.get(n).cloned().unwrap_or_default(), "application/json"),
        (_, Some(items), _) => (large(&|| list::document(items)), "application/json"),
        (_, _, Some(series)) => (large(&|| exposition::document(series)), "text/plain"),
        _ => (Bytes::new(), "text/plain"),
    };
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

/// Large documents, made when they are first asked for.
static LARGE: OnceLock<Mutex<HashMap<String, Bytes>>> = OnceLock::new();
