//! A server with the API of all combinations: each has a number, which its paths begin with.

use super::combo::{Auth, Combo, Paging, Reply, SESSION, SIZE};
use md5::{Digest as _, Md5};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long an answer takes that comes too late, and the time limit of those who wait for it.
pub const LATE: Duration = Duration::from_millis(1500);
pub const PATIENCE_MS: u64 = 700;

/// One server; it answers until the test ends.
pub struct Api {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    state: Arc<State>,
}

struct State {
    combos: Vec<Combo>,
    url: String,
    seen: Mutex<HashMap<usize, Seen>>,
    /// Answers are delayed by up to so many milliseconds.
    jitter_ms: u64,
}

/// What a combination has asked so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Requests by `address/item/page`, or by the name of the path.
    pub asked: BTreeMap<String, usize>,
    /// Requests that should not have been made like this.
    pub wrong: Vec<String>,
    now: usize,
    /// Requests that were logged in.
    accepted: usize,
    /// The most requests at once.
    pub at_once: usize,
}

struct Asked {
    method: String,
    /// Path and query as they came.
    target: String,
    path: Vec<String>,
    query: HashMap<String, String>,
    headers: HashMap<String, String>,
    body: Json,
}

impl Api {
    /// Begins to serve.
    pub fn start(combos: Vec<Combo>, jitter_ms: u64) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State { combos, url: url.clone(), seen: Mutex::default(), jitter_ms });
        let served = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = served.clone();
                std::thread::spawn(move || state.serve(stream));
            }
        });
        Api { url, state }
    }

    /// What a combination has asked so far.
    pub fn seen(&self, combo: usize) -> Seen {
        self.state.seen.lock().expect("no panic before").get(&combo).cloned().unwrap_or_default()
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) {
        let Ok(second) = stream.try_clone() else { return };
        let mut reader = BufReader::new(second);
        while let Some(asked) = read(&mut reader) {
            let Some(number) = asked.path.first().and_then(|n| n.parse().ok()) else { return };
            // The other sources may be asked at the same time.
            let counts = usize::from(asked.path.len() > 2);
            self.change(number, |seen| {
                seen.now += counts;
                seen.at_once = seen.at_once.max(seen.now);
            });
            let answer = self.answer(number, &asked);
            self.change(number, |seen| seen.now -= counts);
            let Some((status, headers, body)) = answer else { return };
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let head =
                format!("HTTP/1.1 {status} Word\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
            if stream.write_all((head + &body).as_bytes()).is_err() {
                return;
            }
        }
    }

    fn change<T>(&self, combo: usize, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(self.seen.lock().expect("no panic before").entry(combo).or_default())
    }

    /// How often a page was asked for before.
    fn count(&self, combo: usize, key: &str) -> usize {
        self.change(combo, |seen| {
            let n = seen.asked.entry(key.to_owned()).or_default();
            *n += 1;
            *n - 1
        })
    }

    /// Status, header lines and document; nothing where the connection is closed.
    fn answer(&self, number: usize, asked: &Asked) -> Option<(u16, String, Json)> {
        let combo = self.combos[number];
        let plain = |document: Json| Some((200, String::new(), document));
        let address = asked.path[1].as_str();
        if address == "login" || address == "hosts" {
            let hosts: Vec<_> = combo.items().into_iter().map(|(host, _)| host).collect();
            let mut hosts: Vec<_> = hosts.into_iter().map(|host| json!({ "id": host })).collect();
            hosts.dedup();
            let nth = self.count(number, address);
            let token = if combo.has_session() { format!("s{nth}") } else { "t1".to_owned() };
            return plain(if address == "login" { json!({"token": token, "access_token": "o1"}) } else { json!(hosts) });
        }
        if combo.auth == Auth::Digest && !asked.headers.contains_key("authorization") {
            return Some((401, "www-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n".to_owned(), Json::Null));
        }
        let given = asked.headers.get("x-auth").or_else(|| asked.query.get("sid"));
        let old = combo.has_session() && given.is_some_and(|token| token == "s0");
        let tokens = self.change(number, |seen| {
            let tokens = seen.accepted.div_euclid(SESSION).min(1);
            seen.accepted += usize::from(!old || tokens == 0);
            tokens
        });
        if old && tokens == 1 {
            return Some((401, String::new(), json!({"error": "this token is used up"})));
        }
        if !logged_in(&combo, asked, tokens) {
            self.change(number, |seen| seen.wrong.push(format!("{}: not logged in: {:?}", asked.path.join("/"), asked.headers)));
            return Some((401, String::new(), Json::Null));
        }
        if (asked.method == "POST") != combo.posts() {
            self.change(number, |seen| seen.wrong.push(format!("{} {}", asked.method, asked.path.join("/"))));
        }
        let names = (asked.path[2].clone(), asked.path[3].clone());
        let item = combo.items().iter().position(|item| *item == names).expect("an item of the combination");
        let from = match first_of_page(&combo, asked) {
            Ok(from) => from,
            Err(why) => {
                self.change(number, |seen| seen.wrong.push(format!("{}: {why}", asked.path.join("/"))));
                return Some((400, String::new(), Json::Null));
            }
        };
        let page = from.div_ceil(SIZE);
        let nth = self.count(number, &format!("{address}/{item}/{page}"));
        if self.jitter_ms > 0 {
            let mut hasher = DefaultHasher::new();
            (number, item, page, nth).hash(&mut hasher);
            let delay = hasher.finish() % self.jitter_ms;
            std::thread::sleep(Duration::from_millis(delay));
        }
        match combo.reply(address, item, page, nth) {
            Reply::HangUp => None,
            Reply::Late => {
                std::thread::sleep(LATE);
                None
            }
            Reply::Status(status) => {
                let now = combo.fault == super::combo::Fault::BusyNow && status == 503;
                Some((status, if now { "retry-after: 0\r\n".to_owned() } else { String::new() }, json!({"error": "no"})))
            }
            Reply::Pending => plain(json!({"status": "pending", "items": []})),
            Reply::Page { bad } => {
                let path = format!("/{}", asked.path.join("/"));
                Some(self.page(&combo, address, item, from, bad, &path))
            }
        }
    }

    fn page(&self, combo: &Combo, address: &str, item: usize, from: usize, bad: bool, path: &str) -> (u16, String, Json) {
        let all = combo.things(address, item);
        let size = if combo.paging == Paging::None { all.len() } else { SIZE };
        let things = all.iter().skip(from).take(size);
        let things: Vec<_> = things.map(|t| json!({"id": t.id, "n": t.n, "active": t.active, "group": t.group})).collect();
        let mut document = json!({"status": "done", "items": things});
        let mut headers = String::new();
        if bad {
            document["bad"] = json!(true);
        }
        if from + size < all.len() {
            let next = from + size;
            let name = path.rsplit('/').next().unwrap_or_default();
            match combo.paging {
                Paging::NextUrl => document["next"] = json!(format!("{name}?from={next}")),
                Paging::NextUrlAbsolute => document["next"] = json!(format!("{}{path}?from={next}", self.url)),
                Paging::LinkHeader => headers = format!("link: </first>; rel=first, <?from={next}>; rel=\"next\"\r\n"),
                _ => document["next"] = json!(format!("c{next}")),
            }
        }
        (200, headers, document)
    }
}

