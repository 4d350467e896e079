//! From what a run leaves to the record that waits for delivery, and from there to the bytes of a
//! receiver, against the same bytes written from a tree of JSON values.

use crate::Outcome;
use crate::meter::{Rounds, own_cpu};
use crate::table::{Line, Table};
use engine::base::number::Number;
use engine::base::span::{Sources, Span};
use engine::fold::{Readings, fold};
use engine::observation::{About, MetricType, Observations, Samples, Status, TagSet};
use engine::report::{Facts, Origin, Report, RunStatus};
use engine::sink::{AnySink, Numbered, OpenCx, Sink};
use engine::state::Changes;
use engine::yaml::load::load;
use engine::yaml::read::{Field, Reader};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const SAMPLES: usize = 100_000;
/// How many samples share a name, as the rows of a table do.
const ROWS: usize = 500;
const ROUNDS: usize = 9;

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let samples = samples();
    let earlier = fold(&samples, &Readings::default(), &Sources::default()).readings;
    let mut memory = Readings::default();
    memory.take_over(earlier);
    let sink = sink()?;
    let rounds = Rounds::run(ROUNDS, || {
        let before = own_cpu();
        let report = report(&samples, &memory);
        let folded = own_cpu();
        let mut record = Vec::new();
        report.encode(&mut record)?;
        let encoded = own_cpu();
        let report = Report::decode(&record)?;
        let decoded = own_cpu();
        let batches = sink.batches(vec![Numbered { sequence: 1, report }]);
        let cut = own_cpu();
        let bodies: Vec<Vec<u8>> = batches.iter().map(|batch| sink.body(batch)).collect();
        let wired = own_cpu();
        let trees = bodies.iter().map(|body| serde_json::from_slice(body)).collect::<Result<Vec<Json>, _>>()?;
        let parsed = own_cpu();
        for tree in &trees {
            black_box(serde_json::to_vec(tree)?);
        }
        let written = own_cpu();
        let each = |from: Duration, to: Duration| (to - from).as_secs_f64() * 1e6 / SAMPLES as f64;
        Ok([each(before, encoded), each(folded, encoded), each(encoded, decoded), each(cut, wired), each(parsed, written)])
    })?;
    table.add(Line {
        work: "samples of a run to the record that waits, CPU of each",
        engine: format!("{:.2} us, of which {:.2} us for the form; reading it {:.2} us", rounds.cost(0), rounds.cost(1), rounds.cost(2)),
        limit: "-".to_owned(),
        figure: rounds.cost(0),
        unit: " us",
        most: Some(3.0),
    });
    table.add(Line {
        work: "points to the JSON of a receiver, CPU of each",
        engine: format!("{:.2} us", rounds.cost(3)),
        limit: format!("{:.2} us", rounds.cost(4)),
        figure: rounds.ratio(3, 4),
        unit: " x",
        most: Some(2.0),
    });
    Ok(())
}

fn samples() -> Samples {
    let at = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(1_700_000_000);
    let about = |metric: usize| About {
        name: format!("bench.family_{metric:04}.value").into(),
        metric_type: if metric.is_multiple_of(2) { MetricType::Gauge } else { MetricType::MonotonicCount },
        hostname: None,
        device: None,
        unit: Some("byte".into()),
        timestamp: at,
        manner: None,
        origin: Span::default(),
    };
    let mut out = Samples::default();
    for metric in 0..SAMPLES / ROWS {
        let about = Arc::new(about(metric));
        for n in 0..ROWS {
            let tags = TagSet::new([format!("handler:/api/v1/obj/{n}"), format!("zone:z{}", n % 5), "instance:front".to_owned()]);
            out.push(Number::Float((metric * n) as f64 * 1.25), &tags, about.clone());
        }
    }
    out
}

fn report(samples: &Samples, memory: &Readings) -> Report {
    let sources = Sources::default();
    let folding = fold(samples, memory, &sources);
    let changes = Changes { readings: folding.readings, ..Changes::default() };
    let run = RunStatus { status: Status::Ok, message: "".into(), duration: Duration::ZERO, ended: Timestamp::UNIX_EPOCH };
    let origin = Origin {
        check: "bench".into(),
        label: "bench[0]".into(),
        id: 1,
        owner: "bench".into(),
        instance: 0,
        name: None,
        hostname: "mon-01".into(),
        started: Timestamp::UNIX_EPOCH,
        interval: Duration::from_secs(15),
    };
    Report::new(origin, Facts { observations: Observations::default(), points: folding.points, changes, run, sources: &sources })
}

fn sink() -> Outcome<Arc<dyn Sink>> {
    let mut sources = Sources::default();
    let file = sources.add("engine.yaml", "datadog: {url: 'http://127.0.0.1', api_key: x, send: [metrics]}");
    let loaded = load(&sources, file);
    let settings = AnySink::read(&loaded.root, &mut Reader::new(&sources, false)).ok_or("no sink")?;
    Ok(settings.0.open(&OpenCx { folder: Path::new("/"), secret: &|_| Err("none".to_owned()) })?)
}
