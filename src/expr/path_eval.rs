//! Evaluates JSONPath queries, in the order and with the comparisons of RFC 9535.
//!
//! The grammar is `jsonpath-rust`'s. Its evaluator is not used: it orders the matches of
//! `$.hosts[*]['name','ip']` by selector instead of by node, and takes a filter inside a filter for
//! a test of the outer item. This one walks the document depth-first and keeps no lists of nodes on
//! the way, so that an existence test ends with its first match. Every visit of a node costs a step
//! and every level counts, filters included: both are bounded, whatever the query and the document.
//!
//! Refused while parsing, by `path_rules`: calls whose arguments have the wrong type, functions that
//! RFC 9535 does not define, and constant patterns that do not compile. Patterns that come from the
//! document match nothing where they do not compile. Null exists and is [`Value::Missing`]; a query
//! that leads nowhere is `None` in comparisons.

use super::fault::Fault;
use super::path_regex::Patterns;
use super::path_rules as rules;
use crate::base::limits;
use crate::base::value::{Value, place};
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};

/// The levels of the deepest document, all of them again for a query in a filter down there, and
/// some for the segments and filters on the way.
const LEVELS: usize = 2 * limits::DEPTH + 32;
/// Bytes of a text that are compared or searched for one step.
const STEP_BYTES: usize = 64;

/// A query that keeps the rules.
#[derive(Clone, Debug)]
pub struct Query {
    segments: Vec<Segment>,
    patterns: Patterns,
}

impl Query {
    /// Checks a parsed query and compiles its patterns.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn new(query: JpQuery) -> Result<Query, String> {
        let mut patterns = Patterns::default();
        match rules::broken(&query, &mut patterns) {
            Some(message) => Err(message),
            None => Ok(Query { segments: query.segments, patterns }),
        }
    }

    /// The segments, one for each level of the document.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The query with `*` for every filter; none where it has no filter.
    pub fn unfiltered(&self) -> Option<Query> {
        let segments: Vec<Segment> = self.segments.iter().map(without_filter).collect();
        (segments != self.segments).then(|| Query { segments, patterns: Patterns::default() })
    }

    /// Calls `take` with the last name or index, and the value, of every match. A limit that is hit
    /// is known before the first call: half of the matches would look like all of them.
    ///
    /// # Errors
    /// Failed when a limit is hit.
    pub fn each(&self, root: &Value, take: &mut dyn FnMut(Value, &Value)) -> Result<(), Fault> {
        let run = Run { root, patterns: &self.patterns, found: RefCell::default(), steps: Cell::new(0), level: Cell::new(0) };
        let mut matches = Vec::new();
        let done = run.nodes(&self.segments, root, Place::Root, &mut |place, value| {
            if matches.len() >= limits::PATH_MATCHES {
                return Err(Stop::limit("matches more than", limits::PATH_MATCHES, "times"));
            }
            matches.push((place.key(), value.clone()));
            Ok(())
        });
        if let Err(Stop::Fault(fault)) = done {
            return Err(fault);
        }
        matches.into_iter().for_each(|(key, value)| take(key, &value));
        Ok(())
    }
}

fn without_filter(segment: &Segment) -> Segment {
    match segment {
        Segment::Descendant(inner) => Segment::Descendant(Box::new(without_filter(inner))),
        Segment::Selector(Selector::Filter(_)) => Segment::Selector(Selector::Wildcard),
        // A node that is chosen twice counts twice; one `*` is what all filters choose from.
        Segment::Selectors(selectors) if selectors.iter().any(|s| matches!(s, Selector::Filter(_))) => {
            Segment::Selector(Selector::Wildcard)
        }
        other => other.clone(),
    }
}

/// What ends a walk before its end.
pub(super) enum Stop {
    /// Nothing more needs to be seen.
    Enough,
    /// A limit was hit.
    Fault(Fault),
}

