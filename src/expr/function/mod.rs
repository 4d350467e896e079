//! Functions, filters and tests of the expression language, one file per family.
//!
//! Every function can be called both ways: `round(row.x, 2)` and `row.x | round(2)`. Adding one is
//! one entry in the table of its family. Functions do no I/O and know no clock; what they cannot
//! calculate is a fault that shows the values, never a guess.

mod aggregate;
mod arg;
mod bits;
mod convert;
mod document;
mod glob;
mod group;
mod hash;
mod layout;
mod list;
mod lookup;
mod map;
mod metric_name;
mod number;
mod printf;
mod quantity;
mod regex;
mod select;
mod sort;
mod test;
mod text;
mod time;
mod url;
mod version;

pub use metric_name::{normalize as normalize_name, snake_case};

use super::fault::Fault;
use super::path::Path;
use crate::base::secret::Secret;
use crate::base::value::{Text, Value};
use ::regex::Regex;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What an evaluation may use besides its values.
#[derive(Debug)]
pub struct Cx<'a> {
    /// Patterns and paths that come from configuration or data, compiled on first use.
    pub cache: &'a Cache,
    /// Steps left; [`Cx::step`] counts them.
    pub fuel: &'a Cell<u32>,
}

impl Cx<'_> {
    /// Pays for `n` steps of work.
    ///
    /// # Errors
    /// Failed when the evaluation has used up its steps.
    pub fn step(&self, n: usize) -> Result<(), Fault> {
        let left = self.fuel.get().checked_sub(u32::try_from(n).unwrap_or(u32::MAX));
        self.fuel.set(left.unwrap_or(0));
        left.map(drop).ok_or_else(|| Fault::failed("the evaluation takes too many steps"))
    }
}

/// Compiled patterns that one check keeps; the next one past this number starts the memory anew.
const PATTERNS: usize = 256;

/// Compiled patterns and paths of one check; next to nothing while there are none, as most checks
/// have none.
#[derive(Debug, Default)]
pub struct Cache(OnceLock<Box<Compiled>>);

#[derive(Debug, Default)]
struct Compiled {
    /// Slips are remembered too: a pattern that does not compile is met again with every row. The
    /// `Arc` matters, since a clone of a `Regex` gets search memory of its own.
    regexes: Mutex<HashMap<Text, Result<Arc<Regex>, String>>>,
    /// Paths that come from configuration: `path(row, q.path)`.
    paths: Mutex<HashMap<Text, Result<Arc<Path>, String>>>,
}

impl Cache {
    fn compiled(&self) -> &Compiled {
        self.0.get_or_init(Box::default)
    }

    /// The compiled pattern.
    ///
    /// # Errors
    /// Failed when it does not compile within the engine's limits.
    pub fn regex(&self, pattern: &str) -> Result<Arc<Regex>, Fault> {
        let found = remembered(&self.compiled().regexes, pattern, crate::yaml::pattern::compile);
        found.map_err(|why| Fault::failed(format!("the pattern {} does not compile: {why}", crate::base::print::shown(&pattern.into()))))
    }

    /// The compiled path.
    ///
    /// # Errors
    /// Failed when it is no JSONPath.
    pub fn path(&self, query: &str) -> Result<Arc<Path>, Fault> {
        let found = remembered(&self.compiled().paths, query, |text| Path::parse(text).map_err(|error| error.message));
        found.map_err(|why| Fault::failed(format!("{} is no path: {why}", crate::base::print::shown(&query.into()))))
    }
}

