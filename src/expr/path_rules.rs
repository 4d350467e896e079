//! What RFC 9535 demands of a query beyond its grammar, and the parser lets pass: the types of
//! function calls (section 2.4.3), and patterns that compile.

use super::path_regex::Patterns;
use jsonpath_rust::parser::model::{Comparable, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, Test, TestFunction};

/// The first rule that a query breaks, as a fragment; its constant patterns are compiled on the way.
pub fn broken(query: &JpQuery, patterns: &mut Patterns) -> Option<String> {
    query.segments.iter().find_map(|one| segment(one, patterns))
}

fn segment(segment: &Segment, patterns: &mut Patterns) -> Option<String> {
    match segment {
        Segment::Descendant(inner) => self::segment(inner, patterns),
        Segment::Selector(one) => selector(one, patterns),
        Segment::Selectors(many) => many.iter().find_map(|one| selector(one, patterns)),
    }
}

fn selector(selector: &Selector, patterns: &mut Patterns) -> Option<String> {
    if let Selector::Filter(condition) = selector { filter(condition, patterns) } else { None }
}

fn filter(filter: &Filter, patterns: &mut Patterns) -> Option<String> {
    match filter {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().find_map(|part| self::filter(part, patterns)),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => self::filter(expr, patterns),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match &**expr {
            Test::Function(call) if call.is_comparable() => Some(format!("`{}()` gives a value, which must be compared", name(call))),
            other => test(other, patterns),
        },
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = comparison.vals();
            [left, right].into_iter().find_map(|side| if let Comparable::Function(call) = side { function(call, patterns) } else { None })
        }
    }
}

fn test(test: &Test, patterns: &mut Patterns) -> Option<String> {
    match test {
        Test::RelQuery(segments) => segments.iter().find_map(|one| segment(one, patterns)),
        Test::AbsQuery(query) => broken(query, patterns),
        Test::Function(call) => function(call, patterns),
    }
}

fn function(call: &TestFunction, patterns: &mut Patterns) -> Option<String> {
    let name = name(call);
    let several = || format!("`{name}()` takes one value, not a query that can match several times");
    match call {
        TestFunction::Length(arg) if !is_value(arg) => Some(several()),
        TestFunction::Search(a, b) | TestFunction::Match(a, b) if !is_value(a) || !is_value(b) => Some(several()),
        TestFunction::Value(arg) | TestFunction::Count(arg) if !is_query(arg) => Some(format!("`{name}()` takes a query")),
        TestFunction::Length(arg) => argument(arg, patterns),
        TestFunction::Value(arg) | TestFunction::Count(arg) => argument(arg, patterns),
        TestFunction::Search(text, by) => argument(text, patterns).or_else(|| pattern(by, false, patterns)),
        TestFunction::Match(text, by) => argument(text, patterns).or_else(|| pattern(by, true, patterns)),
        TestFunction::Custom(..) => Some(format!("there is no function `{name}()` in a path: use length, count, match, search or value")),
    }
}

fn argument(arg: &FnArg, patterns: &mut Patterns) -> Option<String> {
    match arg {
        FnArg::Literal(_) => None,
        FnArg::Test(inner) => test(inner, patterns),
        FnArg::Filter(condition) => filter(condition, patterns),
    }
}

fn pattern(arg: &FnArg, whole: bool, patterns: &mut Patterns) -> Option<String> {
    let FnArg::Literal(Literal::String(text)) = arg else { return argument(arg, patterns) };
    patterns.add(text, whole).err().map(|why| format!("the pattern `{text}` does not compile: {why}"))
}

fn is_query(arg: &FnArg) -> bool {
    matches!(arg, FnArg::Test(inner) if matches!(**inner, Test::RelQuery(_) | Test::AbsQuery(_)))
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