impl Stop {
    fn limit(verb: &str, limit: usize, unit: &str) -> Stop {
        Stop::Fault(Fault::failed(format!("the path {verb} {limit} {unit}")))
    }
}

pub(super) type Done = Result<(), Stop>;

/// Where a node is in its parent.
#[derive(Clone, Copy)]
pub(super) enum Place<'n> {
    Root,
    Name(&'n str),
    Index(usize),
}

impl Place<'_> {
    fn key(self) -> Value {
        match self {
            Place::Root => Value::Missing,
            Place::Name(name) => Value::text(name),
            Place::Index(index) => Value::from(index),
        }
    }
}

/// Called with each node.
pub(super) type Take<'t> = dyn FnMut(Place<'_>, &Value) -> Done + 't;

/// One evaluation.
pub(super) struct Run<'q> {
    pub(super) root: &'q Value,
    pub(super) patterns: &'q Patterns,
    /// Patterns that the document holds.
    pub(super) found: RefCell<Patterns>,
    steps: Cell<usize>,
    level: Cell<usize>,
}

/// Segments and selectors.
impl Run<'_> {
    /// The nodes that the segments lead to from a value.
    pub(super) fn nodes(&self, segments: &[Segment], value: &Value, place: Place<'_>, take: &mut Take<'_>) -> Done {
        let Some((segment, rest)) = segments.split_first() else { return take(place, value) };
        self.deeper(|| {
            let value = &*open(value);
            let below = &mut |place: Place<'_>, child: &Value| self.nodes(rest, child, place, take);
            match segment {
                Segment::Descendant(inner) => self.descend(inner, value, below),
                Segment::Selector(_) | Segment::Selectors(_) => self.children_of(segment, value, below),
            }
        })
    }

    /// A value before its children, and those in their order.
    fn descend(&self, segment: &Segment, value: &Value, take: &mut Take<'_>) -> Done {
        self.deeper(|| {
            let value = &*open(value);
            self.children_of(segment, value, take)?;
            self.children(value, &mut |_, child| match child {
                Value::List(_) | Value::Map(_) | Value::Lazy(_) => self.descend(segment, child, take),
                _ => Ok(()),
            })
        })
    }

    fn children_of(&self, segment: &Segment, value: &Value, take: &mut Take<'_>) -> Done {
        match segment {
            Segment::Selector(one) => self.select(one, value, take),
            Segment::Selectors(many) => many.iter().try_for_each(|one| self.select(one, value, take)),
            // The grammar puts no descent into a descent.
            Segment::Descendant(_) => Ok(()),
        }
    }

    fn select(&self, selector: &Selector, value: &Value, take: &mut Take<'_>) -> Done {
        match (selector, value) {
            (Selector::Name(name), Value::Map(map)) => map.get(name).map_or(Ok(()), |child| self.visit(Place::Name(name), child, take)),
            (Selector::Index(index), Value::List(items)) => {
                place(items.len(), *index).map_or(Ok(()), |index| self.item(items, index, take))
            }
            (Selector::Slice(start, end, step), Value::List(items)) => {
                slice(items.len(), *start, *end, *step).try_for_each(|index| self.item(items, index, take))
            }
            (Selector::Wildcard, _) => self.children(value, take),
            (Selector::Filter(filter), _) => {
                self.children(value, &mut |place, child| if self.holds(filter, child)? { take(place, child) } else { Ok(()) })
            }
            (Selector::Name(_) | Selector::Index(_) | Selector::Slice(..), _) => Ok(()),
        }
    }

    // Loops, since the frames of iterators count at every level of the document.
    fn children(&self, value: &Value, take: &mut Take<'_>) -> Done {
        if let Value::List(items) = value {
            for (index, child) in items.iter().enumerate() {
                self.visit(Place::Index(index), child, take)?;
            }
        } else if let Value::Map(map) = value {
            for (name, child) in map.iter() {
                self.visit(Place::Name(name), child, take)?;
            }
        }
        Ok(())
    }

    fn item(&self, items: &[Value], index: usize, take: &mut Take<'_>) -> Done {
        if let Some(child) = items.get(index) { self.visit(Place::Index(index), child, take) } else { Ok(()) }
    }

    fn visit(&self, place: Place<'_>, value: &Value, take: &mut Take<'_>) -> Done {
        self.spend(1)?;
        take(place, value)
    }
}

