//! `%{NAME:field:type}` turned into a regular expression with one group for each field.
//!
//! Patterns may use patterns. That is bounded three times: no pattern contains itself, a pattern has
//! so many references only (doubling what stands for nothing would never end otherwise), and the
//! expanded text has a length.

use super::grok_patterns;
use super::search::Path;
use super::types::CellType;
use crate::base::limits;
use crate::base::value::Text;
use std::collections::HashMap;

/// An expanded pattern.
#[derive(Debug, Default)]
pub struct Expanded {
    /// The regular expression.
    pub regex: String,
    /// The fields in the order of their groups.
    pub fields: Vec<Field>,
    references: usize,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// As written: `client`, `a.b` or `[a][b]`.
    pub name: String,
    /// Where it goes.
    pub path: Path,
    /// The type that stands behind the name.
    pub cell: Option<CellType>,
}

/// What is wrong with a pattern.
#[derive(Debug)]
pub struct Slip {
    /// In a few words.
    pub title: String,
    /// Which bytes of the pattern it is about.
    pub place: (usize, usize),
    /// The name that is known nowhere.
    pub unknown: Option<String>,
}

/// The name of the group of a field; no pattern of a person has such names.
pub fn group(number: usize) -> String {
    format!("__field_{number}")
}

/// Expands a pattern; `own` are the patterns that the spec brings along, which come first.
///
/// # Errors
/// The first thing that is wrong.
pub fn expand(pattern: &str, own: &HashMap<Text, Text>) -> Result<Expanded, Slip> {
    let mut expanded = Expanded::default();
    let mut within = Vec::new();
    add(pattern, own, &mut within, &mut expanded)?;
    Ok(expanded)
}

fn add<'p>(pattern: &'p str, own: &'p HashMap<Text, Text>, within: &mut Vec<&'p str>, out: &mut Expanded) -> Result<(), Slip> {
    let mut at = 0;
    while let Some(found) = pattern.get(at..).and_then(|rest| rest.find("%{")) {
        let start = at + found;
        let end = pattern.get(start..).and_then(|rest| rest.find('}')).map(|length| start + length + 1);
        let Some(end) = end else { return Err(slip("a `%{` without its `}`", (start, pattern.len()))) };
        out.regex.push_str(pattern.get(at..start).unwrap_or(""));
        let inner = pattern.get(start + 2..end - 1).unwrap_or("");
        reference(inner, own, within, out).map_err(|slip| Slip { place: (start, end), ..slip })?;
        at = end;
    }
    out.regex.push_str(pattern.get(at..).unwrap_or(""));
    if out.regex.len() > limits::GROK_TEXT {
        return Err(slip(
            format!("the pattern is longer than {} KiB when it is expanded, which is the limit", limits::GROK_TEXT >> 10),
            (0, pattern.len()),
        ));
    }
    Ok(())
}

/// What stands between the braces.
fn reference<'p>(inner: &'p str, own: &'p HashMap<Text, Text>, within: &mut Vec<&'p str>, out: &mut Expanded) -> Result<(), Slip> {
    let here = (0, 0);
    let mut parts = inner.splitn(3, ':');
    let (name, field, cell) = (parts.next().unwrap_or(""), parts.next(), parts.next());
    out.references += 1;
    if out.references > limits::GROK_REFERENCES {
        return Err(slip(format!("more than {} patterns within one, which is the limit", limits::GROK_REFERENCES), here));
    }
    let Some(pattern) = own.get(name).map(|text| &**text).or_else(|| grok_patterns::find(name)) else {
        return Err(Slip { unknown: Some(name.to_owned()), ..slip(format!("unknown grok pattern `{name}`"), here) });
    };
    if within.contains(&name) || within.len() >= limits::GROK_DEPTH {
        return Err(slip(format!("the grok pattern `{name}` contains itself, or is nested more than {} times", limits::GROK_DEPTH), here));
    }
    match field {
        None => out.regex.push_str("(?:"),
        Some(field) => {
            let field = self::field(field, cell)?;
            out.regex.push_str(&format!("(?P<{}>", group(out.fields.len())));
            out.fields.push(field);
        }
    }
    within.push(name);
    let added = add(pattern, own, within, out);
    within.pop();
    out.regex.push(')');
    added
}

/// `name`, `a.b` or `[a][b]`, with its type if there is one.
fn field(name: &str, cell: Option<&str>) -> Result<Field, Slip> {
    let cell = match cell {
        None => None,
        // Elsewhere `float` is the word for what is a number here.
        Some("float") => Some(CellType::Number),
        Some("string") => Some(CellType::Text),
        Some(word) => match CellType::from_word(word) {
            Some(cell) => Some(cell),
            None => return Err(slip(format!("unknown type `{word}` of the field `{name}`"), (0, 0))),
        },
    };
    let bracketed = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let parts: Vec<&str> = bracketed.map_or_else(|| name.split('.').collect(), |inner| inner.split("][").collect());
    let well = parts.iter().all(|part| !part.is_empty() && !part.contains(['[', ']', '{']));
    match Path::nested(parts).filter(|_| well) {
        Some(path) => Ok(Field { name: name.to_owned(), path, cell }),
        None => Err(slip(format!("`{name}` is no name of a field"), (0, 0))),
    }
}

fn slip(title: impl Into<String>, place: (usize, usize)) -> Slip {
    Slip { title: title.into(), place, unknown: None }
}
