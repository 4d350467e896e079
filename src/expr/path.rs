//! Paths: RFC 9535 JSONPath on any value.
//!
//! The grammar is `jsonpath-rust`'s. Plain paths (`$.a.b`, `$.a[3]`, `$.items[*].x`), the large
//! majority, are walked here; filters, slices, unions and descent are `path_eval`'s.

use super::fault::Fault;
use super::path_eval::Query;
pub use crate::base::step::Step;
use crate::base::value::{Text, Value, at, place};
use jsonpath_rust::parser::model::{Segment, Selector};
use jsonpath_rust::parser::parse_json_path;

/// A compiled path.
#[derive(Clone, Debug)]
pub enum Path {
    /// Names, indexes and wildcards only.
    Plain(Box<[Step]>),
    /// Anything else.
    Query(Box<Query>),
}

/// What stopped the parsing, with the byte range in the path.
#[derive(Clone, Debug)]
pub struct PathError {
    /// A fragment that says what is wrong.
    pub message: String,
    /// First byte of the spot.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

impl Path {
    /// Compiles a path that starts with `$`.
    ///
    /// # Errors
    /// What the grammar does not accept, and where.
    pub fn parse(text: &str) -> Result<Path, PathError> {
        if let Some(steps) = plain_steps(text) {
            return Ok(Path::Plain(steps.into()));
        }
        if let Some(start) = parted_name(text) {
            let message = "a name with a blank in it stands in quotes: `['a b']`".to_owned();
            return Err(PathError { message, start, end: text.len() });
        }
        let query = parse_json_path(text).map_err(|error| explain(&error.to_string(), text))?;
        let query = Query::new(query).map_err(|message| PathError { message, start: 0, end: text.len() })?;
        Ok(match query.segments().iter().map(step).collect::<Option<Vec<_>>>() {
            Some(steps) => Path::Plain(steps.into()),
            None => Path::Query(Box::new(query)),
        })
    }

    /// True if the path can match once at most: it gives the value then, else a list.
    pub fn is_single(&self) -> bool {
        match self {
            Path::Plain(steps) => !steps.contains(&Step::All),
            Path::Query(_) => false,
        }
    }

    /// The steps of a plain path.
    pub fn steps(&self) -> Option<&[Step]> {
        if let Path::Plain(steps) = self { Some(steps) } else { None }
    }

    /// The names that it begins with, up to the first step of another kind.
    pub fn keys(&self) -> Vec<Text> {
        let key = |step: &Step| if let Step::Key(key) = step { Some(key.clone()) } else { None };
        match self {
            Path::Plain(steps) => steps.iter().map_while(key).collect(),
            Path::Query(query) => query.segments().iter().map_while(|segment| step(segment).as_ref().and_then(key)).collect(),
        }
    }

    /// The path with every filter taken off; none where it has none.
    pub fn unfiltered(&self) -> Option<Path> {
        if let Path::Query(query) = self { query.unfiltered().map(|query| Path::Query(Box::new(query))) } else { None }
    }

    /// The value that the path leads to, missing where it leads nowhere; a list for paths that can
    /// match more than once.
    ///
    /// # Errors
    /// Failed when it matches more often than the limit.
    pub fn find(&self, root: &Value) -> Result<Value, Fault> {
        if let Path::Plain(steps) = self
            && self.is_single()
        {
            return Ok(walk(root, steps));
        }
        let mut found = Vec::new();
        self.each(root, &mut |_, value| found.push(value.clone()))?;
        Ok(Value::list(found))
    }

