//! The declared form of a test file.
//!
//! ```yaml
//! instance: {url: "http://service.test/", timeout: 8}
//! given: {page: {error: timeout}}
//! expect:
//!   metrics: []
//! ```
//!
//! Several tests stand under `tests:`, by their names; what the file says beside it holds for each of
//! them that does not say otherwise.

use super::expect::Expect;
use super::given::{At, Given};
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::map::Map;
use crate::base::span::{Sources, Span};
use crate::base::value::{Text, Value};
use crate::observation::Status;
use crate::state::Changes;
use crate::yaml::basic::{Count, Keyed, OneOrMany, Raw, Seconds};
use crate::yaml::load::Loaded;
use crate::yaml::node::{Data, Entry, Node};
use crate::yaml::read::{Field, Reader, Record};
use crate::yaml::shape::{FieldDoc, Shape};

crate::fields! {
    /// One test of a spec.
    pub struct Written, "test" {
        /// What it shows.
        pub description: Option<Text>;
        /// The settings of the instance, as in conf.d.
        pub instance: Option<Raw>;
        /// The settings that all instances share, as in conf.d.
        pub init_config: Option<Raw>;
        /// What the sources are answered, by their names. The requests of a login match the answers of their source by `url`, or those of `NAME.login`; those of a login with a name `auth.NAME`.
        pub given: Keyed<Given>;
        /// How many runs there are; without it as many as `given` or `expect` has.
        pub runs: Option<Count>;
        /// The time of the first run, or a list with the time of each. Time stands still while a run lasts, but for the pauses between retries and polls.
        pub now: Option<OneOrMany<At>>;
        /// The time from one run to the next, and `run.interval`; without it the `min_collection_interval` of the instance, but at least 15s.
        pub interval: Option<Seconds>;
        /// The name of the host, as `engine.hostname`.
        pub hostname: Text = "test-host".into(), "test-host";
        /// Free values, as `engine.vars`.
        pub vars: Option<Raw>;
        /// What `state` holds before the first run.
        pub state: Option<Raw>;
        /// What `previous` holds before the first run.
        pub previous: Option<Raw>;
        /// The statuses of the service checks in the run before, for `on_change`.
        pub checks: Keyed<Status>;
        /// What the runs are to leave.
        pub expect: Option<Expect>;
    }
}

/// One test, read.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name below its file; empty where it is the only one.
    pub name: Text,
    /// Its place.
    pub span: Span,
    /// The map it stands in: where `--update` writes.
    pub node: Node,
    /// What it says.
    pub written: Written,
}

impl Case {
    /// How many runs there are.
    pub fn runs(&self) -> usize {
        let by_run = self.written.given.0.iter().filter(|entry| entry.value.by_run).map(|entry| entry.value.runs.len());
        let expected = match self.written.expect.as_ref().map(|expect| &expect.runs) {
            Some(super::expect::Runs::Each(runs)) => runs.len(),
            _ => 1,
        };
        let times = self.written.now.as_ref().map_or(1, |times| times.0.len());
        self.written.runs.map_or_else(|| by_run.max().unwrap_or(1).max(expected).max(times), |count| count.0)
    }

    /// What the run before the first one left: state, previous and statuses; none where the test
    /// mentions none of them.
    pub fn remembered(&self) -> Option<Changes> {
        let w = &self.written;
        let value = |raw: &Option<Raw>| raw.as_ref().map(|raw| raw.0.to_value());
        let checks = w.checks.0.iter().map(|e| (format!("checks[{}]", e.key).into(), Value::from(e.value.word())));
        let changes = Changes { state: value(&w.state), previous: value(&w.previous), watched: checks.collect(), ..Changes::default() };
        (w.state.is_some() || w.previous.is_some() || !changes.watched.is_empty()).then_some(changes)
    }

    /// `engine` in expressions.
    pub fn engine(&self) -> Value {
        let vars = self.written.vars.as_ref().map(|raw| raw.0.to_value()).unwrap_or_default();
        let entries =
            [("hostname", Value::Text(self.written.hostname.clone())), ("version", Value::from(env!("CARGO_PKG_VERSION"))), ("vars", vars)];
        Value::map(entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect::<Map>())
    }

