//! From records to the bytes that a sink sends, before they are packed. The limit is `serde_json`, which
//! writes as many bytes of JSON from a tree that is there already: those of the sink itself, and for
//! the forms that are no JSON those of `datadog` for points, of `jsonl` for the rest.

use crate::deliver::Runs;
use crate::meter::{Rounds, own_cpu};
use crate::server::Server;
use crate::table::{Line, Table};
use crate::{Outcome, list};
use engine::base::span::Sources;
use engine::sink::batch::Batch;
use engine::sink::{AnySink, Numbered, OpenCx, Sink};
use engine::yaml::load::load;
use engine::yaml::read::{Field, Reader};
use serde_json::Value as Json;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Builder;

const ROUNDS: usize = 9;

/// Points of small runs and of a large one.
const POINTS: &[(&str, &str, Form)] = &[
    ("points to the form of `stackstate`", "stackstate: {url: 'http://127.0.0.1', api_key: x, send: [metrics]}", Form::Json),
    ("points to the form of `datadog`", "datadog: {url: 'http://127.0.0.1', api_key: x, send: [metrics]}", Form::Json),
    ("points to remote write of `prometheus`", "prometheus: {url: 'http://127.0.0.1', send: [metrics]}", Form::Other),
    ("points to the form of `otlp`", "otlp: {url: 'http://127.0.0.1', send: [metrics]}", Form::Other),
    ("points to lines of `jsonl`", "jsonl: {path: lines, send: [metrics]}", Form::Lines),
];

/// Topology, health, service checks, events and logs.
const OTHERS: &[(&str, &str, Form)] = &[
    ("all but points to the forms of `stackstate`", "stackstate: {url: 'http://127.0.0.1', api_key: x}", Form::Json),
    ("all but points to the forms of `datadog`", "datadog: {url: 'http://127.0.0.1', api_key: x}", Form::Json),
    ("all but points to the forms of `otlp`", "otlp: {url: 'http://127.0.0.1'}", Form::Other),
    ("all but points to lines of `jsonl`", "jsonl: {path: lines}", Form::Lines),
];

/// One of everything but metrics for each item of a list.
const SPEC: &str = "\
name: mixed
version: 1.0.0
config:
  instance:
    url: {type: url, required: true}
sources:
  pods:
    http: {url: \"{{ instance.url }}\"}
    decode: json
    rows: $.items[*]
service_checks:
  - from: pods
    name: pod.ready
    status: {critical: not row.status.ready}
    message: \"{{ row.status.phase }}\"
    tags: {pod: $.metadata.name, namespace: $.metadata.namespace}
events:
  - from: pods
    when: row.metadata.name is endingwith('1')
    title: \"{{ row.metadata.name }} has restarted\"
    text: \"{{ row.status.restarts }} times in {{ row.metadata.namespace }}\"
    tags: {pod: $.metadata.name, namespace: $.metadata.namespace}
logs:
  - {from: pods, message: \"{{ row.metadata.name }} is {{ row.status.phase }}\", status: info, service: $.metadata.labels.app, attributes: {uid: $.metadata.uid, restarts: $.status.restarts}}
topology:
  instance: {type: cluster, url: \"{{ instance.url }}\"}
  snapshot: true
  components:
    - from: pods
      id: \"urn:pod:/{{ row.metadata.uid }}\"
      type: pod
      name: $.metadata.name
      data: {status: $.status, labels: $.metadata.labels}
  relations:
    - {from: pods, source: \"urn:pod:/{{ row.metadata.uid }}\", target: \"urn:node:/{{ row.metadata.node }}\", type: runs_on}
health:
  stream: {urn: \"urn:health:pods:all\"}
  states:
    - from: pods
      id: $.metadata.uid
      name: $.metadata.name
      element: \"urn:pod:/{{ row.metadata.uid }}\"
      health: clear
";

/// What a body is.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Json,
    /// A document of JSON on each line.
    Lines,
    /// No JSON.
    Other,
}

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (small, large) = (Runs::small(&runtime, server.port)?, Runs::large(&runtime, server.port)?);
    let points = [small.reports(&runtime)?, large.reports(&runtime)?].concat();
    let mixed = Runs::of(&runtime, "mixed", SPEC, &list::conf(server.port, list::FEW))?;
    rows(table, POINTS, &points)?;
    rows(table, OTHERS, &mixed.reports(&runtime)?)
}

/// Adds a row for each sink.
fn rows(table: &mut Table, sinks: &[(&'static str, &str, Form)], reports: &[Numbered]) -> Outcome {
    let opened = sinks.iter().map(|(work, text, form)| Ok((*work, open(text)?, *form))).collect::<Outcome<Vec<_>>>()?;
    // The one whose JSON stands for the forms that are none.
    let (_, model, model_form) = opened.iter().rfind(|(_, _, form)| *form != Form::Other).ok_or("no sink")?;
    for (work, sink, form) in &opened {
        let rounds = Rounds::run(ROUNDS, || {
            let batches = sink.batches(reports.to_vec());
            let cut = own_cpu();
            let bodies = bodies(&**sink, &batches);
            let written = own_cpu();
            let (per_byte, n_bytes) = match form {
                Form::Other => (by_hand(&self::bodies(&**model, &model.batches(reports.to_vec())), *model_form)?, bytes(&bodies)),
                form => (by_hand(&bodies, *form)?, bytes(&bodies)),
            };
            let items = batches.iter().map(|batch| batch.items().len()).sum::<usize>() as f64;
            Ok([(written - cut).as_secs_f64() * 1e6 / items, per_byte * 1e6 * n_bytes / items])
        })?;
        table.add(Line {
            work,
            engine: format!("{:.2} µs each", rounds.cost(0)),
            limit: format!("{:.2} µs each", rounds.cost(1)),
            figure: rounds.ratio(0, 1),
            unit: " x",
            most: Some(2.0),
        });
    }
    Ok(())
}

fn bodies(sink: &dyn Sink, batches: &[Batch]) -> Vec<Vec<u8>> {
    batches.iter().map(|batch| sink.body(batch)).collect()
}

fn bytes(bodies: &[Vec<u8>]) -> f64 {
    bodies.iter().map(Vec::len).sum::<usize>() as f64
}

/// The limit: seconds for each byte that is written from trees.
fn by_hand(bodies: &[Vec<u8>], form: Form) -> Outcome<f64> {
    let lines =
        |body: &[u8]| body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(serde_json::from_slice::<Json>).collect();
    let trees = bodies.iter().map(|body| if form == Form::Lines { lines(body) } else { Ok(vec![serde_json::from_slice(body)?]) });
    let trees = trees.collect::<Result<Vec<Vec<Json>>, _>>()?;
    let begin = own_cpu();
    for trees in &trees {
        let mut out = Vec::new();
        for tree in trees {
            serde_json::to_writer(&mut out, tree)?;
        }
        black_box(out);
    }
    Ok((own_cpu() - begin).as_secs_f64() / bytes(bodies))
}

fn open(text: &str) -> Outcome<Arc<dyn Sink>> {
    let mut sources = Sources::default();
    let file = sources.add("engine.yaml", text);
    let loaded = load(&sources, file);
    let settings = AnySink::read(&loaded.root, &mut Reader::new(&sources, false)).ok_or("no sink")?;
    Ok(settings.0.open(&OpenCx { folder: Path::new("/"), secret: &|_| Err("none".to_owned()) })?)
}