fn logged_in(combo: &Combo, asked: &Asked, tokens: usize) -> bool {
    let given = asked.headers.get("authorization").map(String::as_str);
    let token = format!("s{tokens}");
    match combo.auth {
        Auth::None => given.is_none(),
        // me:secret
        Auth::Basic | Auth::UserInfo => given == Some("Basic bWU6c2VjcmV0"),
        Auth::Bearer => given == Some("Bearer t0"),
        Auth::Login => given == Some("Bearer t1"),
        Auth::OAuth2 => given == Some("Bearer o1"),
        Auth::Digest => given.is_some_and(|given| fits_digest(given, asked)),
        Auth::SigV4 => given.is_some_and(|given| given.starts_with("AWS4-HMAC-SHA256 Credential=AK/")),
        Auth::Session => asked.headers.get("x-auth") == Some(&token) && given.is_none(),
        Auth::SessionInQuery => asked.query.get("sid") == Some(&token) && given.is_none(),
        Auth::Header => asked.headers.get("x-key").is_some_and(|key| key == "k0") && given.is_none(),
    }
}

/// The response of RFC 7616 §3.4.1, with MD5 and the nonce `n`.
fn fits_digest(given: &str, asked: &Asked) -> bool {
    let md5 = |text: String| Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let part = |name: &str| {
        let parts = given.trim_start_matches("Digest ").split(", ").filter_map(|part| part.split_once('='));
        parts.filter(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"').to_owned()).next().unwrap_or_default()
    };
    let (who, what) = (md5("me:r:secret".to_owned()), md5(format!("{}:{}", asked.method, asked.target)));
    part("response") == md5(format!("{who}:n:{}:{}:auth:{what}", part("nc"), part("cnonce")))
}

/// The place of the first thing that is asked for.
fn first_of_page(combo: &Combo, asked: &Asked) -> Result<usize, String> {
    let number = |text: Option<&String>| text.ok_or("a parameter is missing")?.parse::<usize>().map_err(|_| "no number");
    let query = |name: &str| number(asked.query.get(name));
    let cursor = |text: Option<&str>| match text {
        None => Ok(0),
        Some(text) => text.strip_prefix('c').and_then(|at| at.parse().ok()).ok_or("no cursor"),
    };
    let first = match combo.paging {
        Paging::None => Ok(0),
        Paging::Page if query("per")? != SIZE => Err("the size is not asked for"),
        Paging::Page => query("page").map(|page| (page - 1) * SIZE),
        Paging::PageWithoutSize => query("p").map(|page| page * SIZE),
        Paging::PageInJson if asked.body["q"] != json!(1) => Err("the body is not there"),
        Paging::PageInJson => asked.body["p"]["n"].as_u64().map(|page| (page as usize - 1) * SIZE).ok_or("no number in the body"),
        Paging::Offset if query("limit")? != SIZE => Err("the limit is not asked for"),
        Paging::Offset | Paging::OffsetWithoutLimit => query("offset"),
        Paging::Cursor | Paging::CursorInUrl => cursor(asked.query.get("after").map(String::as_str)),
        Paging::CursorOnly => {
            let first = cursor(asked.query.get("after").map(String::as_str));
            let bare = !asked.query.contains_key("q");
            first.and_then(|at| if bare == (at > 0) { Ok(at) } else { Err("`q` belongs to the first page alone") })
        }
        Paging::CursorInJson if asked.body["q"] != json!(1) => Err("the body is not there"),
        Paging::CursorInJson => cursor(asked.body["after"].as_str()),
        Paging::CursorInHeaders => cursor(asked.headers.get("x-after").map(String::as_str)),
        Paging::NextUrl | Paging::NextUrlAbsolute | Paging::LinkHeader => {
            if asked.query.contains_key("from") {
                query("from")
            } else {
                Ok(0)
            }
        }
    };
    first.map_err(str::to_owned)
}

/// One request; `None` when the client has gone.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let line = line(reader)?;
    let mut words = line.split(' ');
    let method = words.next()?.to_owned();
    let target = words.next()?.to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = HashMap::new();
    loop {
        let line = self::line(reader)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        method,
        path: path.split('/').skip(1).map(str::to_owned).collect(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        target: target.clone(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}
