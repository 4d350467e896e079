//! Regular expressions in YAML, compiled while reading, with slips shown inside the string.

use super::locate;
use super::node::Node;
use super::read::{Field, Reader};
use super::shape::Shape;
use crate::base::diag::Diagnostic;
use crate::base::limits;
use regex::{Regex, RegexBuilder};

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct Pattern(pub Regex);

/// Compiles a pattern within the engine's limits.
///
/// # Errors
/// What is wrong, in the words of the `regex` crate.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > limits::REGEX_TEXT {
        return Err(format!("the pattern is longer than {} bytes", limits::REGEX_TEXT));
    }
    let built = RegexBuilder::new(pattern).size_limit(limits::REGEX_BYTES).nest_limit(50).build();
    built.map_err(|error| last_line(&error.to_string()))
}

/// The sentence at the end of the crate's drawing.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message);
    line.trim().trim_start_matches("error: ").to_owned()
}

impl Field for Pattern {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(scalar) = node.as_scalar() else {
            reader.mismatch(node, "a regular expression");
            return None;
        };
        match compile(&scalar.text) {
            Ok(regex) => Some(Pattern(regex)),
            Err(why) => {
                let (start, end) = place(&scalar.text);
                let problem = Diagnostic::error(
                    "bad-regex",
                    format!("this pattern does not compile: {why}"),
                    locate::inside(reader.sources, node, start, end),
                );
                reader.report(problem.label("here").help("the syntax is that of Rust's `regex` crate: no look-around, no back-references; `\\` needs single quotes or no quotes in YAML"));
                None
            }
        }
    }
}

/// Where in the pattern the slip is, as far as the parser tells.
fn place(pattern: &str) -> (usize, usize) {
    // One that is too long was not parsed for its slips: its tree takes hundreds of times its length.
    if pattern.len() > limits::REGEX_TEXT {
        return (0, pattern.len());
    }
    match regex_syntax::Parser::new().parse(pattern) {
        Err(regex_syntax::Error::Parse(error)) => (error.span().start.offset, error.span().end.offset),
        Err(regex_syntax::Error::Translate(error)) => (error.span().start.offset, error.span().end.offset),
        Err(_) | Ok(_) => (0, pattern.len()),
    }
}
