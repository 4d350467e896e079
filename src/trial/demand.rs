//! What a test asks of one value: to be equal, or only to contain, match, or lie near.
//!
//! ```yaml
//! value: 3
//! value: {approx: 1.5, within: 0.01}
//! text: {contains: timed out}
//! tags: {contains: [web], prefix: "env:", absent: ["env:test"]}
//! ```
//!
//! A map whose keys are all words of [`Parts`] is a demand, at any depth; `{equals: {contains: x}}`
//! asks for such a map itself.

use crate::base::number::Number;
use crate::base::print::{shown, text_of};
use crate::base::time::epoch_seconds;
use crate::base::value::Value;
use crate::yaml::node::{Data, Node};
use crate::yaml::pattern::Pattern;
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::Shape;
use jiff::Timestamp;

/// What is asked of a value.
#[derive(Clone, Debug)]
pub enum Demand {
    /// To be this one: texts exactly, numbers by value, lists and maps item by item.
    Equal(Value),
    /// A list whose items are demands.
    List(Vec<Demand>),
    /// A map with exactly these keys.
    Map(Vec<(String, Demand)>),
    /// Less than to be equal.
    Parts(Box<Parts>),
}

/// Anything that a value may be asked for less than to be equal.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Parts of a text, items of a list, or keys of a map.
    contains: Option<Contains>,
    /// A pattern that is found in the text.
    matches: Option<Pattern>,
    /// A number that is near…
    approx: Option<f64>,
    /// …by so much.
    within: Option<f64>,
    /// The least number.
    at_least: Option<f64>,
    /// The largest number.
    at_most: Option<f64>,
    /// What one item at least begins with.
    prefix: Vec<String>,
    /// Not there at all; of a list these items are not there.
    absent: Option<Absent>,
    /// Exactly this.
    equals: Option<Value>,
    /// How many items.
    count: Option<usize>,
}

#[derive(Clone, Debug)]
enum Contains {
    Items(Vec<Demand>),
    Keys(Vec<(String, Demand)>),
}

#[derive(Clone, Debug)]
enum Absent {
    Wholly,
    Items(Vec<Demand>),
}

/// A number is near enough if it differs by so much of its size, where nothing else is said.
const NEAR: f64 = 1e-6;
/// Two floats that differ by less of their size differ by how they were computed only.
const NOISE: f64 = 1e-12;

impl Demand {
    /// True if the value is what is asked for. A text that is empty and one that is missing are the
    /// same.
    pub fn fits(&self, found: &Value) -> bool {
        match self {
            Demand::Equal(wanted) => equal(wanted, found),
            // What is empty and what is not there are the same, as with texts.
            Demand::List(wanted) if wanted.is_empty() && found.is_missing() => true,
            Demand::Map(wanted) if wanted.is_empty() && found.is_missing() => true,
            Demand::List(wanted) => {
                let items = found.as_list().map_or(&[][..], |items| items.as_slice());
                found.as_list().is_some() && wanted.len() == items.len() && wanted.iter().zip(items).all(|(want, item)| want.fits(item))
            }
            Demand::Map(wanted) => {
                let Some(map) = found.as_map() else { return false };
                let known = |key: &str| wanted.iter().any(|(wanted, _)| wanted == key);
                wanted.iter().all(|(key, want)| want.fits(&found.member(key))) && map.keys().all(|key| known(key))
            }
            Demand::Parts(parts) => parts.fit(found),
        }
    }

    /// The same for a set of texts: order and repeats do not matter.
    pub fn fits_set(&self, found: &Value) -> bool {
        let wanted = match self {
            Demand::List(wanted) => wanted,
            Demand::Parts(parts) => return parts.fit(found),
            Demand::Equal(_) | Demand::Map(_) => return self.fits(found),
        };
        let items = found.as_list().map_or(&[][..], |items| items.as_slice());
        wanted.iter().all(|want| items.iter().any(|item| want.fits(item)))
            && items.iter().all(|item| wanted.iter().any(|want| want.fits(item)))
    }