    /// Calls `take` with the last name or index, and the value, of every match.
    ///
    /// # Errors
    /// Failed when it matches more often than the limit.
    pub fn each(&self, root: &Value, take: &mut dyn FnMut(Value, &Value)) -> Result<(), Fault> {
        let root = root.materialize();
        match self {
            Path::Plain(steps) => visit(&root, steps, Value::Missing, take),
            Path::Query(query) => query.each(&root, take)?,
        }
        Ok(())
    }
}

/// Follows names and indexes; missing where they lead nowhere.
pub fn walk(root: &Value, steps: &[Step]) -> Value {
    let mut here = root;
    for (n, step) in steps.iter().enumerate() {
        let next = match (here, step) {
            (Value::Map(map), Step::Key(key)) => map.get(key),
            (Value::Map(map), Step::Index(index)) => map.get(index.to_string().as_str()),
            (Value::List(items), Step::Index(index)) => at(items, *index),
            (Value::Lazy(lazy), Step::Key(key)) => return walk(&lazy.member(key), steps.get(n + 1..).unwrap_or(&[])),
            (Value::Text(text), Step::Index(index)) => return character(text, *index),
            _ => None,
        };
        match next {
            Some(value) => here = value,
            None => return Value::Missing,
        }
    }
    here.clone()
}

fn character(text: &str, index: i64) -> Value {
    let chars: Vec<char> = text.chars().collect();
    at(&chars, index).map(|c| Value::text(c.to_string())).unwrap_or_default()
}

fn visit(value: &Value, steps: &[Step], key: Value, take: &mut dyn FnMut(Value, &Value)) {
    let Some((step, rest)) = steps.split_first() else {
        take(key, value);
        return;
    };
    match (value, step) {
        (Value::Map(map), Step::Key(name)) => {
            if let Some(value) = map.get(name) {
                visit(value, rest, Value::Text(name.clone()), take);
            }
        }
        (Value::Map(map), Step::All) => {
            for (name, value) in map.iter() {
                visit(value, rest, Value::Text(name.clone()), take);
            }
        }
        (Value::List(items), Step::Index(index)) => {
            if let Some((place, value)) = place(items.len(), *index).and_then(|n| Some((n, items.get(n)?))) {
                visit(value, rest, Value::from(place), take);
            }
        }
        (Value::List(items), Step::All) => {
            for (place, value) in items.iter().enumerate() {
                visit(value, rest, Value::from(place), take);
            }
        }
        (Value::Lazy(lazy), _) => visit(&lazy.materialize(), steps, key, take),
        _ => {}
    }
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Selector(Selector::Name(name)) => Some(Step::Key(name.as_str().into())),
        Segment::Selector(Selector::Index(index)) => Some(Step::Index(*index)),
        Segment::Selector(Selector::Wildcard) => Some(Step::All),
        Segment::Selector(Selector::Slice(..) | Selector::Filter(_)) | Segment::Descendant(_) | Segment::Selectors(_) => None,
    }
}

/// `$.a.b_c` without a parser: most paths of most specs, and loading ten thousand instances should
/// not wait for a grammar.
fn plain_steps(text: &str) -> Option<Vec<Step>> {
    let rest = text.strip_prefix('$')?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let names = rest.strip_prefix('.')?.split('.');
    let plain = |name: &str| {
        let first = name.as_bytes().first()?;
        let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        (letters && !first.is_ascii_digit()).then(|| Step::Key(name.into()))
    };
    names.map(plain).collect()
}

/// Where a second word follows a name after a blank, which the parser would take for one name.
fn parted_name(text: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut quote, mut escaped, mut word, mut blank) = (None, false, false, false);
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            quote = (escaped || c != open).then_some(open);
            escaped = c == '\\' && !escaped;
            continue;
        }
        if is_word(c) && word && blank {
            return Some(at);
        }
        quote = matches!(c, '\'' | '"').then_some(c);
        blank = c.is_whitespace();
        word = is_word(c) || (blank && word);
    }
    None
}

fn explain(message: &str, text: &str) -> PathError {
    let column = message.lines().find_map(|line| line.trim().strip_prefix("--> 1:")).and_then(|n| n.trim().parse::<usize>().ok());
    let expected = message.lines().rev().find_map(|line| line.trim().strip_prefix("= ")).map(readable);
    let start = column.and_then(|c| text.char_indices().nth(c.saturating_sub(1))).map_or(text.len(), |(at, _)| at);
    let end = text.get(start..).and_then(|rest| rest.chars().next()).map_or(start, |c| start + c.len_utf8());
    let message = expected.unwrap_or_else(|| message.lines().last().unwrap_or("not a path").trim().to_owned());
    PathError { message, start, end }
}