    /// The instance as a file of conf.d would have it, with the places of the test.
    pub fn conf(&self, file: &Loaded) -> Loaded {
        let entry = |key: &str, value: Node| Entry { key: key.into(), key_span: value.span, value };
        let here = |raw: &Option<Raw>| raw.as_ref().map(|raw| raw.0.clone());
        let empty = Node { span: self.span, data: Data::Map(Vec::new()) };
        let instance = here(&self.written.instance).unwrap_or(empty);
        let instances = Node { span: instance.span, data: Data::List(vec![instance]) };
        let init = here(&self.written.init_config).map(|node| entry("init_config", node));
        let root = Node { span: self.span, data: Data::Map(init.into_iter().chain([entry("instances", instances)]).collect()) };
        Loaded { root, problems: Vec::new(), broken: file.broken }
    }
}

/// The keys of a test file: those of a test, and `tests`.
pub fn file_docs() -> Vec<FieldDoc> {
    let doc = "Several tests by their names; what stands beside holds for each that does not say otherwise.".to_owned();
    let tests = FieldDoc { key: "tests", doc, shape: Shape::Map(Box::new(Written::shape())), required: false, default: None };
    Written::docs().into_iter().chain([tests]).collect()
}

/// Reads the tests of a file.
pub fn read(loaded: &Loaded, sources: &Sources) -> (Vec<Case>, Vec<Diagnostic>) {
    let mut reader = Reader::new(sources, loaded.broken);
    reader.problems.clone_from(&loaded.problems);
    let root = &loaded.root;
    let cases = match root.entry("tests") {
        Some(tests) => several(root, tests, &mut reader),
        None => one("".into(), root, root, &mut reader).into_iter().collect(),
    };
    let mut problems = reader.problems;
    crate::base::diag::drop_consequences(&mut problems);
    (cases, problems)
}

fn one(name: Text, node: &Node, whole: &Node, reader: &mut Reader<'_>) -> Option<Case> {
    let written = Written::read(whole, reader)?;
    let case = Case { name, span: node.span, node: node.clone(), written };
    if case.runs() > limits::TEST_RUNS {
        let problem = Diagnostic::error("out-of-range", format!("more than {} runs", limits::TEST_RUNS), node.span);
        reader.report(problem.label("too many").help("state that matters shows after a few runs"));
        return None;
    }
    Some(case)
}

fn several(root: &Node, tests: &Entry, reader: &mut Reader<'_>) -> Vec<Case> {
    let Some(entries) = tests.value.as_map().filter(|entries| !entries.is_empty()) else {
        let problem = Diagnostic::error("wrong-type", "expected a map for `tests`", tests.value.span);
        let problem = problem.label(format!("found {}", tests.value.describe()));
        reader.report(problem.help("give each test a name: `tests: {timeout: {given: …, expect: …}}`"));
        return Vec::new();
    };
    let shared: Vec<Entry> = root.as_map().unwrap_or(&[]).iter().filter(|entry| &*entry.key != "tests").cloned().collect();
    let read = |entry: &Entry, reader: &mut Reader<'_>| {
        if entry.value.as_map().is_none() {
            reader.mismatch(&entry.value, &format!("a map for the test `{}`", entry.key));
            return None;
        }
        one(entry.key.clone(), &entry.value, &merged(&shared, &entry.value), reader)
    };
    entries.iter().filter_map(|entry| read(entry, reader)).collect()
}

/// The keys of a test over those of its file; the answers of sources it does not mention come along.
fn merged(shared: &[Entry], test: &Node) -> Node {
    let own = test.as_map().unwrap_or(&[]);
    let mut out: Vec<Entry> = own.to_vec();
    for entry in shared {
        match out.iter_mut().find(|known| known.key == entry.key) {
            None => out.push(entry.clone()),
            Some(known) if matches!(&*entry.key, "given" | "instance" | "vars") => {
                let (Some(more), Data::Map(there)) = (entry.value.as_map(), &mut known.value.data) else { continue };
                let missing: Vec<Entry> = more.iter().filter(|one| !there.iter().any(|own| own.key == one.key)).cloned().collect();
                there.extend(missing);
            }
            Some(_) => {}
        }
    }
    Node { span: test.span, data: Data::Map(out) }
}
