//! A small HTTP server on the loopback, which remembers what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One server; it answers until the test ends.
pub struct Server {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Begins to serve: `/json` gives a document, `/status/N` that status, `/slow` an answer after a
    /// minute.
    pub fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = seen.clone();
                std::thread::spawn(move || serve(stream, &seen));
            }
        });
        Server { url, asked }
    }

    /// Every request so far: its line and headers.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic before").clone()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut stream = stream;
    while let Some(head) = head(&mut reader) {
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        seen.lock().expect("no panic before").push(head);
        if path == "/slow" {
            std::thread::sleep(Duration::from_secs(60));
        }
        let status = path.strip_prefix("/status/").unwrap_or("200");
        let body = r#"{"load": 0.5, "hosts": [{"name": "a", "n": 1}, {"name": "b", "n": 2}]}"#;
        let answer = format!("HTTP/1.1 {status} Word\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// One request without body; `None` when the client has gone.
fn head(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            return Some(head);
        }
        head.push_str(&line);
    }
}
