//! A receiver on the loopback that keeps what it was sent and answers as it is told.

#![allow(dead_code)]

use flate2::read::{GzDecoder, ZlibDecoder};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method and path with the query.
    pub line: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, unpacked.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// What it does with a request.
pub enum Reply {
    /// An answer.
    Status(u16, Vec<(&'static str, String)>, String),
    /// These bytes, and the end of the connection.
    Bytes(&'static str),
    /// These bytes, and nothing more for as long as the other side waits.
    Hang(&'static str),
}

/// The server; it answers until the test ends.
pub struct Receiver {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Begins to serve; `answer` gets the number of the request, from 0.
    pub fn start(answer: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (received.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Receiver { url, received }
    }

    /// Everything so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic before").clone()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Received>>, answer: &dyn Fn(usize, &Received) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    while let Some(request) = request(&mut reader) {
        let n = {
            let mut seen = seen.lock().expect("no panic before");
            seen.push(request.clone());
            seen.len() - 1
        };
        let written = match answer(n, &request) {
            Reply::Status(status, headers, body) => {
                let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let text = format!("HTTP/1.1 {status} Word\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(text.as_bytes())
            }
            Reply::Bytes(bytes) => {
                let _ = stream.write_all(bytes.as_bytes());
                return;
            }
            Reply::Hang(bytes) => {
                let _ = stream.write_all(bytes.as_bytes());
                // Until the other side gives up.
                let _ = reader.read(&mut [0]);
                return;
            }
        };
        if written.is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let line = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())))
        .collect();
    let mut received = Received { line, headers, body: Vec::new() };
    let length = received.header("content-length").parse().unwrap_or(0);
    let mut packed = vec![0; length];
    reader.read_exact(&mut packed).ok()?;
    received.body = match received.header("content-encoding") {
        "gzip" => all(GzDecoder::new(&*packed)),
        "deflate" => all(ZlibDecoder::new(&*packed)),
        "snappy" => snap::raw::Decoder::new().decompress_vec(&packed).expect("snappy"),
        _ => packed,
    };
    Some(received)
}

fn all(mut from: impl Read) -> Vec<u8> {
    let mut out = Vec::new();
    from.read_to_end(&mut out).expect("a packed body");
    out
}