/// Limits.
impl Run<'_> {
    pub(super) fn spend(&self, steps: usize) -> Done {
        self.steps.set(self.steps.get().saturating_add(steps));
        if self.steps.get() > limits::PATH_STEPS {
            return Err(Stop::limit("takes more than", limits::PATH_STEPS, "steps"));
        }
        Ok(())
    }

    /// Looking through a text costs by its length.
    pub(super) fn spend_text(&self, text: &str) -> Done {
        self.spend(1 + text.len() / STEP_BYTES)
    }

    pub(super) fn deeper<T>(&self, go: impl FnOnce() -> Result<T, Stop>) -> Result<T, Stop> {
        let level = self.level.get();
        if level >= LEVELS {
            return Err(Stop::limit("goes deeper than", LEVELS, "levels"));
        }
        self.level.set(level + 1);
        let result = go();
        self.level.set(level);
        result
    }
}

/// Whether a walk ended because it had seen enough.
pub(super) fn ended(done: Done) -> Result<bool, Stop> {
    match done {
        Ok(()) => Ok(false),
        Err(Stop::Enough) => Ok(true),
        Err(fault) => Err(fault),
    }
}

/// A value with its members, and nothing copied where they are there already.
pub(super) fn open(value: &Value) -> Cow<'_, Value> {
    if let Value::Lazy(lazy) = value { Cow::Owned(lazy.materialize()) } else { Cow::Borrowed(value) }
}