/// The grammar's rule names in words, each said once.
fn readable(expected: &str) -> String {
    fn words(rule: &str) -> &str {
        match rule {
            "child_segment" | "segment" | "name_segment" | "index_segment" | "bracketed_selection" => "`.name` or `[...]`",
            "descendant_segment" => "`..name`",
            "member_name_shorthand" | "name_first" | "name_char" => "a name",
            "wildcard_selector" => "`*`",
            "logical_expr" | "logical_expr_and" | "atom_expr" | "comp_expr" | "test_expr" | "paren_expr" => "a condition",
            "test" | "rel_query" | "jp_query" | "singular_query" => "a query like `@.name`",
            "comparable" | "literal" => "a value: a number, a text in quotes, `true`, `false`, `null`, or a query like `@.name`",
            "comp_op" => "one of `==`, `!=`, `<`, `<=`, `>`, `>=`",
            "slice_selector" | "start" | "end" | "step" => "a slice like `1:3`",
            "index_selector" | "int" | "safe_int" => "an index",
            "number" | "frac" | "exp" => "a number",
            "name_selector" | "string" => "a name in quotes",
            "filter_selector" => "`?condition`",
            "function_expr" | "function_name_one_arg" | "function_name_two_arg" => "a function",
            "function_argument" | "one_arg" | "two_arg" => "an argument",
            "escapable" | "ESC" => "an escape like `\\n`",
            "ALPHA" | "ALPHANUM" => "a letter",
            "DIGIT" => "a digit",
            "hexchar" => "four hexadecimal digits",
            "selector" => "a name in quotes, an index, `*` or `?condition`",
            "EOI" => "the end",
            other => other,
        }
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let rules = expected.strip_prefix("expected ").unwrap_or(expected).split(|c| !is_word(c)).filter(|word| !["", "or"].contains(word));
    let mut said: Vec<&str> = Vec::new();
    rules.map(words).for_each(|words| {
        if !said.contains(&words) {
            said.push(words);
        }
    });
    format!("expected {}", said.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str, json: &str) -> String {
        let doc: serde_json::Value = serde_json::from_str(json).unwrap();
        let value = Path::parse(path).unwrap().find(&doc.into()).unwrap();
        crate::base::print::to_json(&value).to_string()
    }

    #[test]
    fn a_path_that_matches_once_gives_the_value_any_other_a_list() {
        let doc = r#"{"a":{"b":[1,2,{"c":3}]},"x y":4,"n":null}"#;
        assert_eq!(find("$.a.b[2].c", doc), "3");
        assert_eq!(find("$.a.b[-1].c", doc), "3");
        assert_eq!(find("$['x y']", doc), "4");
        assert_eq!(find("$.a.b[*]", doc), r#"[1,2,{"c":3}]"#);
        assert_eq!(find("$.a.nothing", doc), "null");
        assert_eq!(find("$.a.nothing[*]", doc), "[]");
        assert_eq!(find("$..c", doc), "[3]");
        assert_eq!(find("$.a.b[?@ > 1]", doc), "[2]");
        assert_eq!(find("$.a.b[0:2]", doc), "[1,2]");
        assert_eq!(find("$", "7"), "7");
    }

    #[test]
    fn the_key_of_a_match_is_its_last_name_or_index() {
        let doc: serde_json::Value = serde_json::from_str(r#"{"c":{"x":1,"y":[5]}}"#).unwrap();
        let keys = |path: &str| {
            let mut keys = Vec::new();
            Path::parse(path).unwrap().each(&doc.clone().into(), &mut |key, _| keys.push(key)).unwrap();
            keys
        };
        assert_eq!(keys("$.c.*"), [Value::from("x"), Value::from("y")]);
        assert_eq!(keys("$..y"), [Value::from("y")]);
        assert_eq!(keys("$.c.y[?@ > 1]"), [Value::Int(0)]);
        assert_eq!(keys("$.c.y[-1]"), [Value::Int(0)]);
        assert_eq!(keys("$.c['y','x']"), [Value::from("y"), Value::from("x")]);
        assert_eq!(keys("$.c.y[-1,0]"), [Value::Int(0), Value::Int(0)]);
        assert_eq!(keys("$..x"), [Value::from("x")]);
    }

    #[test]
    fn slips_are_placed() {
        let slip = Path::parse("$.a[").unwrap_err();
        assert!(slip.start >= 3, "{slip:?}");
        assert!(Path::parse("$.a..").is_err());
        assert!(Path::parse("$.a b").is_err());
        for (path, why) in [
            ("$[?match(@.a, 'x(')]", "does not compile"),
            ("$[?value(1) == 1]", "takes a query"),
            ("$[?count(length(@)) == 1]", "takes a query"),
            ("$[?in(@.a, $.b)]", "no function"),
            ("$[?match(@.*, 'x')]", "takes one value"),
        ] {
            let slip = Path::parse(path).unwrap_err();
            assert!(slip.message.contains(why), "{slip:?}");
        }
    }
}
