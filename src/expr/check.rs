//! The types of an expression: what it gives, and where its parts do not fit together.
//!
//! Types only tell what cannot work whatever the data is. A text that holds a number may be meant,
//! so it counts where the language takes it (`value` of a metric), and is a slip where the language
//! refuses it (`row.name * 2`). Names have the types that the caller knows of them.

use super::function::{self, Function};
use super::ops::Arithmetic;
use super::path::{Path, Step};
use super::tree::{Comparison, Expr, Part};
use crate::base::name::NameId;
use crate::base::suggest::{listed, nearest};
use crate::base::types::Type;
use crate::base::value::Text;

/// Why a part of an expression does not fit.
#[derive(Clone, Debug, PartialEq)]
pub enum Slip {
    /// A key that the value never has: the key, and those there are.
    NoSuchKey(Text, Vec<Text>),
    /// A key that no recorded answer has: the key, and those there are.
    NotRecorded(Text, Vec<Text>),
    /// A member of something that has none.
    NoMembers(Text, Type),
    /// Calculating with what is no number: the sign, and both sides.
    Calculation(&'static str, Type, Type),
    /// A comparison that never holds, or always fails: true for one of order.
    Comparison(bool, Type, Type),
    /// An argument of a function that it does not take: its name, what it wants, what comes.
    Argument(&'static str, &'static str, Type),
}

/// The types of names.
pub type Known<'k> = dyn Fn(NameId) -> Type + 'k;

/// The type of an expression; slips are added to the list.
pub fn type_of(expr: &Expr, known: &Known<'_>, slips: &mut Vec<Slip>) -> Type {
    match expr {
        Expr::Const(value) => Type::of(value),
        Expr::Walk(name, steps) => follow(known(*name), steps, slips),
        Expr::On(of, path) => {
            let root = type_of(of, known, slips);
            match &**path {
                Path::Plain(steps) => follow(root, steps, slips),
                Path::Query(_) => Type::list(Type::Any),
            }
        }
        Expr::Member(of, key) => step(type_of(of, known, slips), &Step::Key(key.clone()), slips),
        Expr::Item(of, key) => {
            let (of, _) = (type_of(of, known, slips), type_of(key, known, slips));
            if let Type::List(item) = of { (*item).clone() } else { Type::Any }
        }
        Expr::Slice(slice) => type_of(&slice.of, known, slips),
        Expr::Not(of) => {
            type_of(of, known, slips);
            Type::Bool
        }
        Expr::Negate(of) => {
            let of = type_of(of, known, slips);
            if !may_calculate(&of) {
                slips.push(Slip::Calculation("-", Type::Number, of));
            }
            Type::Number
        }
        Expr::Calculate(op, a, b) => {
            let (a, b) = (type_of(a, known, slips), type_of(b, known, slips));
            calculated(*op, a, b, slips)
        }
        Expr::Compare(first, others) => {
            let mut left = type_of(first, known, slips);
            for (comparison, right) in others {
                let right = type_of(right, known, slips);
                compared(*comparison, &left, &right, slips);
                left = right;
            }
            Type::Bool
        }
        Expr::And(a, b) | Expr::Or(a, b) => type_of(a, known, slips).or(type_of(b, known, slips)),
        Expr::Join(items) => {
            items.iter().for_each(|item| drop(type_of(item, known, slips)));
            Type::Text
        }
        Expr::If(condition, yes, no) => either(condition, yes, no.as_deref(), known, slips),
        Expr::Call(function, arguments) => {
            let types: Vec<Type> = arguments.iter().map(|argument| type_of(argument, known, slips)).collect();
            called(function, &types, slips)
        }
        Expr::List(items) => {
            let types: Vec<Type> = items.iter().map(|item| type_of(item, known, slips)).collect();
            Type::list(types.into_iter().reduce(Type::or).unwrap_or_default())
        }
        Expr::Map(entries) => {
            entries.iter().flat_map(|(key, value)| [key, value]).for_each(|part| drop(type_of(part, known, slips)));
            Type::map_of(Type::Any)
        }
        Expr::Text(parts) => {
            parts.iter().for_each(|part| text(part, known, slips));
            Type::Text
        }
    }
}

/// Which of the two comes is known in a run only.
fn either(condition: &Expr, yes: &Expr, no: Option<&Expr>, known: &Known<'_>, slips: &mut Vec<Slip>) -> Type {
    type_of(condition, known, slips);
    let yes = type_of(yes, known, slips);
    match no {
        Some(no) => yes.or(type_of(no, known, slips)),
        None => yes,
    }
}

fn text(part: &Part, known: &Known<'_>, slips: &mut Vec<Slip>) {
    match part {
        Part::Words(_) => {}
        Part::Hole(expr) => drop(type_of(expr, known, slips)),
        Part::If(condition, yes, no) => {
            type_of(condition, known, slips);
            yes.iter().chain(no.iter()).for_each(|part| text(part, known, slips));
        }
        Part::For(inner) => {
            type_of(&inner.over, known, slips);
            inner.body.iter().chain(inner.otherwise.iter()).for_each(|part| text(part, known, slips));
        }
    }
}

fn follow(root: Type, steps: &[Step], slips: &mut Vec<Slip>) -> Type {
    steps.iter().fold(root, |here, next| step(here, next, slips))
}

fn step(of: Type, next: &Step, slips: &mut Vec<Slip>) -> Type {
    match (of, next) {
        (Type::Map(fields), Step::Key(key)) => match fields.known.iter().find(|(known, _)| known == key) {
            Some((_, found)) => found.clone(),
            None => fields.rest.clone().unwrap_or_else(|| {
                let known = fields.known.iter().map(|(known, _)| known.clone()).collect();
                slips.push(if fields.seen { Slip::NotRecorded(key.clone(), known) } else { Slip::NoSuchKey(key.clone(), known) });
                Type::Any
            }),
        },
        (Type::List(item), Step::Index(_)) => (*item).clone(),
        (Type::List(item), Step::All) => Type::List(item),
        (Type::Map(_), Step::All) => Type::list(Type::Any),
        (Type::Text, Step::Index(_)) => Type::Text,
        (Type::Any | Type::Map(_), _) => Type::Any,
        (other, Step::Key(key)) => {
            slips.push(Slip::NoMembers(key.clone(), other));
            Type::Any
        }
        (_, Step::Index(_) | Step::All) => Type::Any,
    }
}

/// True if the language may calculate with it.
fn may_calculate(of: &Type) -> bool {
    matches!(of, Type::Any | Type::Bool) || of.is_number()
}

fn calculated(op: Arithmetic, a: Type, b: Type, slips: &mut Vec<Slip>) -> Type {
    match (op, &a, &b) {
        (Arithmetic::Sub, Type::Time, Type::Time) => return Type::Duration,
        (Arithmetic::Sub, Type::Time, other) if may_calculate(other) => return if *other == Type::Any { Type::Any } else { Type::Time },
        (Arithmetic::Add, Type::Time, other) | (Arithmetic::Add, other, Type::Time) if may_calculate(other) => return Type::Time,
        (Arithmetic::Sub, Type::Any, Type::Time) => return Type::Duration,
        (Arithmetic::Add, Type::List(_) | Type::Any, Type::List(_)) | (Arithmetic::Add, Type::List(_), Type::Any) => {
            return Type::list(Type::Any);
        }
        _ if may_calculate(&a) && may_calculate(&b) => {}
        _ => slips.push(Slip::Calculation(op.sign(), a.clone(), b.clone())),
    }
    let add = matches!(op, Arithmetic::Add | Arithmetic::Sub);
    // What is not known may be a time or a list, which add up too.
    if add && (a == Type::Any || b == Type::Any) { Type::Any } else { Type::Number }
}

fn compared(comparison: Comparison, a: &Type, b: &Type, slips: &mut Vec<Slip>) {
    let class = |of: &Type| match of {
        Type::Any => None,
        Type::Bool | Type::Number | Type::Duration | Type::Size => Some(0),
        Type::Text => Some(1),
        Type::Time => Some(2),
        Type::List(_) => Some(3),
        Type::Map(_) => Some(4),
    };
    let differ = class(a).zip(class(b)).is_some_and(|(a, b)| a != b);
    let order = match comparison {
        Comparison::Equal | Comparison::Unequal => false,
        Comparison::Less | Comparison::AtMost | Comparison::Greater | Comparison::AtLeast => true,
        Comparison::In | Comparison::NotIn => {
            if matches!(b, Type::Bool | Type::Time) || b.is_number() {
                slips.push(Slip::Argument("in", "a list, a map or a text", b.clone()));
            }
            return;
        }
    };
    if differ {
        slips.push(Slip::Comparison(order, a.clone(), b.clone()));
    }
}

/// Functions by what they give, whatever they are given.
const GIVE_NUMBERS: &[&str] = &[
    "sum",
    "avg",
    "median",
    "percentile",
    "stddev",
    "bit_and",
    "bit_or",
    "bit_xor",
    "crc32",
    "count",
    "length",
    "round",
    "floor",
    "ceil",
    "abs",
    "sqrt",
    "pow",
    "log",
    "float",
    "number",
    "wordcount",
    "int",
];
const GIVE_TEXTS: &[&str] = &[
    "tojson",
    "json",
    "md5",
    "sha1",
    "sha256",
    "sha512",
    "base64",
    "base64_decode",
    "indent",
    "truncate",
    "pad_left",
    "pad_right",
    "normalize",
    "format",
    "regex_replace",
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "replace",
    "join",
    "remove_prefix",
    "remove_suffix",
    "slug",
    "string",
    "escape",
    "format_time",
    "url_encode",
    "urlencode",
];
const GIVE_BOOLEANS: &[&str] = &["any", "all", "bit_test", "glob_match", "regex_match", "ip_in", "bool"];
const GIVE_LISTS: &[&str] = &[
    "where",
    "pluck",
    "unique",
    "groupby",
    "group_by",
    "zip",
    "chain",
    "range",
    "batch",
    "slice",
    "difference",
    "intersect",
    "union",
    "entries",
    "items",
    "leaves",
    "regex_find_all",
    "regex_split",
    "select",
    "reject",
    "selectattr",
    "rejectattr",
    "split",
    "lines",
];
/// Functions that take nothing but lists first.
const TAKE_LISTS: &[&str] =
    &["avg", "median", "percentile", "stddev", "where", "pluck", "group_by", "groupby", "index_by", "join", "selectattr", "rejectattr"];
/// Functions that take nothing but numbers first.
const TAKE_NUMBERS: &[&str] = &["round", "floor", "ceil", "abs", "sqrt", "pow", "log"];

fn called(function: &Function, arguments: &[Type], slips: &mut Vec<Slip>) -> Type {
    if function::find_test(function.name).is_some_and(|test| test.doc == function.doc) {
        return Type::Bool;
    }
    let name = function.name;
    if let Some(first) = arguments.first().filter(|_| !function.variadic) {
        let takes_text = function.params.first().is_some_and(|param| param.name == "text");
        let scalar = first.is_number() || matches!(first, Type::Bool | Type::Text | Type::Time);
        let wanted = match first {
            Type::List(_) | Type::Map(_) if takes_text => Some("a text"),
            Type::List(_) | Type::Map(_) | Type::Text if TAKE_NUMBERS.contains(&name) => Some("a number"),
            _ if scalar && TAKE_LISTS.contains(&name) => Some("a list"),
            _ => None,
        };
        slips.extend(wanted.map(|wanted| Slip::Argument(name, wanted, first.clone())));
    }
    let given = |names: &[&str]| names.contains(&name);
    match name {
        "default" | "d" => default(arguments),
        "duration" => Type::Duration,
        "bytes" => Type::Size,
        "parse_time" => Type::Time,
        _ if given(GIVE_NUMBERS) => listed_for_lists(name, arguments),
        _ if given(GIVE_TEXTS) => Type::Text,
        _ if given(GIVE_BOOLEANS) => Type::Bool,
        _ if given(GIVE_LISTS) => Type::list(Type::Any),
        _ => Type::Any,
    }
}

/// `number` and its like convert every item of a list.
fn listed_for_lists(name: &str, arguments: &[Type]) -> Type {
    let converts = ["number", "int", "float", "round"].contains(&name);
    if converts && !arguments.first().is_some_and(|first| first.is_number() || *first == Type::Text) { Type::Any } else { Type::Number }
}

fn default(arguments: &[Type]) -> Type {
    match arguments {
        [value, other, ..] => value.clone().or(other.clone()),
        _ => Type::Any,
    }
}

impl Slip {
    /// What is wrong, as a title.
    pub fn title(&self) -> String {
        match self {
            Slip::NoSuchKey(key, _) => format!("there is never a `{key}`"),
            Slip::NotRecorded(key, _) => format!("no recorded answer has `{key}`"),
            Slip::NoMembers(key, of) => format!("{} has no `{key}`", of.words()),
            Slip::Calculation(sign, a, b) => format!("`{sign}` between {} and {}", a.words(), b.words()),
            Slip::Comparison(_, a, b) => format!("a comparison of {} with {}", a.words(), b.words()),
            Slip::Argument(name, wanted, of) => format!("`{name}` takes {wanted}, not {}", of.words()),
        }
    }

