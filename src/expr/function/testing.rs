//! Calls functions in tests the way an evaluation does.

use super::{Cache, Cx, Function, apply, find, find_test};
use crate::base::limits;
use crate::base::print::to_json;
use crate::base::value::Value;
use crate::expr::fault::Fault;
use std::cell::Cell;

pub fn call(name: &str, args: &[Value]) -> Result<Value, Fault> {
    call_function(find(name).expect(name), args)
}

pub fn call_test(name: &str, args: &[Value]) -> Result<Value, Fault> {
    call_function(find_test(name).expect(name), args)
}

fn call_function(function: &Function, args: &[Value]) -> Result<Value, Fault> {
    let cache = Cache::default();
    let fuel = Cell::new(limits::FUEL);
    apply(function, args, &Cx { cache: &cache, fuel: &fuel })
}

/// A value from JSON.
pub fn value(json: &str) -> Value {
    serde_json::from_str::<serde_json::Value>(json).expect(json).into()
}

/// Calls each function with the items of a JSON list and compares the JSON of the answer: a
/// message in place of JSON is that of a failure, `missing` a missing value.
pub fn check(cases: &[(&str, &str, &str)]) {
    check_with(find, cases);
}

/// The same with tests.
pub fn check_tests(cases: &[(&str, &str, &str)]) {
    check_with(find_test, cases);
}

fn check_with(find: fn(&str) -> Option<&'static Function>, cases: &[(&str, &str, &str)]) {
    for (name, args, expected) in cases {
        let args = value(args).as_list().unwrap().to_vec();
        let function = find(name).expect(name);
        let shown = match call_function(function, &args) {
            Ok(Value::Missing) | Err(Fault::Missing) => "missing".to_owned(),
            Ok(value) => to_json(&value).to_string(),
            Err(Fault::Failed(why)) => why,
        };
        assert_eq!(shown, *expected, "{name} {args:?}");
    }
}