/// What was made of a text before, or what is made of it now.
fn remembered<T>(
    memory: &Mutex<HashMap<Text, Result<Arc<T>, String>>>,
    text: &str,
    make: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Arc<T>, String> {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = memory.get(text) {
        return found.clone();
    }
    let made = make(text).map(Arc::new);
    if memory.len() >= PATTERNS {
        memory.clear();
    }
    memory.insert(text.into(), made.clone());
    made
}

/// One function.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters: the first is what a filter is applied to.
    pub params: &'static [Param],
    /// True if it takes any number of further values after its parameters.
    pub variadic: bool,
    /// True if it is called with a missing first argument too; otherwise the answer is missing.
    pub takes_missing: bool,
    /// What it does, in one or two sentences.
    pub doc: &'static str,
    /// An expression and the JSON of its value: documentation and test.
    pub example: (&'static str, &'static str),
    /// The arguments in the order of `params`, missing where not given, then the further ones.
    pub call: fn(&[Value], &Cx<'_>) -> Result<Value, Fault>,
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name, for `name=value`.
    pub name: &'static str,
    /// True if it must be given.
    pub required: bool,
}

/// A parameter that must be given.
pub const fn needs(name: &'static str) -> Param {
    Param { name, required: true }
}

/// A parameter that may be given.
pub const fn takes(name: &'static str) -> Param {
    Param { name, required: false }
}

/// An entry of a table; it takes no further values and is not called with a missing one.
const fn function(
    name: &'static str,
    params: &'static [Param],
    call: fn(&[Value], &Cx<'_>) -> Result<Value, Fault>,
    doc: &'static str,
    example: (&'static str, &'static str),
) -> Function {
    Function { name, params, variadic: false, takes_missing: false, doc, example, call }
}

impl Function {
    const fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    const fn takes_missing(mut self) -> Self {
        self.takes_missing = true;
        self
    }

    /// The same under another name.
    const fn also(mut self, name: &'static str, example: (&'static str, &'static str)) -> Self {
        self.name = name;
        self.example = example;
        self
    }
}

/// The families of functions and filters, with their titles in the reference.
const TABLES: &[(&str, &[Function])] = &[
    ("Texts", text::TABLE),
    ("Filling texts in", printf::TABLE),
    ("Layout", layout::TABLE),
    ("Numbers", number::TABLE),
    ("Bits", bits::TABLE),
    ("One value of many", aggregate::TABLE),
    ("Lists", list::TABLE),
    ("Order", sort::TABLE),
    ("Lists of rows", group::TABLE),
    ("Filters for every item", select::TABLE),
    ("Maps", map::TABLE),
    ("Look-up tables", lookup::TABLE),
    ("Time", time::TABLE),
    ("Regular expressions", regex::TABLE),
    ("Patterns of names", glob::TABLE),
    ("Hashes and encodings", hash::TABLE),
    ("Addresses", url::TABLE),
    ("Documents inside values", document::TABLE),
    ("Conversion", convert::TABLE),
    ("Quantities", quantity::TABLE),
    ("Versions", version::TABLE),
    ("Metric names", metric_name::TABLE),
];

/// The families by their titles, for the reference.
pub fn families() -> impl Iterator<Item = (&'static str, &'static [Function])> {
    TABLES.iter().copied()
}

/// Every function and filter.
pub fn all() -> impl Iterator<Item = &'static Function> {
    TABLES.iter().flat_map(|(_, table)| table.iter())
}

/// Every test, for the reference.
pub fn all_tests() -> impl Iterator<Item = &'static Function> {
    test::TABLE.iter()
}

/// The function or filter of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

/// The test of that name: what stands after `is`.
pub fn find_test(name: &str) -> Option<&'static Function> {
    all_tests().find(|test| test.name == name)
}

/// The names of functions and filters.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|function| function.name)
}

/// The names of tests.
pub fn test_names() -> impl Iterator<Item = &'static str> {
    all_tests().map(|test| test.name)
}

/// What functions of other languages are called here: a name, or how the same is written.
const ELSEWHERE: &[(&str, &str)] = &[
    ("len", "length"),
    ("size", "length"),
    ("strip", "trim"),
    ("strlen", "length"),
    ("str", "string"),
    ("tostring", "string"),
    ("to_string", "string"),
    ("tonumber", "number"),
    ("to_number", "number"),
    ("to_int", "int"),
    ("tolower", "lower"),
    ("toupper", "upper"),
    ("downcase", "lower"),
    ("upcase", "upper"),
    ("keys", "list"),
    ("values", "entries"),
    ("to_entries", "entries"),
    ("from_entries", "to_map"),
    ("dict", "to_map"),
    ("distinct", "unique"),
    ("uniq", "unique"),
    ("concat", "chain"),
    ("append", "chain"),
    ("mean", "avg"),
    ("average", "avg"),
    ("strptime", "parse_time"),
    ("to_datetime", "parse_time"),
    ("strftime", "format_time"),
    ("to_seconds", "duration"),
    ("filesize", "bytes"),
    ("ltrimstr", "remove_prefix"),
    ("rtrimstr", "remove_suffix"),
    ("regex_search", "regex_find"),
    ("regex_findall", "regex_find_all"),
    ("sub", "regex_replace"),
    ("b64encode", "base64"),
    ("b64decode", "base64_decode"),
    ("zfill", "pad_left"),
    ("ljust", "pad_right"),
    ("rjust", "pad_left"),
    ("substr", "a slice: `text[0:3]`"),
    ("contains", "`part in text`"),
    ("has", "`key in map`"),
    ("exists", "`value is defined`"),
    ("is_defined", "`value is defined`"),
    ("startswith", "`text is startingwith('…')`"),
    ("endswith", "`text is endingwith('…')`"),
    ("starts_with", "`text is startingwith('…')`"),
    ("ends_with", "`text is endingwith('…')`"),
    ("match", "`regex_match(text, '…')`"),
    ("matches", "`regex_match(text, '…')`"),
    ("fromjson", "`text | decode('json')`"),
    ("from_json", "`text | decode('json')`"),
    ("parse_json", "`text | decode('json')`"),
    ("to_json", "json"),
    ("get", "`map.key`, `map['key']` or `map[name]`, with `| default(…)`"),
    ("iif", "`a if condition else b`"),
    ("coalesce", "`a or b`, or `a | default(b)`"),
    ("now", "`now`, which is a name and not called"),
];

