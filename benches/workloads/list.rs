//! A list of items as the interface of a cluster gives it, half a kilobyte each, of which five
//! numbers and three names are of interest.

use crate::{Outcome, fetch, whole};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::json;
use std::fmt;
use std::hint::black_box;

/// Items of 1 MB.
pub const FEW: usize = 2_000;
/// Items of 20 MB.
pub const MANY: usize = 40_000;

/// Five metrics with three tags of each item.
pub const SPEC: &str = "\
name: large
version: 1.0.0
config:
  instance:
    url: {type: url, required: true}
sources:
  pods:
    http: {url: \"{{ instance.url }}\"}
    decode: json
    rows: $.items[*]
metrics:
  - from: pods
    prefix: pod.
    tags: {pod: $.metadata.name, namespace: $.metadata.namespace, node: $.metadata.node}
    gauge:
      cpu: $.usage.cpu
      memory: $.usage.memory
      restarts: $.status.restarts
    rate:
      received: $.usage.rx_bytes
      sent: $.usage.tx_bytes
";

/// A conf.d file with one instance, for the document with so many items.
pub fn conf(port: u16, items: usize) -> String {
    format!("instances:\n  - {{url: \"http://127.0.0.1:{port}/list/{items}\", max_returned_metrics: 1000000}}\n")
}

/// The document with so many items.
pub fn document(items: usize) -> String {
    let items: Vec<String> = (0..items as u64).map(item).collect();
    format!("{{\"kind\":\"List\",\"continue\":null,\"items\":[{}]}}", items.join(","))
}

fn item(n: u64) -> String {
    let h = n.wrapping_mul(2_654_435_761) & 0xffff_ffff;
    let message = if n.is_multiple_of(10) { json!(format!("caf\u{e9} \"ok\" {n}")) } else { json!(null) };
    let item = |pad: String| {
        json!({
            "metadata": {
                "name": format!("pod-{}-{n:05}", "abcdef".repeat(1 + (h % 2) as usize)), "namespace": format!("ns-{}", n % 41), "node": format!("node-{:03}", n % 97),
                "uid": format!("{h:08x}-{:04x}-4000-8000-{:012x}", h & 0xffff, h * 31), "creationTimestamp": "2024-05-01T00:00:00Z",
                "labels": {"app": format!("app-{}", n % 203), "tier": "backend", "release": format!("r{}", n % 17), "pod-template-hash": format!("{h:08x}")},
            },
            "usage": {"cpu": (h % 100_000) as f64 / 1000.0, "memory": h % 4_000_000_000, "rx_bytes": h * 3, "tx_bytes": h * 5},
            "status": {"phase": "Running", "ready": h & 1 == 1, "restarts": h % 9, "qos": "Burstable", "podIP": format!("10.{}.{}.{}", n % 250, n / 250 % 250, n % 251), "message": message},
            "pad": pad,
        })
        .to_string()
    };
    let bare = item(String::new()).len();
    item("p".repeat(524usize.saturating_sub(bare)))
}

/// What the hand-written loop reads of an item.
#[derive(Deserialize)]
struct Item<'d> {
    #[serde(borrow)]
    metadata: Metadata<'d>,
    usage: Usage,
    status: Status,
}

#[derive(Deserialize)]
struct Metadata<'d> {
    name: &'d str,
    namespace: &'d str,
    node: &'d str,
}

#[derive(Deserialize)]
struct Usage {
    cpu: f64,
    memory: u64,
    rx_bytes: u64,
    tx_bytes: u64,
}

#[derive(Deserialize)]
struct Status {
    restarts: u64,
}

/// The sum over all items, one at a time.
#[derive(Default)]
struct Sum(f64);

/// The role of the limit: fetches the document and visits its items.
pub fn by_hand() -> Outcome {
    let body = fetch::body()?;
    let mut sum = Sum::default();
    let mut deserializer = serde_json::Deserializer::from_slice(&body);
    (&mut sum).deserialize(&mut deserializer)?;
    black_box(sum.0);
    whole::tell()
}

impl<'de> DeserializeSeed<'de> for &mut Sum {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Sum {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<&str>()? {
            if key == "items" {
                entries.next_value_seed(&mut *self)?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Item<'_>>()? {
            let names = item.metadata.name.len() + item.metadata.namespace.len() + item.metadata.node.len();
            let counts = item.usage.memory + item.usage.rx_bytes + item.usage.tx_bytes + item.status.restarts;
            self.0 += item.usage.cpu + counts as f64 + names as f64;
        }
        Ok(())
    }
}
