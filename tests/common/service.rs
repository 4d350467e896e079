//! An HTTP service on the loopback whose answers a closure decides.

#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `POST /login?a=b`
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As text.
    pub body: String,
}

impl Asked {
    /// A header by its lower-case name, empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// True for a request line that begins so.
    pub fn is(&self, line: &str) -> bool {
        self.line.starts_with(line)
    }
}

/// Status, headers and body.
pub type Reply = (u16, String, String);

/// A JSON body of status 200.
pub fn json(body: serde_json::Value) -> Reply {
    (200, "content-type: application/json\r\n".to_owned(), body.to_string())
}

/// A status without more.
pub fn status(status: u16) -> Reply {
    (status, String::new(), "no".to_owned())
}

/// One service; it answers until the test ends.
pub struct Service {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

impl Service {
    /// Answers every request as the closure says, each connection on a thread of its own.
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Service {
        Service::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), answer)
    }

    /// The same at an address of one's own.
    pub fn on(listener: TcpListener, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Service {
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, answer) = (asked.clone(), Arc::new(answer));
        let connections = Arc::new(AtomicUsize::new(0));
        let open = Arc::new(AtomicUsize::new(0));
        let (counted, opened) = (connections.clone(), open.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::Relaxed);
                opened.fetch_add(1, Ordering::AcqRel);
                let (seen, answer, opened) = (seen.clone(), answer.clone(), opened.clone());
                std::thread::spawn(move || {
                    serve(stream, &seen, &*answer);
                    opened.fetch_sub(1, Ordering::AcqRel);
                });
            }
        });
        Service { url, asked, connections, open }
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Waits until everything that clients sent has been answered, once they all have ended.
    pub fn settle(&self) {
        let mut last = TcpStream::connect(self.url.trim_start_matches("http://")).expect("it listens");
        last.shutdown(Shutdown::Write).expect("it is open");
        // Its end comes back when it was accepted, and so were all before it.
        last.read_to_end(&mut Vec::new()).expect("its end");
        while self.open.load(Ordering::Acquire) > 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// Every request so far whose line begins so.
    pub fn asked(&self, line: &str) -> Vec<Asked> {
        self.asked.lock().expect("no panic before").iter().filter(|asked| asked.is(line)).cloned().collect()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut stream = stream;
    while let Some(asked) = read(&mut reader) {
        seen.lock().expect("no panic before").push(asked.clone());
        let (status, headers, body) = answer(&asked);
        let answer = format!("HTTP/1.1 {status} Word\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0).map(|_| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut headers = Vec::new();
    loop {
        let next = line()?;
        let Some((name, value)) = next.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut asked = Asked { line: first.trim_end_matches(" HTTP/1.1").to_owned(), headers, body: String::new() };
    let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}
