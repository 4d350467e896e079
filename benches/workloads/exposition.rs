//! An exposition in the text format of Prometheus, families of 500 series each: counters, gauges and
//! histograms.

use crate::{Outcome, fetch, whole};
use std::fmt::Write;
use std::hint::black_box;

/// Series of about 1 MB.
pub const FEW: usize = 10_000;
/// Series of about 19 MB.
pub const MANY: usize = 200_000;

/// Every family under its own name.
pub const SPEC: &str = "\
name: large
version: 1.0.0
config:
  instance:
    url: {type: url, required: true}
sources:
  scrape:
    http: {url: \"{{ instance.url }}\"}
    decode: prometheus
metrics:
  - from: scrape
    families:
      metrics: {\"*\": \"*\"}
";

const BOUNDS: [&str; 11] = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf"];

fn method(n: usize) -> &'static str {
    match n % 3 {
        0 => "GET",
        1 => "PUT",
        _ => "POST",
    }
}

/// The text with so many series.
pub fn document(series: usize) -> String {
    let mut out = String::new();
    for family in 0..series.div_ceil(500) {
        let kind = match family % 5 {
            0 | 2 => "counter",
            1 | 3 => "gauge",
            _ => "histogram",
        };
        let ending = if kind == "counter" { "_total" } else { "_seconds" };
        let name = format!("bench_{kind}_{family:04}{ending}");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "# HELP {name} Family {family} of the benchmark.\n# TYPE {name} {kind}");
        let n = (series - family * 500).min(500);
        if kind == "histogram" { histogram(&name, n, &mut out) } else { plain(&name, family, n, &mut out) }
    }
    out
}

fn plain(name: &str, family: usize, n: usize, out: &mut String) {
    for m in 0..n {
        let value = ((family * 500 + m) as u64).wrapping_mul(2_654_435_761) & 0xffff_ffff;
        let (method, code, zone) = (method(m), 200 + m % 5, m % 5);
        let _ = writeln!(out, "{name}{{method=\"{method}\",handler=\"/api/v1/obj/{m}\",code=\"{code}\",zone=\"z{zone}\"}} {value}");
    }
}

fn histogram(name: &str, n: usize, out: &mut String) {
    for m in (0..n).step_by(BOUNDS.len() + 2) {
        let labels = format!("method=\"{}\",handler=\"/api/v1/obj/{m}\",zone=\"z{}\"", method(m), m % 5);
        for (bound, count) in BOUNDS.iter().zip(1..) {
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {}", (m + 1) * count);
        }
        let _ = writeln!(out, "{name}_sum{{{labels}}} {}\n{name}_count{{{labels}}} {}", (m + 1) as f64 * 1.25, (m + 1) * 11);
    }
}

/// How many metrics the text has: one for each sample.
pub fn n_metrics(text: &str) -> usize {
    text.lines().filter(|line| !line.starts_with('#')).count()
}

/// The role of the limit: borrows names, labels and values from the text, and keeps nothing.
pub fn by_hand() -> Outcome {
    let body = fetch::body()?;
    let text = std::str::from_utf8(&body)?;
    let mut sum = 0.0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').ok_or("no value")?;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let mut rest = labels;
        while let Some((label, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').ok_or("no quote")?;
            sum += (label.len() + value.len()) as f64;
            rest = after.trim_start_matches(',');
        }
        sum += name.len() as f64 + value.parse::<f64>()?;
    }
    black_box(sum);
    whole::tell()
}
