//! What RFC 9535 demands of a query beyond its grammar, and the parser lets pass: the types of
//! function calls (section 2.4.3).

use jsonpath_rust::parser::model::{Comparable, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, Test, TestFunction};

/// The first rule that a query breaks, as a fragment.
pub fn broken(query: &JpQuery) -> Option<String> {
    query.segments.iter().find_map(segment)
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Descendant(inner) => self::segment(inner),
        Segment::Selector(one) => selector(one),
        Segment::Selectors(many) => many.iter().find_map(selector),
    }
}

fn selector(selector: &Selector) -> Option<String> {
    if let Selector::Filter(condition) = selector { filter(condition) } else { None }
}

fn filter(filter: &Filter) -> Option<String> {
    match filter {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().find_map(self::filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => self::filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match &**expr {
            Test::Function(call) if call.is_comparable() => Some(format!("`{}()` gives a value, which must be compared", name(call))),
            other => test(other),
        },
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = comparison.vals();
            [left, right].into_iter().find_map(|side| if let Comparable::Function(call) = side { function(call) } else { None })
        }
    }
}

fn test(test: &Test) -> Option<String> {
    match test {
        Test::RelQuery(segments) => segments.iter().find_map(segment),
        Test::AbsQuery(query) => broken(query),
        Test::Function(call) => function(call),
    }
}

fn function(call: &TestFunction) -> Option<String> {
    let (one_value, args): (bool, Vec<&FnArg>) = match call {
        TestFunction::Length(arg) => (true, vec![&**arg]),
        TestFunction::Search(a, b) | TestFunction::Match(a, b) => (true, vec![a, b]),
        TestFunction::Value(arg) | TestFunction::Count(arg) => (false, vec![arg]),
        TestFunction::Custom(_, args) => (false, args.iter().collect()),
    };
    if one_value && args.iter().any(|arg| !is_value(arg)) {
        return Some(format!("`{}()` takes one value, not a query that can match several times", name(call)));
    }
    args.into_iter().find_map(|arg| match arg {
        FnArg::Literal(_) => None,
        FnArg::Test(inner) => test(inner),
        FnArg::Filter(condition) => filter(condition),
    })
}

/// A literal, a query that matches once at most, or a function that gives a value.
fn is_value(arg: &FnArg) -> bool {
    match arg {
        FnArg::Literal(_) => true,
        FnArg::Filter(_) => false,
        FnArg::Test(inner) => match &**inner {
            Test::RelQuery(segments) => segments.iter().all(is_single),
            Test::AbsQuery(query) => query.segments.iter().all(is_single),
            Test::Function(call) => call.is_comparable(),
        },
    }
}

fn is_single(segment: &Segment) -> bool {
    matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_)))
}

fn name(call: &TestFunction) -> &str {
    match call {
        TestFunction::Custom(name, _) => name,
        TestFunction::Length(_) => "length",
        TestFunction::Value(_) => "value",
        TestFunction::Count(_) => "count",
        TestFunction::Search(..) => "search",
        TestFunction::Match(..) => "match",
    }
}
