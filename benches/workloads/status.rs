//! The document of the HTTP workload: 600 bytes of JSON with ten numbers worth keeping.

use serde::Deserialize;
use serde_json::json;

/// The size of every document.
const BYTES: usize = 600;

/// What the hand-written loop reads of a document: the ten metrics and the status.
#[derive(Debug, Deserialize)]
pub struct Status {
    status: String,
    uptime_seconds: u64,
    requests: Requests,
    latency_ms: Latency,
    memory: Memory,
    queue: Queue,
}

#[derive(Debug, Deserialize)]
struct Requests {
    total: u64,
    active: u64,
    errors: u64,
}

#[derive(Debug, Deserialize)]
struct Latency {
    p50: f64,
    p99: f64,
}

#[derive(Debug, Deserialize)]
struct Memory {
    used_bytes: u64,
    limit_bytes: u64,
}

#[derive(Debug, Deserialize)]
struct Queue {
    depth: u64,
    oldest_age_s: f64,
}

impl Status {
    /// All that was read as one number, so that nothing of the reading is left out.
    pub fn sum(&self) -> f64 {
        let counts = self.uptime_seconds + self.requests.total + self.requests.active + self.requests.errors;
        let sizes = self.memory.used_bytes + self.memory.limit_bytes + self.queue.depth + u64::from(self.status == "ok");
        (counts + sizes) as f64 + self.latency_ms.p50 + self.latency_ms.p99 + self.queue.oldest_age_s
    }
}

/// The document of one instance.
pub fn document(n: usize) -> String {
    let n = n as u64;
    let h = n.wrapping_mul(2_654_435_761) & 0xffff_ffff;
    let document = |note: &str| {
        json!({
            "instance": format!("i{n:06}"), "version": "2.4.1", "status": if h.is_multiple_of(50) { "degraded" } else { "ok" },
            "uptime_seconds": 1000 + h % 9_000_000,
            "requests": {"total": h * 7, "active": h % 97, "waiting": h % 31, "errors": h % 13},
            "latency_ms": {"p50": (h % 900) as f64 / 100.0, "p95": (h % 9000) as f64 / 100.0, "p99": (h % 20_000) as f64 / 100.0},
            "memory": {"used_bytes": 1_000_000 + h % 800_000_000, "limit_bytes": 1_073_741_824},
            "queue": {"depth": h % 512, "consumers": 1 + h % 16, "oldest_age_s": (h % 3000) as f64 / 10.0},
            "labels": {"cluster": format!("c{}", n % 7), "zone": format!("eu-{}", n % 3), "service": format!("svc-{}", n % 113)},
            "note": note,
        })
        .to_string()
    };
    let bare = document("").len();
    document(&"x".repeat(BYTES.saturating_sub(bare)))
}

/// The spec that makes the same ten metrics and a service check of it.
pub const SPEC: &str = "\
name: status
version: 1.0.0
config:
  instance:
    url: {type: url, required: true}
    timeout: {type: duration, default: 5s}
sources:
  page:
    http: {url: \"{{ instance.url }}\", timeout: \"{{ instance.timeout }}\"}
    decode: json
metrics:
  - from: page
    prefix: app.
    gauge:
      uptime: $.uptime_seconds
      requests.active: $.requests.active
      latency.p50: $.latency_ms.p50
      latency.p99: $.latency_ms.p99
      memory.used: $.memory.used_bytes
      memory.limit: $.memory.limit_bytes
      queue.depth: $.queue.depth
      queue.oldest_age: $.queue.oldest_age_s
    monotonic_count:
      requests.total: $.requests.total
      requests.errors: $.requests.errors
service_checks:
  - name: app.up
    status: {critical: page.doc.status != \"ok\"}
";

/// A conf.d file with `n` instances of the spec, all served by one port under one path.
pub fn conf(n: usize, port: u16, path: &str) -> String {
    let mut text = String::from("init_config:\n\ninstances:\n");
    for n in 0..n {
        text.push_str(&format!(
            "  - url: http://127.0.0.1:{port}/{path}/{n:06}.json\n    tags: [\"cluster:c{}\", \"zone:eu-{}\"]\n",
            n % 7,
            n % 3
        ));
    }
    text
}
