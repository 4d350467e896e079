//! A loopback server in a process of its own: documents to ask for, and a receiver that takes whatever
//! it is sent.

use crate::child::Kept;
use crate::{Outcome, exposition, list, status};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;

/// How many different documents there are; they come again behind the last.
pub const DOCUMENTS: usize = 10_000;

/// The server while it is needed.
pub struct Server {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    _child: Kept,
}

/// A request for a document under `/t/`.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Which document.
    pub number: usize,
    /// When, in seconds since the server began.
    pub at: f64,
}

impl Server {
    /// Starts a child that serves until this value goes.
    pub fn start() -> Outcome<Server> {
        let (child, output) = Kept::start(&["--serve"])?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(Server { port: line.trim().parse()?, _child: child })
    }

    /// The arrivals since the last call, in order.
    pub fn arrivals(&self) -> Outcome<Vec<Arrival>> {
        let told = get(self.port, "/arrivals")?;
        let of = |line: &str| {
            let (number, at) = line.split_once(' ').ok_or("no time")?;
            Ok(Arrival { number: number.parse()?, at: at.parse()? })
        };
        told.lines().map(of).collect()
    }
}

/// The body of one answer, asked for by hand.
pub fn get(port: u16, path: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("no body")?;
    Ok(body.to_owned())
}

/// The role of the child.
pub fn serve() -> Outcome {
    std::thread::spawn(|| {
        // The end of the input is the end of the parent.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(accept())
}

/// What the server has and knows.
struct Stock {
    documents: Vec<Bytes>,
    /// Large documents, made when they are first asked for.
    large: Mutex<HashMap<String, Bytes>>,
    begun: Instant,
    arrivals: Mutex<Vec<Arrival>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept() -> Outcome {
    let documents = (0..DOCUMENTS).map(|n| Bytes::from(status::document(n))).collect();
    let stock = Arc::new(Stock { documents, large: Mutex::default(), begun: Instant::now(), arrivals: Mutex::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let stock = Arc::clone(&stock);
        let answer = service_fn(move |request| answer(Arc::clone(&stock), request));
        // A client that goes away is no failure.
        tokio::spawn(async move { drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await) });
    }
}

async fn answer(stock: Arc<Stock>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (body, kind) = if request.method() == Method::POST {
        // A body that breaks off is the sender's business.
        drop(request.into_body().collect().await);
        (Bytes::from_static(b"{}"), "application/json")
    } else {
        stock.document(request.uri().path())
    };
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

impl Stock {
    /// `/i/000123.json` is document 123, and `/t/000123.json` as well, but its arrival is noted for
    /// `/arrivals`; `/list/2000` is a list and `/text/10000` an exposition.
    fn document(&self, path: &str) -> (Bytes, &'static str) {
        let number = |prefix: &str| path.strip_prefix(prefix)?.trim_end_matches(".json").parse::<usize>().ok();
        let large = |make: &dyn Fn() -> String| locked(&self.large).entry(path.to_owned()).or_insert_with(|| make().into()).clone();
        if let Some(number) = number("/t/") {
            locked(&self.arrivals).push(Arrival { number, at: self.begun.elapsed().as_secs_f64() });
        }
        match (number("/i/").or(number("/t/")), number("/list/"), number("/text/")) {
            (Some(n), _, _) => (self.documents.get(n % DOCUMENTS).cloned().unwrap_or_default(), "application/json"),
            (_, Some(items), _) => (large(&|| list::document(items)), "application/json"),
            (_, _, Some(series)) => (large(&|| exposition::document(series)), "text/plain"),
            _ if path == "/arrivals" => {
                let all = std::mem::take(&mut *locked(&self.arrivals));
                (all.iter().map(|arrival| format!("{} {}\n", arrival.number, arrival.at)).collect::<String>().into(), "text/plain")
            }
            _ => (Bytes::new(), "text/plain"),
        }
    }
}