/// The places of a slice, as section 2.3.4.2.2 normalizes and bounds them.
fn slice(len: usize, start: Option<i64>, end: Option<i64>, step: Option<i64>) -> impl Iterator<Item = usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let step = step.unwrap_or(1);
    let normal = |place: i64| if place >= 0 { place } else { len.saturating_add(place) };
    let (first, last) = if step >= 0 {
        (start.map_or(0, |n| normal(n).clamp(0, len)), end.map_or(len, |n| normal(n).clamp(0, len)))
    } else {
        (start.map_or(len - 1, |n| normal(n).clamp(-1, len - 1)), end.map_or(-1, |n| normal(n).clamp(-1, len - 1)))
    };
    let inside = move |at: &i64| (step > 0 && *at < last) || (step < 0 && *at > last);
    std::iter::successors(Some(first), move |at| at.checked_add(step)).take_while(inside).filter_map(|at| usize::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::to_json;
    use crate::expr::path::Path;
    use serde_json::json;

    fn find(path: &str, document: serde_json::Value) -> String {
        to_json(&Path::parse(path).unwrap().find(&document.into()).unwrap()).to_string()
    }

    #[test]
    fn matches_come_by_node_and_then_by_selector() {
        let hosts = json!({"hosts": [{"name": "a", "ip": 1}, {"ip": 2, "name": "b"}]});
        assert_eq!(find("$.hosts[*]['name','ip']", hosts), r#"["a",1,"b",2]"#);
        assert_eq!(find("$..['a','d']", json!([{"d": 1, "a": {"d": 2}}, {"a": 3}])), r#"[{"d":2},1,2,3]"#);
        assert_eq!(find("$[?@[?@>1]]", json!([[0], [0, 2], 3])), "[[0,2]]");
    }

    #[test]
    fn null_exists_and_differs_from_nothing() {
        let items = json!([{"a": null}, {"b": 1}, {"a": 0}]);
        assert_eq!(find("$[?@.a]", items.clone()), r#"[{"a":null},{"a":0}]"#);
        assert_eq!(find("$[?@.a == null]", items.clone()), r#"[{"a":null}]"#);
        assert_eq!(find("$[?@.a == @.c]", items.clone()), r#"[{"b":1}]"#);
        assert_eq!(find("$[?@.a <= @.c]", items.clone()), r#"[{"b":1}]"#);
        assert_eq!(find("$[?@.a <= null]", items), r#"[{"a":null}]"#);
    }

    #[test]
    fn numbers_compare_by_their_exact_value_and_containers_by_all_they_hold() {
        let big = json!([9_007_199_254_740_993_u64, 9_007_199_254_740_992_u64, 9_007_199_254_740_992.0, u64::MAX]);
        assert_eq!(find("$[?@ == $[2]]", big.clone()), "[9007199254740992,9007199254740992.0]");
        assert_eq!(find("$[?@ > $[0]]", big), "[18446744073709551615]");
        let twins = json!([{"a": [1, {"b": null}], "c": 2}, {"c": 2.0, "a": [1.0, {"b": null}]}, {"a": [1, {}], "c": 2}]);
        assert_eq!(find("$[?@ == $[1]].c", twins.clone()), "[2,2]");
        assert_eq!(find("$[?@ != $[1]].a", twins), "[[1,{}]]");
    }

    #[test]
    fn slices_end_whatever_their_bounds() {
        let places = |start, end, step| slice(5, start, end, step).collect::<Vec<_>>();
        assert_eq!(places(None, None, Some(-2)), [4, 2, 0]);
        assert_eq!(places(Some(-3), None, None), [2, 3, 4]);
        assert_eq!(places(Some(i64::MIN), Some(i64::MAX), Some(i64::MAX)), [0]);
        assert_eq!(places(Some(i64::MAX), Some(i64::MIN), Some(i64::MIN)), [4]);
        assert_eq!(places(None, None, Some(0)), [0usize; 0]);
        assert_eq!(slice(0, None, None, Some(-1)).count(), 0);
    }

    #[test]
    fn patterns_may_come_from_the_document() {
        let rows = json!([{"t": "ab", "p": "a."}, {"t": "xab", "p": "a."}, {"t": "ab", "p": "a("}, {"t": "ab"}]);
        assert_eq!(find("$[?match(@.t, @.p)].t", rows.clone()), r#"["ab"]"#);
        assert_eq!(find("$[?search(@.t, @.p)].t", rows), r#"["ab","xab"]"#);
    }

    fn fault(path: &str, document: &Value) -> String {
        let mut calls = 0;
        let fault = Path::parse(path).unwrap().each(document, &mut |_, _| calls += 1).unwrap_err();
        assert_eq!(calls, 0, "nothing comes of a path that hits a limit");
        format!("{fault:?}")
    }

    #[test]
    fn work_and_depth_are_bounded() {
        let list = Value::list(vec![Value::list(vec![Value::Int(1); 1_000]); 1_000]);
        assert!(fault("$[*][*,*]", &list).contains("matches more than"));
        assert!(fault("$[?$[?$[?@ == 1]]]", &Value::list(vec![Value::Int(2); 1_000])).contains("steps"));
        let nested = |levels| (0..levels).fold(Value::Int(1), |inner, _| Value::list(vec![inner]));
        assert!(fault("$..[?@ == 2]", &nested(LEVELS)).contains("deeper"));
        let filters = format!("${}{}", "[?$..*".repeat(120), "]".repeat(120));
        assert!(fault(&filters, &nested(100)).contains("deeper"));
    }

    #[test]
    fn the_deepest_documents_and_filters_are_walked() {
        let nested = (0..limits::DEPTH).fold(Value::Int(1), |inner, _| Value::list(vec![inner]));
        let filters = format!("${}{}", "[?@".repeat(120), "]".repeat(120));
        for path in ["$..[?@ == 1]", "$..*..[?count($..*) == 128]", &filters, "$[?@ == $[0]]"] {
            Path::parse(path).unwrap().find(&nested).unwrap_or_else(|fault| panic!("{path}: {fault:?}"));
        }
    }
}
