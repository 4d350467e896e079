//! A source that numbers its answers, and what a receiver has got of the numbers.

#![allow(dead_code)]

use super::daemon::Site;
use super::service::{Service, json};
use serde_json::{Value as Json, json as body};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

const SPEC: &str = r#"name: sequence
version: 1.0.0
config: {instance: {url: {type: url, required: true}}}
sources:
  s: {http: {url: "{{ instance.url }}"}}
metrics:
  - {name: seq, value: $s.seq}
  - {name: runs, value: run.number}
  - {from: s, rows: "$.more[*]", name: more, value: 1, tags: {text: $}}
state:
  last: {initial: 0, next: s.doc.seq}
"#;

/// A source that numbers its answers, and remembers when it gave each.
pub struct Source {
    /// What answers.
    pub service: Service,
    issued: Arc<Mutex<Vec<Instant>>>,
}

impl Source {
    /// Answers with a number alone.
    pub fn start() -> Source {
        Source::with_more(0, 0)
    }

    /// Answers with as many other series of that length as well, which make a record large.
    pub fn with_more(n_more: usize, length: usize) -> Source {
        let issued: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let mine = issued.clone();
        let more: Vec<String> = (0..n_more).map(|n| format!("{n:0length$}")).collect();
        let service = Service::start(move |_| {
            let mut issued = mine.lock().expect("no panic before");
            issued.push(Instant::now());
            json(body!({"seq": issued.len(), "more": more}))
        });
        Source { service, issued }
    }

    /// When each number was given; the first one is 1.
    pub fn issued(&self) -> Vec<Instant> {
        self.issued.lock().expect("no panic before").clone()
    }
}

/// What a receiver has got: how often each number.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    numbers: BTreeMap<u64, usize>,
    /// Requests in which something came that had come before.
    repeats: usize,
}

impl Seen {
    /// Takes the numbers of a request in; they count as received whatever is answered.
    pub fn take(&self, body: &str) {
        let series: Json = serde_json::from_str(body).unwrap_or_default();
        let mut taken = self.0.lock().expect("no panic before");
        let mut repeats = false;
        for metric in series["series"].as_array().into_iter().flatten().filter(|metric| metric["metric"] == "seq") {
            for point in metric["points"].as_array().into_iter().flatten() {
                let times = taken.numbers.entry(point[1].as_f64().expect("a value") as u64).or_default();
                *times += 1;
                repeats |= *times > 1;
            }
        }
        taken.repeats += usize::from(repeats);
    }

    /// The numbers with how often they came.
    pub fn all(&self) -> BTreeMap<u64, usize> {
        self.0.lock().expect("no panic before").numbers.clone()
    }

    /// How many requests brought something that had come before.
    pub fn repeats(&self) -> usize {
        self.0.lock().expect("no panic before").repeats
    }
}

/// A folder with a check of the source, for receivers by their names and addresses.
pub fn site(source: &Source, sinks: &[(&str, &str)]) -> Site {
    let sink = |(name, url): &(&str, &str)| format!("  - datadog: {{name: {name}, url: '{url}', api_key: k, compression: identity}}\n");
    let sinks: String = sinks.iter().map(sink).collect();
    let site = Site::new(&format!("interval: 1s\nstatus: {{listen: off}}\nsinks:\n{sinks}"));
    site.write("specs/sequence.yaml", SPEC);
    // A busy machine must not make runs fail: they would be missing without being lost.
    site.write("conf.d/sequence.yaml", &format!("instances: [{{url: '{}', run_timeout: 20s}}]\n", source.service.url));
    site
}

/// The numbers that did not come, but for the last one before each end of the process: its run may have
/// been under way.
pub fn missing(source: &Source, seen: &Seen, ends: &[Instant]) -> Vec<u64> {
    let (seen, issued) = (seen.all(), source.issued());
    let under_way: Vec<u64> = ends.iter().map(|end| issued.partition_point(|at| at <= end) as u64).collect();
    (1..=issued.len() as u64).filter(|number| !seen.contains_key(number) && !under_way.contains(number)).collect()
}
