//! Filters of JSONPath queries: conditions, comparisons and functions.

use super::path_eval::{Done, Place, Run, Stop, Take, ended, open};
use crate::base::number::Number;
use crate::base::value::{Value, at};
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, Literal, SingularQuery, SingularQuerySegment, Test, TestFunction,
};
use std::cmp::Ordering;

/// What compiling a pattern from the document costs, in steps.
const PATTERN_STEPS: usize = 4_000;

/// One side of a comparison, or an argument; texts of the query are not copied for each item.
enum Side<'q> {
    Text(&'q str),
    Value(Value),
}

impl<'q> Side<'q> {
    fn literal(literal: &'q Literal) -> Side<'q> {
        match literal {
            Literal::String(text) => Side::Text(text),
            Literal::Int(n) => Side::Value(Value::Int(*n)),
            Literal::Float(n) => Side::Value(Value::Float(*n)),
            Literal::Bool(b) => Side::Value(Value::Bool(*b)),
            Literal::Null => Side::Value(Value::Missing),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Side::Text(text) => Some(text),
            Side::Value(value) => value.as_text(),
        }
    }

    fn number(&self) -> Option<Number> {
        if let Side::Value(value) = self { value.as_number() } else { None }
    }

    /// The order of two numbers or two texts; nothing else has one.
    fn order(&self, other: &Side<'_>) -> Option<Ordering> {
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.compare(b),
            _ => Some(self.text()?.cmp(other.text()?)),
        }
    }
}

/// Filters.
impl Run<'_> {
    pub(super) fn holds(&self, filter: &Filter, node: &Value) -> Result<bool, Stop> {
        match filter {
            Filter::Or(parts) => self.any(parts, node, true),
            Filter::And(parts) => Ok(!self.any(parts, node, false)?),
            Filter::Atom(FilterAtom::Filter { expr, not }) => Ok(self.holds(expr, node)? != *not),
            Filter::Atom(FilterAtom::Test { expr, not }) => Ok(self.passes(expr, node)? != *not),
            Filter::Atom(FilterAtom::Comparison(comparison)) => self.compare(comparison, node),
        }
    }

    /// Whether any of the conditions comes out like that; the ones after it are not looked at.
    fn any(&self, filters: &[Filter], node: &Value, wanted: bool) -> Result<bool, Stop> {
        for filter in filters {
            if self.holds(filter, node)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn passes(&self, test: &Test, node: &Value) -> Result<bool, Stop> {
        match test {
            Test::RelQuery(_) | Test::AbsQuery(_) => ended(self.query(test, node, &mut |_, _| Err(Stop::Enough))),
            Test::Function(call) => match &**call {
                TestFunction::Match(text, pattern) => self.matches(true, text, pattern, node),
                TestFunction::Search(text, pattern) => self.matches(false, text, pattern, node),
                TestFunction::Length(_) | TestFunction::Count(_) | TestFunction::Value(_) | TestFunction::Custom(..) => Ok(false),
            },
        }
    }

    /// The nodes of a query inside a filter.
    fn query(&self, test: &Test, node: &Value, take: &mut Take<'_>) -> Done {
        match test {
            Test::RelQuery(segments) => self.nodes(segments, node, Place::Root, take),
            Test::AbsQuery(query) => self.nodes(&query.segments, self.root, Place::Root, take),
            Test::Function(_) => Ok(()),
        }
    }

    fn compare(&self, comparison: &Comparison, node: &Value) -> Result<bool, Stop> {
        let (left, right) = comparison.vals();
        let (left, right) = (self.side(left, node)?, self.side(right, node)?);
        let order = || left.as_ref()?.order(right.as_ref()?);
        Ok(match comparison {
            Comparison::Eq(..) => self.equal(&left, &right)?,
            Comparison::Ne(..) => !self.equal(&left, &right)?,
            Comparison::Lt(..) => order() == Some(Ordering::Less),
            Comparison::Gt(..) => order() == Some(Ordering::Greater),
            Comparison::Lte(..) => order() == Some(Ordering::Less) || self.equal(&left, &right)?,
            Comparison::Gte(..) => order() == Some(Ordering::Greater) || self.equal(&left, &right)?,
        })
    }

    fn side<'a>(&self, side: &'a Comparable, node: &Value) -> Result<Option<Side<'a>>, Stop> {
        Ok(match side {
            Comparable::Literal(literal) => Some(Side::literal(literal)),
            Comparable::SingularQuery(SingularQuery::Current(segments)) => self.follow(segments, node)?.map(Side::Value),
            Comparable::SingularQuery(SingularQuery::Root(segments)) => self.follow(segments, self.root)?.map(Side::Value),
            Comparable::Function(call) => self.call(call, node)?.map(Side::Value),
        })
    }

    /// The one value that names and indexes lead to.
    fn follow(&self, segments: &[SingularQuerySegment], from: &Value) -> Result<Option<Value>, Stop> {
        self.spend(1 + segments.len())?;
        let start = Some(from.materialize());
        Ok(segments.iter().fold(start, |here, segment| match (here?, segment) {
            (Value::Map(map), SingularQuerySegment::Name(name)) => map.get(name).map(Value::materialize),
            (Value::List(items), SingularQuerySegment::Index(index)) => at(&items, *index).map(Value::materialize),
            _ => None,
        }))
    }

    /// Nothing equals nothing only.
    fn equal(&self, left: &Option<Side<'_>>, right: &Option<Side<'_>>) -> Result<bool, Stop> {
        match (left, right) {
            (None, None) => Ok(true),
            (Some(Side::Value(a)), Some(Side::Value(b))) => self.same(a, b),
            (Some(a), Some(b)) => match (a.text(), b.text()) {
                (Some(a), Some(b)) => self.same_text(a, b),
                _ => Ok(false),
            },
            _ => Ok(false),
        }
    }

    /// Deep equality, each node of it a step.
    fn same(&self, a: &Value, b: &Value) -> Result<bool, Stop> {
        self.spend(1)?;
        self.deeper(|| match (&*open(a), &*open(b)) {
            (Value::Text(a), Value::Text(b)) => self.same_text(a, b),
            (Value::List(a), Value::List(b)) if a.len() == b.len() => all(a.iter().zip(&**b), |(a, b)| self.same(a, b)),
            (Value::Map(a), Value::Map(b)) if a.len() == b.len() => {
                all(a.iter(), |(name, a)| b.get(name).map_or(Ok(false), |b| self.same(a, b)))
            }
            (Value::List(_) | Value::Map(_), _) => Ok(false),
            (a, b) => Ok(a == b),
        })
    }

    fn same_text(&self, a: &str, b: &str) -> Result<bool, Stop> {
        if a.len() != b.len() {
            return Ok(false);
        }
        self.spend_text(a)?;
        Ok(a == b)
    }
}