    /// What is asked for, in words for messages.
    pub fn describe(&self) -> String {
        match self {
            Demand::Equal(value) => shown(value),
            Demand::List(items) => format!("[{}]", listed(items)),
            Demand::Map(entries) => format!("{{{}}}", keyed(entries)),
            Demand::Parts(parts) => parts.describe(),
        }
    }

    /// The number or text that it asks for, if it is exactly one.
    pub fn exact(&self) -> Option<&Value> {
        if let Demand::Equal(value) = self { Some(value) } else { None }
    }

    fn of_node(node: &Node, reader: &mut Reader<'_>) -> Option<Demand> {
        match &node.data {
            Data::Scalar(scalar) => Some(Demand::Equal(scalar.to_value())),
            Data::List(items) => items.iter().map(|item| Demand::of_node(item, reader)).collect::<Option<_>>().map(Demand::List),
            Data::Map(entries) => {
                if !entries.is_empty() && entries.iter().all(|entry| WORDS.contains(&&*entry.key)) {
                    return Parts::of_node(node, reader).map(|parts| Demand::Parts(Box::new(parts)));
                }
                entries_of(node, reader).map(Demand::Map)
            }
        }
    }
}

fn entries_of(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<(String, Demand)>> {
    let entries = node.as_map().unwrap_or(&[]).iter();
    entries.map(|entry| Some((entry.key.to_string(), Demand::of_node(&entry.value, reader)?))).collect()
}

fn listed(items: &[Demand]) -> String {
    items.iter().map(Demand::describe).collect::<Vec<_>>().join(", ")
}

fn keyed(entries: &[(String, Demand)]) -> String {
    entries.iter().map(|(key, value)| format!("{key}: {}", value.describe())).collect::<Vec<_>>().join(", ")
}

/// Equality as a test means it.
pub fn equal(wanted: &Value, found: &Value) -> bool {
    let empty = |value: &Value| value.is_missing() || value.as_text() == Some("");
    match (wanted, found) {
        (Value::Time(wanted), Value::Time(found)) => wanted == found,
        (Value::Text(text), Value::Float(_) | Value::Int(_)) => moment(text).is_some_and(|at| number_equal(Number::Float(at), found)),
        (Value::Float(_), _) | (_, Value::Float(_)) => wanted.as_number().is_some_and(|number| number_equal(number, found)),
        _ => wanted == found || (empty(wanted) && empty(found)),
    }
}

fn number_equal(wanted: Number, found: &Value) -> bool {
    let Some(found) = found.as_number() else { return false };
    let (a, b) = (wanted.as_f64(), found.as_f64());
    wanted == found || (a.is_nan() && b.is_nan()) || (a - b).abs() <= NOISE * a.abs().max(b.abs())
}

/// The seconds since 1970 of a time that is written out.
fn moment(text: &str) -> Option<f64> {
    text.parse::<Timestamp>().ok().map(epoch_seconds)
}

/// The words of a demand.
pub const WORDS: &[&str] = &["contains", "matches", "approx", "within", "at_least", "at_most", "prefix", "absent", "equals", "count"];

impl Parts {
    fn of_node(node: &Node, reader: &mut Reader<'_>) -> Option<Parts> {
        let before = reader.problems.len();
        let mut fields = Fields::open(node, "what is expected", reader)?;
        let written = Written::read_from(&mut fields, reader);
        fields.finish(reader);
        let written = written?;
        let contains = match written.contains.as_ref().map(|raw| &raw.0) {
            None => None,
            Some(value) if value.as_map().is_some() => Some(Contains::Keys(entries_of(value, reader)?)),
            Some(value) => Some(Contains::Items(items_of(value, reader)?)),
        };
        let absent = match written.absent.as_ref().map(|raw| &raw.0) {
            None => None,
            Some(value) if value.as_list().is_some() => Some(Absent::Items(items_of(value, reader)?)),
            Some(value) if bool::read(value, reader)? => Some(Absent::Wholly),
            Some(_) => Some(Absent::Items(Vec::new())),
        };
        let prefix = written.prefix.as_ref().map(|raw| items_of(&raw.0, reader)).unwrap_or_else(|| Some(Vec::new()))?;
        let prefix = prefix.iter().filter_map(|item| item.exact().and_then(text_of)).map(|text| text.to_string()).collect();
        let Written { matches, approx, within, at_least, at_most, count, equals, .. } = written;
        let equals = equals.map(|raw| raw.0.to_value());
        if within.is_some() && approx.is_none() {
            let problem = crate::base::diag::Diagnostic::error("missing-key", "`within` without `approx`", node.span);
            reader.report(problem.label("near to what?").help("write `{approx: 1.5, within: 0.01}`"));
        }
        let clean = reader.problems.len() == before;
        clean.then_some(Parts { contains, matches, approx, within, at_least, at_most, prefix, absent, equals, count })
    }

    fn fit(&self, found: &Value) -> bool {
        let number = found.as_number().map(Number::as_f64);
        let text = || text_of(found).unwrap_or_default();
        let is = |holds: Option<bool>| holds.unwrap_or(true);
        is(self.contains.as_ref().map(|contains| contains.fit(found)))
            && is(self.matches.as_ref().map(|pattern| !found.is_missing() && pattern.0.is_match(&text())))
            && is(self.approx.map(|wanted| number.is_some_and(|n| (n - wanted).abs() <= self.tolerance(wanted))))
            && is(self.at_least.map(|least| number.is_some_and(|n| n >= least)))
            && is(self.at_most.map(|most| number.is_some_and(|n| n <= most)))
            && self.prefix.iter().all(|prefix| begins(found, prefix))
            && is(self.absent.as_ref().map(|absent| absent.fit(found)))
            && is(self.equals.as_ref().map(|wanted| equal(wanted, found)))
            && is(self.count.map(|count| size(found) == Some(count)))
    }

    fn tolerance(&self, wanted: f64) -> f64 {
        self.within.unwrap_or(NEAR * wanted.abs())
    }

    fn describe(&self) -> String {
        let mut words = Vec::new();
        match &self.contains {
            Some(Contains::Items(items)) => words.push(format!("containing {}", listed(items))),
            Some(Contains::Keys(entries)) => words.push(format!("containing {{{}}}", keyed(entries))),
            None => {}
        }
        words.extend(self.matches.as_ref().map(|pattern| format!("matching /{}/", pattern.0)));
        words.extend(self.approx.map(|wanted| format!("{wanted} within {}", self.tolerance(wanted))));
        words.extend(self.at_least.map(|least| format!("at least {least}")));
        words.extend(self.at_most.map(|most| format!("at most {most}")));
        words.extend(self.prefix.iter().map(|prefix| format!("one beginning with \"{prefix}\"")));
        words.extend(self.count.map(|count| format!("{count} items")));
        words.extend(self.equals.as_ref().map(shown));
        match &self.absent {
            Some(Absent::Wholly) => words.push("none".to_owned()),
            Some(Absent::Items(items)) => words.push(format!("without {}", listed(items))),
            None => {}
        }
        words.join(" and ")
    }
}

fn size(found: &Value) -> Option<usize> {
    match found {
        Value::List(items) => Some(items.len()),
        Value::Map(map) => Some(map.len()),
        Value::Missing => Some(0),
        _ => None,
    }
}

fn begins(found: &Value, prefix: &str) -> bool {
    match found.as_list() {
        Some(items) => items.iter().any(|item| item.as_text().is_some_and(|text| text.starts_with(prefix))),
        None => text_of(found).is_some_and(|text| text.starts_with(prefix)),
    }
}

impl Contains {
    fn fit(&self, found: &Value) -> bool {
        match (self, found) {
            (Contains::Keys(keys), Value::Map(_)) => keys.iter().all(|(key, want)| want.fits(&found.member(key))),
            (Contains::Keys(_), _) => false,
            (Contains::Items(wanted), Value::List(items)) => wanted.iter().all(|want| items.iter().any(|item| want.fits(item))),
            (Contains::Items(wanted), Value::Missing) => wanted.is_empty(),
            (Contains::Items(wanted), other) => {
                let text = text_of(other).unwrap_or_default();
                wanted.iter().all(|want| match want.exact().and_then(text_of) {
                    Some(part) => text.contains(&*part),
                    None => want.fits(other),
                })
            }
        }
    }
}

impl Absent {
    fn fit(&self, found: &Value) -> bool {
        match self {
            Absent::Wholly => found.is_missing() || found.as_text() == Some(""),
            Absent::Items(items) => match found.as_list() {
                Some(there) => items.iter().all(|item| !there.iter().any(|one| item.fits(one))),
                None => true,
            },
        }
    }
}

/// One item, or the items of a list.
fn items_of(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<Demand>> {
    match node.as_list() {
        Some(items) => items.iter().map(|item| Demand::of_node(item, reader)).collect(),
        None => Some(vec![Demand::of_node(node, reader)?]),
    }
}

crate::fields! {
    /// Less than to be equal; several keys must all hold.
    pub struct Written, "demand" {
        /// A part of a text, or several; items of a list; keys of a map with their values.
        contains: Option<crate::yaml::basic::Raw>;
        /// A regular expression that is found in the text.
        matches: Option<Pattern>;
        /// A number that is near to this one.
        approx: Option<f64>;
        /// How near; a millionth of `approx` where it is not given.
        within: Option<f64>;
        /// A number that is not smaller.
        at_least: Option<f64>;
        /// A number that is not larger.
        at_most: Option<f64>;
        /// What the text, or one item of the list, begins with; several are all needed.
        prefix: Option<crate::yaml::basic::Raw>;
        /// `true`: there is no value. A list: none of these items is there.
        absent: Option<crate::yaml::basic::Raw>;
        /// Exactly this value, even if it is a map with these keys.
        equals: Option<crate::yaml::basic::Raw>;
        /// How many items or keys there are.
        count: Option<usize>;
    }
}

/// What is asked of a single value of any kind.
#[derive(Clone, Debug)]
pub struct Any(pub Demand);

impl Field for Any {
    fn shape() -> Shape {
        Shape::Any
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        Demand::of_node(node, reader).map(Any)
    }
}

/// Declares a demand on values of one kind: the literal forms, and what messages call them.
macro_rules! demands {
    ($($(#[doc = $doc:literal])* $Name:ident: $shape:expr, $literal:pat, $expected:literal;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $Name(pub Demand);

        impl Field for $Name {
            fn shape() -> Shape {
                Shape::Either(vec![$shape, Written::shape()])
            }

            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                if let Data::Map(_) = &node.data {
                    return Parts::of_node(node, reader).map(|parts| $Name(Demand::Parts(Box::new(parts))));
                }
                if !matches!(&node.data, $literal) {
                    reader.mismatch(node, $expected);
                    return None;
                }
                Demand::of_node(node, reader).map($Name)
            }
        }
    )*};
}

demands! {
    /// What is asked of a number.
    Amount: Shape::Number, Data::Scalar(_), "a number, or what it must be, like `{at_least: 1}`";
    /// What is asked of a time.
    Moment: Shape::Text, Data::Scalar(_), "a time like `2026-01-01T00:00:00Z`, or seconds since 1970";
    /// What is asked of a set of tags or other texts.
    Labels: Shape::List(Box::new(Shape::Text)), Data::List(_), "a list, or what it must be, like `{contains: [web]}`";
}

/// What is asked of a text; a number or boolean is the text that it prints as.
#[derive(Clone, Debug)]
pub struct Words(pub Demand);

impl Field for Words {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Text, Written::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::Map(_) => Parts::of_node(node, reader).map(|parts| Words(Demand::Parts(Box::new(parts)))),
            Data::Scalar(scalar) => Some(Words(Demand::Equal(Value::Text(scalar.text.clone())))),
            Data::List(_) => {
                reader.mismatch(node, "a text, or what it must be, like `{contains: timed out}`");
                None
            }
        }
    }
}
