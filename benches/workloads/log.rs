//! An access log: six captures of each line, counted by method and status; one line in a thousand
//! is an event.

use crate::{Outcome, whole};
use std::fmt::Write;
use std::hint::black_box;
use std::io::Read;

/// How many samples a run gives: beyond a number, those of a series are joined.
pub const SAMPLES: usize = engine::base::limits::SAMPLES_APART;

/// The captures.
const PATTERN: &str = r#"^(?P<ip>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+)[^"]*" (?P<status>\d+) (?P<bytes>\d+)"#;

/// What the limit reads at once.
const CHUNK: usize = 1 << 20;

/// A counter with two tags, and events.
pub const SPEC: &str = r#"
name: large
version: 1.0.0
config:
  instance:
    path: {type: path, required: true}
sources:
  access:
    file: {path: "{{ instance.path }}"}
    decode:
      regex:
        pattern: '^(?P<ip>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+)[^"]*" (?P<status>\d+) (?P<bytes>\d+)'
metrics:
  - {from: access, name: access.requests, type: count, value: 1, tags: {method: $.method, status: $.status}}
events:
  - {from: access, when: row.status == "503", title: "{{ row.path }} is not available"}
"#;

fn answer(n: u64) -> u16 {
    match n & 7 {
        4 => 304,
        5 => 404,
        6 => 201,
        _ => 200,
    }
}

fn method(n: u64) -> &'static str {
    match n % 6 {
        3 => "POST",
        4 => "PUT",
        5 => "DELETE",
        _ => "GET",
    }
}

/// Lines of that many bytes or a little less.
pub fn lines(bytes: usize) -> String {
    let mut out = String::with_capacity(bytes);
    for n in 0u64.. {
        let h = n.wrapping_mul(2_654_435_761) & 0xffff_ffff;
        let status = if n % 1000 == 999 { 503 } else { answer(h >> 5) };
        let method = method(h);
        let (a, b, c) = (h & 255, h >> 8 & 255, h >> 16 & 255);
        let time = format!("{:02}/May/2024:{:02}:{:02}:{:02} +0000", 1 + n % 28, n / 3600 % 24, n / 60 % 60, n % 60);
        let before = out.len();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "10.{a}.{b}.{c} - - [{time}] \"{method} /api/v1/items/{}?page={} HTTP/1.1\" {status} {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) bench/{}\"",
            h % 100_003,
            n % 50,
            h % 1_000_000,
            h % 9
        );
        if out.len() > bytes {
            out.truncate(before);
            break;
        }
    }
    out
}

/// The role of the limit: captures into the same places, line by line.
pub fn by_hand() -> Outcome {
    let path = std::env::args().nth(2).ok_or("no path")?;
    let mut file = std::fs::File::open(path)?;
    let regex = regex::bytes::Regex::new(PATTERN)?;
    let mut found = regex.capture_locations();
    let mut sum = 0;
    let mut text = Vec::with_capacity(2 * CHUNK);
    loop {
        let more = Read::take(&mut file, CHUNK as u64).read_to_end(&mut text)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in text.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n') {
            if regex.captures_read(&mut found, line).is_some() {
                sum += (1..found.len()).filter_map(|group| found.get(group)).map(|(start, end)| end - start).sum::<usize>();
            }
        }
        if more == 0 {
            break;
        }
        text.drain(..whole);
    }
    black_box(sum);
    whole::tell()
}
