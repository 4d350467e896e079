//! The declared form of `expect`: what one run is to leave.

use super::demand::{Any, Words};
use super::item::{Asked, Component, Delete, Event, Expected, Health, Item, Log, Metric, Point, Relation, ServiceCheck, Warning};
use crate::base::span::Span;
use crate::yaml::basic::Placed;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;

/// A list of observations: all of them, or some of them and none of others.
#[derive(Clone, Debug)]
pub struct Items<T> {
    /// Where the list stands.
    pub span: Span,
    /// Exactly these.
    pub exact: Option<Vec<Item<T>>>,
    /// These and perhaps others.
    pub contains: Vec<Item<T>>,
    /// None of these.
    pub absent: Vec<Item<T>>,
    /// So many in all.
    pub count: Option<usize>,
}

impl<T: Expected> Items<T> {
    /// Every item that is expected to be there.
    pub fn wanted(&self) -> impl Iterator<Item = &Item<T>> {
        self.exact.iter().flatten().chain(&self.contains)
    }
}

impl<T: Expected> Field for Items<T> {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::List(Box::new(Item::<T>::shape())), Partly::<T>::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_list().is_some() {
            let exact = Vec::read(node, reader)?;
            return Some(Items { span: node.span, exact: Some(exact), contains: Vec::new(), absent: Vec::new(), count: None });
        }
        let Partly { contains, absent, count } = Partly::read(node, reader)?;
        Some(Items { span: node.span, exact: None, contains, absent, count })
    }
}

/// `{contains, absent, count}`.
struct Partly<T> {
    contains: Vec<Item<T>>,
    absent: Vec<Item<T>>,
    count: Option<usize>,
}

impl<T: Expected> Partly<T> {
    fn docs() -> Vec<crate::yaml::shape::FieldDoc> {
        use crate::yaml::shape::FieldDoc;
        let list = || Shape::List(Box::new(Item::<T>::shape()));
        let field = |key, doc: &str, shape| FieldDoc { key, doc: doc.to_owned(), shape, required: false, default: None };
        vec![
            field("contains", "These are there, and perhaps others.", list()),
            field("absent", "None of these is there.", list()),
            field("count", "How many there are in all.", Shape::Integer),
        ]
    }

    fn shape() -> Shape {
        Shape::Struct(crate::yaml::shape::Struct {
            name: T::WHAT_IN_PART,
            doc: "Some of them: those that are not mentioned are not compared.",
            fields: Self::docs,
        })
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_map().is_none() {
            let problem = crate::base::diag::Diagnostic::error("wrong-type", format!("expected a list of {}s", T::WHAT), node.span);
            let problem = problem.label(format!("found {}", node.describe()));
            reader.report(problem.help("write a list of all of them, `[]` for none, or `{contains: [...]}` for a part"));
            return None;
        }
        let mut fields = crate::yaml::read::Fields::open(node, format!("the expected {}s", T::WHAT), reader)?;
        let contains = fields.take::<Vec<Item<T>>>("contains", reader);
        let absent = fields.take::<Vec<Item<T>>>("absent", reader);
        let count = fields.take::<Option<usize>>("count", reader);
        fields.finish(reader);
        Some(Partly { contains: contains?, absent: absent?, count: count? })
    }
}

/// Requests: how many, or which.
#[derive(Clone, Debug)]
pub enum Requests {
    /// How many.
    Number(usize, Span),
    /// Which.
    Items(Items<Asked>),
}

impl Field for Requests {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Integer, Items::<Asked>::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.as_scalar() {
            Some(_) => usize::read(node, reader).map(|number| Requests::Number(number, node.span)),
            None => Items::read(node, reader).map(Requests::Items),
        }
    }
}

crate::words! {
    /// What a run says about the whole topology of its key.
    pub enum Snapshot {
        /// A snapshot that was begun and closed: what is absent is gone.
        Closed = "closed",
        /// A snapshot that was begun and stays open, since a source was incomplete.
        Open = "open",
        /// No snapshot.
        None = "none",
    }
}

crate::fields! {
    /// The topology of the run.
    pub struct TopologyDemand, "expected topology" {
        /// Its key: `{type, url}`.
        pub instance: Option<Placed<Any>>;
        /// Whether a snapshot was begun and closed.
        pub snapshot: Option<Placed<Snapshot>>;
        /// Its components.
        pub components: Option<Items<Component>>;
        /// Its relations.
        pub relations: Option<Items<Relation>>;
        /// The identifiers of components that are gone.
        pub deletes: Option<Items<Delete>>;
    }
}

crate::fields! {
    /// What one run is to leave. What is not mentioned is not compared, but a run must not fail unless `error` says so.
    pub struct RunDemand, "expect" {
        /// The metrics as submitted: a list of all of them, or `{contains: [...], absent: [...]}`.
        pub metrics: Option<Items<Metric>>;
        /// The points that are sent after the run.
        pub series: Option<Items<Point>>;
        /// The service checks.
        pub service_checks: Option<Items<ServiceCheck>>;
        /// The events.
        pub events: Option<Items<Event>>;
        /// The logs.
        pub logs: Option<Items<Log>>;
        /// The topology.
        pub topology: Option<TopologyDemand>;
        /// The health states.
        pub health: Option<Items<Health>>;
        /// The stream of the health states: `urn`, `sub_stream`, `repeat`, `expiry`, `complete`.
        pub health_stream: Option<Placed<Any>>;
        /// Facts about the instance: a map, exactly, or `{contains: {version: "3.1"}}`.
        pub metadata: Option<Placed<Any>>;
        /// The warnings of the run.
        pub warnings: Option<Items<Warning>>;
        /// Why the run is an error; without this key it must not be one.
        pub error: Option<Placed<Words>>;
        /// What is remembered under `state` after the run.
        pub state: Option<Placed<Any>>;
        /// How many requests were made, or which, in any order.
        pub requests: Option<Requests>;
        /// Whether a gauge, a rate or a service check that was sent twice with the same tags fails the test.
        pub no_duplicates: bool = true, "true";
        /// Whether a metric whose name no expectation mentions fails the test.
        pub all_metrics_covered: bool = false, "false";
    }
}

impl Default for RunDemand {
    fn default() -> Self {
        RunDemand {
            metrics: None,
            series: None,
            service_checks: None,
            events: None,
            logs: None,
            topology: None,
            health: None,
            health_stream: None,
            metadata: None,
            warnings: None,
            error: None,
            state: None,
            requests: None,
            no_duplicates: true,
            all_metrics_covered: false,
        }
    }
}

/// The whole of `expect`.
#[derive(Clone, Debug)]
pub struct Expect {
    /// Where it stands.
    pub span: Span,
    /// What each run is to leave.
    pub runs: Runs,
}

/// What is expected of which run.
#[derive(Clone, Debug)]
pub enum Runs {
    /// Of the last one; those before it must not fail.
    Last(Box<RunDemand>),
    /// Of each, in order.
    Each(Vec<Placed<RunDemand>>),
}

impl Field for Expect {
    fn shape() -> Shape {
        Shape::Either(vec![RunDemand::shape(), EachRun::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let runs = if node.entry("runs").is_some() {
            Runs::Each(EachRun::read(node, reader)?.runs)
        } else {
            Runs::Last(Box::new(RunDemand::read(node, reader)?))
        };
        Some(Expect { span: node.span, runs })
    }
}

crate::fields! {
    /// What each of several runs is to leave.
    pub struct EachRun, "expect of several runs" {
        /// One for each run, in order.
        runs: Vec<Placed<RunDemand>>;
    }
}
