//! The examples in the reference are what the language does: each is parsed and evaluated, and its
//! value compared with the one that the reference shows.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::print::to_json;
use engine::base::span::{FileId, Sources, Span};
use engine::base::value::Value;
use engine::expr::code::Expression;
use engine::expr::fault::Fault;
use engine::expr::frame::Frame;
use engine::expr::function::signature;
use engine::expr::function::{self, Cache, Function};
use engine::expr::names;
use engine::yaml::node::{Data, Literal, Node, Scalar, Style};
use engine::yaml::read::{Field, Reader};
use std::sync::Arc;

/// The value of an expression as JSON, or what is wrong with it.
fn evaluated(expression: &str) -> Result<serde_json::Value, String> {
    let mut sources = Sources::default();
    let file: FileId = sources.add("example.yaml", expression);
    let scalar = Scalar { text: expression.into(), style: Style::Plain, literal: Literal::Text };
    let node = Node { span: Span::new(file, 0, expression.len()), data: Data::Scalar(scalar) };
    let mut reader = Reader::new(&sources, false);
    names::install(&mut reader);
    let read = Expression::read(&node, &mut reader);
    let problems: Vec<_> = reader.problems.iter().map(|p| p.title.clone()).collect();
    let expression = read.ok_or_else(|| format!("does not parse: {}", problems.join("; ")))?;
    let mut frame = Frame::new(Arc::new(reader.names), Arc::new(Cache::default()));
    match expression.0.eval(&mut frame) {
        Ok(Value::Missing) | Err(Fault::Missing) => Err("is missing".to_owned()),
        Ok(value) => Ok(to_json(&value)),
        Err(Fault::Failed(why)) => Err(format!("fails: {why}")),
    }
}

fn wrong(function: &Function, example: (&str, &str)) -> Option<String> {
    let (expression, expected) = example;
    let expected: serde_json::Value = serde_json::from_str(expected).expect("the documented value is JSON");
    match evaluated(expression) {
        Ok(value) if value == expected => None,
        Ok(value) => Some(format!("{}: `{expression}` gives {value}, the reference says {expected}", signature(function))),
        Err(why) => Some(format!("{}: `{expression}` {why}", signature(function))),
    }
}

#[test]
fn every_example_gives_what_the_reference_says() {
    let functions = function::all().chain(function::all_tests());
    let slips: Vec<String> = functions.filter_map(|function| wrong(function, function.example)).collect();
    assert!(slips.is_empty(), "{}", slips.join("\n"));
}

#[test]
fn every_function_can_be_called_as_a_filter_too() {
    // `call(a, b)` as `a | call(b)`: examples in which the first argument has no comma of its own.
    for function in function::all() {
        let (expression, expected) = function.example;
        let Some(args) = expression.strip_prefix(&format!("{}(", function.name)).and_then(|rest| rest.strip_suffix(')')) else { continue };
        if args.contains(['(', '[', '{', '|']) {
            continue;
        }
        let (first, rest) = args.split_once(", ").unwrap_or((args, ""));
        let filter = format!("({first}) | {}({rest})", function.name);
        assert_eq!(wrong(function, (&filter, expected)), None);
    }
}
