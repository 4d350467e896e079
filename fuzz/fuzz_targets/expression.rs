//! Any text where an expression is wanted.
#![no_main]

use engine::base::span::{Sources, Span};
use engine::expr::code::Expression;
use engine::yaml::node::{Data, Literal, Node, Scalar, Style};
use engine::yaml::read::{Field, Reader};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let file = sources.add("text", text);
    let scalar = Scalar { text: text.into(), style: Style::Plain, literal: Literal::Text };
    let node = Node { span: Span::new(file, 0, text.len()), data: Data::Scalar(scalar) };
    let mut reader = Reader::new(&sources, false);
    engine::expr::names::install(&mut reader);
    Expression::read(&node, &mut reader);
});