/// What a function of other languages is called here.
pub fn elsewhere(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(known, _)| *known == name).map(|(_, here)| *here)
}

/// `name(a, b, c?)`.
pub fn signature(function: &Function) -> String {
    let mut params: Vec<_> = function.params.iter().map(|p| if p.required { p.name.to_owned() } else { format!("{}?", p.name) }).collect();
    if function.variadic {
        params.push("…".to_owned());
    }
    format!("{}({})", function.name, params.join(", "))
}

/// Calls a function that another one was told by name, as `map` does, by the rules of every call:
/// a missing first value gives missing, and what is made of a secret is one.
fn apply(function: &Function, args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    cx.step(1)?;
    if args.first().is_none_or(Value::is_missing) && !function.takes_missing {
        return Ok(Value::Missing);
    }
    if !args.iter().any(|arg| matches!(arg, Value::Secret(_) | Value::Lazy(_))) {
        return (function.call)(args, cx);
    }
    let secret = args.iter().any(|arg| matches!(arg, Value::Secret(_)));
    let opened: Vec<_> = args.iter().map(open).collect();
    Ok(match (function.call)(&opened, cx)? {
        Value::Text(text) if secret => Value::Secret(Secret::new(text)),
        other => other,
    })
}

fn open(value: &Value) -> Value {
    match value {
        Value::Secret(secret) => Value::text(secret.reveal()),
        other => other.materialize(),
    }
}

#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_is_given_once() {
        let mut seen = HashSet::new();
        assert_eq!(names().filter(|name| !seen.insert(*name)).collect::<Vec<_>>(), Vec::<&str>::new());
        let mut seen = HashSet::new();
        assert_eq!(test_names().filter(|name| !seen.insert(*name)).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn names_from_elsewhere_lead_to_functions_that_there_are() {
        for (name, here) in ELSEWHERE {
            assert!(find(name).is_none(), "{name}");
            assert!(here.contains('`') || find(here).is_some(), "{name}: {here}");
        }
    }

    #[test]
    fn every_example_names_its_function_and_gives_json() {
        for function in all().chain(all_tests()) {
            let (expression, result) = function.example;
            assert!(expression.contains(function.name), "{}: {expression}", function.name);
            assert!(serde_json::from_str::<serde_json::Value>(result).is_ok(), "{}: {result}", function.name);
            assert!(function.doc.ends_with('.'), "{}", function.name);
        }
    }

    #[test]
    fn required_parameters_come_before_the_others() {
        for function in all().chain(all_tests()) {
            let required: Vec<_> = function.params.iter().map(|param| param.required).collect();
            assert!(required.is_sorted_by(|a, b| a >= b), "{}", function.name);
        }
    }

    #[test]
    fn the_cache_remembers_patterns_and_slips_and_stays_small() {
        let cache = Cache::default();
        assert!(Arc::ptr_eq(&cache.regex("a+").unwrap(), &cache.regex("a+").unwrap()));
        assert!(cache.regex("(").is_err());
        for n in 0..1000 {
            cache.regex(&format!("a{n}")).unwrap();
        }
        assert!(cache.compiled().regexes.lock().unwrap().len() <= PATTERNS);
    }

    #[test]
    fn what_is_made_of_a_secret_by_a_named_function_is_one() {
        let list = Value::list(vec![Value::Secret(Secret::new("ab"))]);
        let upper = testing::call("map", &[list, "upper".into()]).unwrap();
        assert_eq!(upper, Value::list(vec![Value::Secret(Secret::new("AB"))]));
    }

    #[test]
    fn steps_run_out() {
        let cache = Cache::default();
        let fuel = Cell::new(10);
        let cx = Cx { cache: &cache, fuel: &fuel };
        let items = Value::list(vec![Value::Int(1); 11]);
        let sum = find("sum").unwrap();
        assert_eq!((sum.call)(&[items], &cx), Err(Fault::failed("the evaluation takes too many steps")));
    }
}
