//! Instances that get in each other's way: the same check twice, and two snapshots of one topology.
//!
//! The memory between runs belongs to the identity of a check, so two of one identity are told
//! apart by their order, with a warning. Two instances that send snapshots under one topology key
//! would delete each other's components in turn: the second is an error.

use crate::base::diag::Diagnostic;
use crate::base::span::{FileId, Span};
use crate::base::value::{Text, Value};
use crate::expr::frame::Frame;
use crate::expr::names;
use crate::plan::Check;
use std::collections::{BTreeMap, HashMap};

/// What the instances of this session are known by.
#[derive(Debug, Default)]
pub struct Known {
    /// The beginnings of the instances: the map is there as long as they are, and they are many.
    identities: HashMap<u64, (FileId, u32)>,
    topologies: BTreeMap<(Text, Text), Topology>,
}

/// Who sends the snapshots of a key.
#[derive(Debug)]
struct Topology {
    /// The instance.
    span: Span,
    spec: Text,
    /// What declares the key.
    declared: Span,
}

impl Known {
    /// Takes a check in, or says why it cannot run beside the others. A warning goes to `problems`.
    ///
    /// # Errors
    /// The problem of a second snapshot under one key.
    pub fn add(&mut self, check: &mut Check, engine: &Value, problems: &mut Vec<Diagnostic>) -> Result<(), Box<Diagnostic>> {
        let span = check.instance.span;
        if let Some(key) = topology_key(check, engine) {
            let declared = check.plan.spec.topology.as_ref().map_or_else(Span::default, |key| key.span);
            self.topology(key, Topology { span, spec: check.plan.spec.name.clone(), declared })?;
        }
        let place = (span.file, span.start);
        match self.identities.get(&check.id).copied() {
            Some(first) if first != place => {
                problems.push(same_identity(check, span, Span { file: first.0, start: first.1, end: first.1.saturating_add(1) }));
                // Stable as long as their order is.
                while self.identities.get(&check.id).is_some_and(|known| *known != place) {
                    check.id = check.id.wrapping_add(1);
                }
                self.identities.insert(check.id, place);
            }
            Some(_) => {}
            None => {
                self.identities.insert(check.id, place);
            }
        }
        Ok(())
    }

    /// Takes in who sends a topology, or says who else does.
    fn topology(&mut self, key: (Text, Text), topology: Topology) -> Result<(), Box<Diagnostic>> {
        if let Some(first) = self.topologies.get(&key).filter(|known| known.span != topology.span) {
            return Err(Box::new(same_topology(&key, &topology, first)));
        }
        self.topologies.insert(key, topology);
        Ok(())
    }

    /// Takes in what a part of the session knows. Checks of one identity are of one spec, and so in one
    /// part; topologies are nobody's own.
    pub fn join(&mut self, part: Known, file: impl Fn(FileId) -> FileId, problems: &mut Vec<Diagnostic>) {
        let here = |span: Span| Span { file: file(span.file), ..span };
        for (key, topology) in part.topologies {
            let topology = Topology { span: here(topology.span), declared: here(topology.declared), ..topology };
            problems.extend(self.topology(key, topology).err().map(|problem| *problem));
        }
    }
}

/// The key under which a check sends snapshots, as far as it does not depend on a run.
fn topology_key(check: &Check, engine: &Value) -> Option<(Text, Text)> {
    let key = check.plan.spec.topology.as_ref().filter(|key| key.snapshot)?;
    let templates = [&key.key_type, &key.key_url];
    if !templates.iter().all(|template| template.0.is_steady()) {
        return None;
    }
    let mut frame = Frame::new(check.plan.names.clone(), check.cache.clone());
    frame.set(names::INSTANCE, check.instance.config.clone());
    frame.set(names::INIT_CONFIG, check.instance.init_config.clone());
    frame.set(names::ENGINE, engine.clone());
    frame.set(names::TABLES, check.plan.spec.tables.clone());
    frame.set(names::SPEC, check.plan.facts.clone());
    Some((key.key_type.text(&mut frame)?, key.key_url.text(&mut frame)?))
}

fn same_topology((key_type, key_url): &(Text, Text), topology: &Topology, first: &Topology) -> Diagnostic {
    let Topology { span, declared, .. } = *topology;
    let title = format!("two instances send snapshots of the topology `{key_type}`, `{key_url}`");
    let problem = Diagnostic::error("same-topology", title, span)
        .label("the same topology again")
        .also(first.span, format!("first here, for the spec `{}`", first.spec));
    let problem = problem.text("A snapshot deletes the components that it does not name, so the two would delete each other's.");
    let problem = if declared.file == span.file { problem } else { problem.also(declared, "this declares it") };
    problem.help("remove one of the instances, or make their topologies differ: `topology.instance` of the spec must use what the instances differ in")
}

fn same_identity(check: &Check, span: Span, first: Span) -> Diagnostic {
    let problem = match &check.instance.name {
        Some(name) => Diagnostic::warning("same-instance", format!("two instances of the name `{name}`"), span),
        None => Diagnostic::warning("same-instance", "two instances with the same settings", span),
    };
    let problem = problem.label("the same again").also(first, "first here");
    let problem = problem.text("What is remembered between runs belongs to the name, or else to the settings without tags, intervals, time limits and secrets. These two are told apart by their order alone.");
    problem.help("remove one of them, or give each a `name` of its own")
}
