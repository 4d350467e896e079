//! What a test expects of one observation, one struct for each kind.
//!
//! A field that is not given is not compared. `- hello.world` is short for `- {name: hello.world}`.

use super::demand::{Amount, Any, Demand, Labels, Moment, Words};
use crate::base::span::Span;
use crate::yaml::node::{Data, Entry, Node};
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;

/// One expected observation of a kind.
pub trait Expected: Field {
    /// What it is, for messages: `metric`.
    const WHAT: &'static str;
    /// The name of `{contains, absent, count}` of these in the reference.
    const WHAT_IN_PART: &'static str;
    /// The field that a bare word stands for.
    const SHORT: &'static str;
    /// The fields whose order does not matter.
    const SETS: &'static [&'static str] = &["tags", "element_identifiers"];
    /// The fields that are given.
    fn demands(&self) -> Vec<(&'static str, &Demand)>;
    /// Exactly so many such observations.
    fn count(&self) -> Option<usize>;
    /// At least so many.
    fn at_least(&self) -> Option<usize>;
}

/// One item of a list of expectations, with its place.
#[derive(Clone, Debug)]
pub struct Item<T> {
    /// What is expected.
    pub expected: T,
    /// Where it stands.
    pub span: Span,
}

impl<T: Expected> Field for Item<T> {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Text, T::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let expected = match &node.data {
            Data::Scalar(_) if !node.is_null() => {
                let entry = Entry { key: T::SHORT.into(), key_span: node.span, value: node.clone() };
                T::read(&Node { span: node.span, data: Data::Map(vec![entry]) }, reader)
            }
            _ => T::read(node, reader),
        };
        expected.map(|expected| Item { expected, span: node.span })
    }
}

/// Declares the expected form of one kind of observation; every kind has `count` and `at_least`.
macro_rules! items {
    ($(
        $(#[doc = $doc:literal])*
        $Name:ident, $what:literal, $named:literal, $short:literal { $( $(#[doc = $field_doc:literal])* $field:ident : $ty:ident; )* }
    )*) => {$(
        crate::fields! {
            $(#[doc = $doc])*
            pub struct $Name, $named {
                $( $(#[doc = $field_doc])* $field: Option<$ty>; )*
                /// Exactly so many of them; 0 for none.
                count: Option<usize>;
                /// So many of them or more.
                at_least: Option<usize>;
            }
        }

        impl Expected for $Name {
            const WHAT: &'static str = $what;
            const WHAT_IN_PART: &'static str = concat!("some ", $what, "s");
            const SHORT: &'static str = $short;

            fn demands(&self) -> Vec<(&'static str, &Demand)> {
                let all = [$((crate::yaml::declare::key(stringify!($field)), self.$field.as_ref().map(|demand| &demand.0))),*];
                all.into_iter().filter_map(|(key, demand)| demand.map(|demand| (key, demand))).collect()
            }

            fn count(&self) -> Option<usize> {
                self.count
            }

            fn at_least(&self) -> Option<usize> {
                self.at_least
            }
        }
    )*};
}

items! {
    /// A metric as it was submitted: a rate or a counter shows the raw reading.
    Metric, "metric", "expected metric", "name" {
        /// Its name, prefix included.
        name: Words;
        /// Its type: `gauge`, `rate`, ….
        r#type: Words;
        /// Its value.
        value: Amount;
        /// Its tags, in any order.
        tags: Labels;
        /// The host it is about; `""` for that of the engine.
        hostname: Words;
        /// The device it is about.
        device: Words;
        /// Its unit.
        unit: Words;
        /// When it was true.
        timestamp: Moment;
    }
    /// A point as it would be sent after the run: rates per second, counters as differences, histograms in their parts.
    Point, "point", "expected point", "name" {
        /// Its name, with the suffix of its part: `request.time.max`.
        name: Words;
        /// What it is: `gauge`, `count` or `rate`.
        r#type: Words;
        /// Its value.
        value: Amount;
        /// Its tags, in any order.
        tags: Labels;
        /// The host it is about; `""` for that of the engine.
        hostname: Words;
        /// The device it is about.
        device: Words;
        /// Its unit.
        unit: Words;
        /// When it was true.
        timestamp: Moment;
    }
    /// A service check.
    ServiceCheck, "service check", "expected service check", "name" {
        /// Its name.
        name: Words;
        /// Its status: `ok`, `warning`, `critical`, `unknown`.
        status: Words;
        /// Its tags, in any order.
        tags: Labels;
        /// The host it is about; `""` for that of the engine.
        hostname: Words;
        /// Why.
        message: Words;
        /// When it was true.
        timestamp: Moment;
    }
    /// An event.
    Event, "event", "expected event", "title" {
        /// One line.
        title: Words;
        /// What happened.
        text: Words;
        /// Its kind.
        event_type: Words;
        /// The system it came from.
        source_type_name: Words;
        /// How grave it is.
        alert_type: Words;
        /// How loud it is.
        priority: Words;
        /// Events with the same key belong together.
        aggregation_key: Words;
        /// The object it is about.
        event_object: Words;
        /// Its tags, in any order.
        tags: Labels;
        /// The host it is about; `""` for that of the engine.
        hostname: Words;
        /// When it happened.
        timestamp: Moment;
        /// Free facts.
        attributes: Any;
        /// What ties it to the topology: a map of `category`, `element_identifiers`, `source_identifier`, `source`, `source_links`, `data`.
        context: Any;
    }
    /// A log line.
    Log, "log", "expected log", "message" {
        /// The line.
        message: Words;
        /// Its level.
        status: Words;
        /// The service that wrote it.
        service: Words;
        /// The source that it came from.
        source: Words;
        /// Its tags, in any order.
        tags: Labels;
        /// The host it is about; `""` for that of the engine.
        hostname: Words;
        /// When it was written.
        timestamp: Moment;
        /// Free facts.
        attributes: Any;
    }
    /// A component of the topology.
    Component, "component", "expected component", "id" {
        /// Its identifier.
        id: Words;
        /// Its type.
        r#type: Words;
        /// Everything else: a map, exactly, or `{contains: {name: x}}`.
        data: Any;
    }
    /// A relation of the topology.
    Relation, "relation", "expected relation", "source" {
        /// From.
        source: Words;
        /// To.
        target: Words;
        /// Its type.
        r#type: Words;
        /// Everything else.
        data: Any;
    }
    /// The identifier of a component that is gone.
    Delete, "delete", "expected delete", "id" {
        /// Its identifier.
        id: Words;
    }
    /// A health state.
    Health, "health state", "expected health state", "id" {
        /// Unique in its stream.
        id: Words;
        /// Its name.
        name: Words;
        /// `clear`, `deviating` or `critical`.
        health: Words;
        /// The identifier of the component.
        element: Words;
        /// Why.
        message: Words;
    }
    /// A warning of the run.
    Warning, "warning", "expected warning", "message" {
        /// What was left out, and why.
        message: Words;
        /// How often that happened at its place.
        times: Amount;
    }
    /// A request that the run made.
    Asked, "request", "expected request", "url" {
        /// The source that made it; `NAME.login` for the login of a source, `auth.NAME` for a login with a name.
        source: Words;
        /// The whole URL of an HTTP request.
        url: Words;
        /// The method of an HTTP request.
        method: Words;
        /// The query of its URL: a map of texts.
        query: Any;
        /// Its headers, names in lower case, with secrets revealed: a map of texts.
        headers: Any;
        /// Its body; a map or a list is compared with the JSON in it.
        body: Any;
        /// The program and its arguments.
        argv: Any;
        /// The path or pattern of a file.
        path: Words;
    }
}