/// Functions.
impl Run<'_> {
    fn call(&self, call: &TestFunction, node: &Value) -> Result<Option<Value>, Stop> {
        match call {
            TestFunction::Length(arg) => self.length(arg, node),
            TestFunction::Count(arg) => {
                let mut count = 0usize;
                self.argument_nodes(arg, node, &mut |_, _| {
                    count += 1;
                    Ok(())
                })?;
                Ok(Some(Value::from(count)))
            }
            TestFunction::Value(arg) => {
                let mut only = None;
                let several = ended(self.argument_nodes(arg, node, &mut |_, value| match only.replace(value.materialize()) {
                    Some(_) => Err(Stop::Enough),
                    None => Ok(()),
                }))?;
                Ok(only.filter(|_| !several))
            }
            TestFunction::Match(..) | TestFunction::Search(..) | TestFunction::Custom(..) => Ok(None),
        }
    }

    fn length(&self, arg: &FnArg, node: &Value) -> Result<Option<Value>, Stop> {
        let Some(arg) = self.argument(arg, node)? else { return Ok(None) };
        if let Some(text) = arg.text() {
            self.spend_text(text)?;
            return Ok(Some(Value::from(text.chars().count())));
        }
        Ok(match arg {
            Side::Value(Value::List(items)) => Some(Value::from(items.len())),
            Side::Value(Value::Map(map)) => Some(Value::from(map.len())),
            _ => None,
        })
    }

    fn matches(&self, whole: bool, text: &FnArg, pattern: &FnArg, node: &Value) -> Result<bool, Stop> {
        let (text, pattern) = (self.argument(text, node)?, self.argument(pattern, node)?);
        let (Some(text), Some(pattern)) = (text.as_ref().and_then(Side::text), pattern.as_ref().and_then(Side::text)) else {
            return Ok(false);
        };
        self.spend_text(text)?;
        let known = self.patterns.is_match(pattern, whole, text);
        if let Some(result) = known.or_else(|| self.found.borrow().is_match(pattern, whole, text)) {
            return Ok(result);
        }
        self.spend(PATTERN_STEPS)?;
        self.found.borrow_mut().remember(pattern, whole);
        Ok(self.found.borrow().is_match(pattern, whole, text) == Some(true))
    }

    /// An argument that is one value.
    fn argument<'a>(&self, arg: &'a FnArg, node: &Value) -> Result<Option<Side<'a>>, Stop> {
        let test = match arg {
            FnArg::Literal(literal) => return Ok(Some(Side::literal(literal))),
            FnArg::Test(test) => test,
            FnArg::Filter(_) => return Ok(None),
        };
        if let Test::Function(call) = &**test {
            return Ok(self.call(call, node)?.map(Side::Value));
        }
        let mut first = None;
        ended(self.query(test, node, &mut |_, value| {
            first = Some(Side::Value(value.materialize()));
            Err(Stop::Enough)
        }))?;
        Ok(first)
    }

    /// The nodes of an argument that is a query.
    fn argument_nodes(&self, arg: &FnArg, node: &Value, take: &mut Take<'_>) -> Done {
        if let FnArg::Test(test) = arg { self.query(test, node, take) } else { Ok(()) }
    }
}

fn all<T>(items: impl Iterator<Item = T>, test: impl Fn(T) -> Result<bool, Stop>) -> Result<bool, Stop> {
    for item in items {
        if !test(item)? {
            return Ok(false);
        }
    }
    Ok(true)
}