    /// What this spot is, in a few words.
    pub fn label(&self) -> String {
        match self {
            Slip::NoSuchKey(key, known) | Slip::NotRecorded(key, known) => match nearest(key, known.iter().map(|known| &**known)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "not there".to_owned(),
            },
            Slip::NoMembers(..) => "always missing".to_owned(),
            Slip::Calculation(..) => "this always fails".to_owned(),
            Slip::Comparison(true, ..) => "this always fails".to_owned(),
            Slip::Comparison(false, ..) => "these are never equal".to_owned(),
            Slip::Argument(..) => "this always fails".to_owned(),
        }
    }

    /// The cure.
    pub fn help(&self) -> String {
        let has_text = |a: &Type, b: &Type| *a == Type::Text || *b == Type::Text;
        match self {
            Slip::NoSuchKey(_, known) if known.is_empty() => "read the value itself".to_owned(),
            Slip::NoSuchKey(_, known) | Slip::NotRecorded(_, known) => {
                format!("there are {}", listed(known.iter().map(|known| &**known), 20))
            }
            Slip::NoMembers(..) => "leave the key out, or read another value".to_owned(),
            Slip::Calculation("+", a, b) if has_text(a, b) => {
                "join texts with `~`; make a number of one with `| number`, or give its column a type under `types`".to_owned()
            }
            Slip::Calculation(_, a, b) if has_text(a, b) => {
                "make a number of the text with `| number`, or give its column a type under `types`".to_owned()
            }
            Slip::Calculation(..) => "calculate with numbers; `| sum` and `| length` make one of a list".to_owned(),
            Slip::Comparison(_, a, b) if has_text(a, b) => {
                "make a number of the text with `| number`; a text to compare with stands in quotes: `== '1'`".to_owned()
            }
            Slip::Comparison(..) => "compare values of one type".to_owned(),
            Slip::Argument(_, "a text", _) => "take one item: `| first`; or make one text of all: `| join(', ')`".to_owned(),
            Slip::Argument(_, "a number", Type::Text) => "convert it first: `| number`".to_owned(),
            Slip::Argument(_, "a list", _) => "put a list in front of it, or leave the function out".to_owned(),
            Slip::Argument(..) => "give it a value of the right type".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_tables_exists() {
        for name in [GIVE_NUMBERS, GIVE_TEXTS, GIVE_BOOLEANS, GIVE_LISTS, TAKE_LISTS, TAKE_NUMBERS].concat() {
            assert!(function::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_the_tables_say_fits_the_examples() {
        let given = [(GIVE_TEXTS, '"'), (GIVE_LISTS, '[')];
        for (names, begins) in given {
            for name in names {
                let (_, json) = function::find(name).unwrap().example;
                assert!(json.starts_with(begins) || json.starts_with('['), "{name}: {json}");
            }
        }
    }
}
