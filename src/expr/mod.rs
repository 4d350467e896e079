//! The three notations: paths, expressions, texts with holes.
//!
//! The grammar is MiniJinja's and RFC 9535's; the meaning is the language's own, by an evaluator
//! over the parsed tree. Rewriting MiniJinja's operators into calls was the other way: it would
//! have kept its missing values, which refuse `row.a.b | default(0)`, and its printing.

mod chain;
pub mod check;
pub mod code;
pub mod cure;
pub mod data;
pub mod eval;
pub mod fault;
mod foreign;
pub mod frame;
pub mod function;
pub mod names;
pub mod ops;
pub mod parse;
pub mod parse_call;
pub mod path;
mod path_eval;
mod path_filter;
mod path_regex;
mod path_rules;
pub mod plain_words;
mod precedence;
pub mod reads;
pub mod repeated;
pub mod texts;
pub mod tree;
