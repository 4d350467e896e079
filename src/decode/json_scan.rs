//! Reads the wanted parts of a JSON text and checks the rest, without building it.
//!
//! The scanner knows what is right and nothing about what is wrong: whatever it cannot take in
//! ends it, and `json` then asks the strict parser for the fault. So both must agree on what JSON
//! is, which a property test sees to: the same nesting, no key twice in one object, no integer
//! beyond 64 bits, not even in parts that nobody wants.

use super::want::{RowsWanted, TakeRow, Want};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::share::Share;
use crate::base::step::Step;
use crate::base::value::Value;
use std::borrow::Cow;
use std::collections::HashSet;

/// With more keys than this in one object, a set finds a key that is there twice.
const FEW_KEYS: usize = 32;
/// Room for the keys of a small document at once.
const USUAL_KEYS: usize = 16;

/// A place in a JSON text. Every method gives `None` where it cannot go on.
#[derive(Debug)]
pub struct Scan<'t, 'k> {
    text: &'t str,
    at: usize,
    keys: &'k mut Share,
    /// How many values were read, built or not.
    pub n_values: usize,
    most_values: usize,
    depth: usize,
    /// The keys of the objects around this place, outermost first.
    open: Vec<Cow<'t, str>>,
}

impl<'t, 'k> Scan<'t, 'k> {
    /// A scanner at the beginning of a text that holds `most_values` at most.
    pub fn new(text: &'t str, keys: &'k mut Share, most_values: usize) -> Self {
        Scan { text, at: 0, keys, n_values: 0, most_values, depth: 0, open: Vec::with_capacity(USUAL_KEYS) }
    }

    /// The wanted parts of the one value of the text.
    pub fn document(&mut self, want: &Want) -> Option<Value> {
        let value = self.value(want)?;
        self.end()?;
        Some(value)
    }

    /// Every row of the text, one after the other.
    pub fn rows(&mut self, rows: &RowsWanted, take: &mut TakeRow<'_>) -> Option<()> {
        let single = !rows.path.contains(&Step::All);
        self.walk(&rows.path, single, Value::Missing, &rows.want, take)?;
        self.end()
    }

    fn end(&mut self) -> Option<()> {
        self.blanks();
        (self.at == self.text.len()).then_some(())
    }

    fn walk(&mut self, path: &[Step], single: bool, key: Value, want: &Want, take: &mut TakeRow<'_>) -> Option<()> {
        let first = self.peek()?;
        match path.split_first() {
            None if single && first == b'[' => self.list(&mut |scan, n| scan.walk(&[], false, Value::from(n), want, take)),
            None => {
                let row = self.value(want)?;
                // Where the path leads to nothing, there is no row.
                if !(single && row.is_missing()) {
                    take(key, row);
                }
                Some(())
            }
            Some((Step::All, rest)) if first == b'[' => self.list(&mut |scan, n| scan.walk(rest, single, Value::from(n), want, take)),
            Some((step, rest)) if first == b'{' => self.object(&mut |scan, name| match step {
                Step::Key(wanted) if **wanted != *name => scan.skip(),
                Step::Index(_) => scan.skip(),
                Step::Key(_) | Step::All => {
                    let key = scan.keys.get(name);
                    scan.walk(rest, single, Value::Text(key), want, take)
                }
            }),
            Some(_) => self.skip(),
        }
    }

    /// The wanted parts of the value here.
    fn value(&mut self, want: &Want) -> Option<Value> {
        Some(match self.peek()? {
            b'{' => {
                let mut map = Map::with_capacity(want.n_fields());
                self.object(&mut |scan, name| {
                    let Some((known, part)) = want.member(name) else { return scan.skip() };
                    let key = known.cloned().unwrap_or_else(|| scan.keys.get(name));
                    let value = scan.value(part)?;
                    map.push_new(key, value);
                    Some(())
                })?;
                Value::map(map)
            }
            b'[' => {
                let mut items = Vec::new();
                match want.items() {
                    Some(part) => self.list(&mut |scan, _| scan.value(part).map(|item| items.push(item)))?,
                    None => self.list(&mut |scan, _| scan.skip())?,
                }
                Value::list(items)
            }
            b'"' => {
                self.count()?;
                Value::text(self.string()?)
            }
            _ => self.plain()?,
        })
    }

    /// Checks the value here.
    fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(&mut |scan, _| scan.skip()),
            b'[' => self.list(&mut |scan, _| scan.skip()),
            b'"' => {
                self.count()?;
                self.string().map(|_| ())
            }
            _ => self.plain().map(|_| ()),
        }
    }

    fn list(&mut self, item: &mut dyn FnMut(&mut Self, usize) -> Option<()>) -> Option<()> {
        self.enter()?;
        let mut n = 0;
        if self.peek()? == b']' {
            return self.leave();
        }
        loop {
            item(self, n)?;
            n += 1;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => return self.leave(),
                _ => return None,
            }
        }
    }

    fn object(&mut self, entry: &mut dyn FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.enter()?;
        if self.peek()? == b'}' {
            return self.leave();
        }
        let mut names = Names { first: self.open.len(), seen: 0, many: None };
        loop {
            if self.peek()? != b'"' {
                return None;
            }
            let name = self.string()?;
            if self.peek()? != b':' {
                return None;
            }
            self.at += 1;
            names.add(name.clone(), &self.open)?;
            self.open.push(name.clone());
            entry(self, &name)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.open.truncate(names.first);
                    return self.leave();
                }
                _ => return None,
            }
        }
    }

    fn enter(&mut self) -> Option<()> {
        self.count()?;
        self.at += 1;
        self.depth += 1;
        (self.depth < limits::DEPTH).then_some(())
    }

    fn leave(&mut self) -> Option<()> {
        self.at += 1;
        self.depth -= 1;
        Some(())
    }

    fn count(&mut self) -> Option<()> {
        self.n_values += 1;
        (self.n_values <= self.most_values).then_some(())
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        let byte = *bytes.get(self.at)?;
        if byte > b' ' {
            return Some(byte);
        }
        self.blanks();
        bytes.get(self.at).copied()
    }

    /// The text in the quotes that open here.
    fn string(&mut self) -> Option<Cow<'t, str>> {
        let start = self.at + 1;
        let mut end = start + plain_length(self.text.as_bytes().get(start..)?);
        if self.text.as_bytes().get(end) == Some(&b'"') {
            self.at = end + 1;
            return self.text.get(start..end).map(Cow::Borrowed);
        }
        // Escapes are few: their syntax is the parser's.
        while self.text.as_bytes().get(end) == Some(&b'\\') {
            end += 2;
            end += plain_length(self.text.as_bytes().get(end..)?);
        }
        let quoted = self.text.get(self.at..=end)?;
        self.at = end + 1;
        serde_json::from_str(quoted).ok().map(Cow::Owned)
    }

    /// A number or a word.
    fn plain(&mut self) -> Option<Value> {
        self.count()?;
        let rest = self.rest();
        let word = |scan: &mut Self, word: &str, value| {
            rest.starts_with(word.as_bytes()).then(|| {
                scan.at += word.len();
                value
            })
        };
        match rest.first()? {
            b'n' => word(self, "null", Value::Missing),
            b't' => word(self, "true", Value::Bool(true)),
            b'f' => word(self, "false", Value::Bool(false)),
            _ => self.number(rest),
        }
    }

    fn number(&mut self, rest: &[u8]) -> Option<Value> {
        let digits = |from: usize| rest.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let negative = rest.first() == Some(&b'-');
        let start = usize::from(negative);
        let n_digits = digits(start);
        if n_digits == 0 || (n_digits > 1 && rest.get(start) == Some(&b'0')) {
            return None;
        }
        let mut end = start + n_digits;
        let whole = !matches!(rest.get(end), Some(b'.' | b'e' | b'E'));
        if rest.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            end += 1 + fraction;
            (fraction > 0).then_some(())?;
        }
        if matches!(rest.get(end), Some(b'e' | b'E')) {
            end += 1 + usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end);
            end += exponent;
            (exponent > 0).then_some(())?;
        }
        let text = self.text.get(self.at..self.at + end)?;
        self.at += end;
        if whole && n_digits < 19 && !(negative && text == "-0") {
            let n = rest.get(start..end)?.iter().fold(0i64, |n, digit| n * 10 + i64::from(digit - b'0'));
            return Some(Value::Int(if negative { -n } else { n }));
        }
        large(text, whole)
    }
}

/// Integers that may not fit, and everything with a fraction or an exponent. Minus zero is a float,
/// as for the strict parser.
fn large(text: &str, whole: bool) -> Option<Value> {
    if whole && text != "-0" {
        return text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Uint)).ok();
    }
    text.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Float)
}

/// The keys of one object, to find one that is there twice.
struct Names<'t> {
    /// Where they begin among the open ones.
    first: usize,
    /// A bit for each length and ending that was seen: most keys need no comparison.
    seen: u64,
    many: Option<HashSet<Cow<'t, str>>>,
}

impl<'t> Names<'t> {
    /// `None` if the key is there already.
    fn add(&mut self, name: Cow<'t, str>, open: &[Cow<'t, str>]) -> Option<()> {
        let last = name.bytes().next_back().unwrap_or_default();
        let first = name.bytes().next().unwrap_or_default();
        let bit = 1 << ((name.len() ^ usize::from(last.wrapping_mul(5)) ^ usize::from(first).wrapping_mul(3)) % 64);
        let fresh = self.seen & bit == 0;
        self.seen |= bit;
        let own = open.get(self.first..).unwrap_or_default();
        if own.len() >= FEW_KEYS {
            let many = self.many.get_or_insert_with(|| own.iter().cloned().collect());
            return many.insert(name).then_some(());
        }
        (fresh || own.iter().all(|known| *known != name)).then_some(())
    }
}

/// How many bytes of a string stand before its end, an escape, or what no string may hold.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // True high bits where a byte is zero; those above the first may lie, so the rest is looked at
    // byte by byte.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut length = 0;
    for chunk in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\'))) | control;
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let tail = bytes.get(length..).unwrap_or_default();
    length + tail.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::to_json;
    use crate::decode::document::{Builder, Merges};
    use crate::decode::json::strict;
    use crate::decode::want::{NOTHING, WHOLE, rows_of};
    use proptest::prelude::*;

    fn scanned(text: &str, want: &Want) -> Option<Value> {
        let mut keys = Share::with_slots(16);
        Scan::new(text, &mut keys, limits::NODES).document(want)
    }

    fn parsed(text: &str) -> Option<Value> {
        strict(text, &mut Builder::new(Merges::None)).ok()
    }

    /// Texts that are JSON or nearly so.
    fn nearly_json() -> impl Strategy<Value = String> {
        let leaf = r#"(0|-0|-?[1-9][0-9]{0,21}|01|1\.|-|1\.5|-2e3|1E\+2|1e999|true|false|null|nul|"[ab]{0,3}"|"\\n\\u00e9"|"\\ud83d\\ude00"|"\\ud83d"|"\\x"|"é\t"|"a	"|"[a-z]{7,20}\\\\")"#;
        leaf.prop_map(String::from).prop_recursive(4, 60, 5, |inner| {
            let key = r#"("[a-d]"|"[a-d]"|"\\u0061"|"a-longer-key"|a)"#;
            let comma = prop_oneof![9 => Just(","), 1 => Just(",,"), 2 => Just(" ,\n\t")];
            prop_oneof![
                (proptest::collection::vec(inner.clone(), 0..5), comma.clone())
                    .prop_map(|(items, comma)| format!("[{}]", items.join(comma))),
                (proptest::collection::vec((key, inner), 0..5), comma).prop_map(|(entries, comma)| {
                    let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                    format!("{{{}}} ", entries.join(comma))
                }),
            ]
        })
    }

    fn path() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![3 => "[a-d]".prop_map(|name| Step::Key(name.as_str().into())), 1 => Just(Step::All)];
        proptest::collection::vec(step, 0..4)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_scanner_takes_what_the_parser_takes(text in nearly_json()) {
            let (whole, part) = (scanned(&text, &WHOLE), scanned(&text, &NOTHING));
            prop_assert_eq!(part.is_some(), whole.is_some(), "{}", text);
            prop_assert_eq!(whole.as_ref().map(to_json), parsed(&text).as_ref().map(to_json), "{}", text);
        }

        #[test]
        fn wanted_parts_are_those_of_the_whole(text in nearly_json(), paths in proptest::collection::vec(path(), 0..3)) {
            let Some(whole) = parsed(&text) else { return Ok(()) };
            let mut want = Want::default();
            paths.iter().for_each(|path| want.add(path));
            want.settle();
            let part = scanned(&text, &want).expect("the parser has taken it");
            for path in &paths {
                let found = |doc: &Value| {
                    let mut found = Vec::new();
                    rows_of(doc, path, &mut |key, row| found.push((to_json(&key), to_json(&row))));
                    found
                };
                prop_assert_eq!(found(&part), found(&whole), "{}", text);
            }
        }

        #[test]
        fn rows_are_those_of_the_whole(text in nearly_json(), path in path()) {
            let Some(whole) = parsed(&text) else { return Ok(()) };
            let (mut streamed, mut of_whole) = (Vec::new(), Vec::new());
            let mut keys = Share::with_slots(16);
            let rows = RowsWanted { path: path.clone().into(), of_document: true, want: Want::whole() };
            let read = Scan::new(&text, &mut keys, limits::NODES).rows(&rows, &mut |key, row| streamed.push((to_json(&key), to_json(&row))));
            prop_assert!(read.is_some());
            rows_of(&whole, &path, &mut |key, row| of_whole.push((to_json(&key), to_json(&row))));
            prop_assert_eq!(streamed, of_whole, "{}", text);
        }

        #[test]
        fn strings_end_where_they_end(text in r#"[a-zé"\\\x00-\x21~]{0,40}"#) {
            let slow = text.bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count();
            prop_assert_eq!(plain_length(text.as_bytes()), slow);
        }
    }

    #[test]
    fn limits_hold_in_parts_that_nobody_wants() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(scanned(&nested(127), &NOTHING).is_some() && scanned(&nested(128), &NOTHING).is_none());
        let many: Vec<String> = (0..100).map(|n| format!("\"k{n}\": 1")).collect();
        assert!(scanned(&format!("{{{}}}", many.join(",")), &NOTHING).is_some());
        assert!(scanned(&format!("{{{}, \"k70\": 1}}", many.join(",")), &NOTHING).is_none());
        let mut keys = Share::with_slots(16);
        assert!(Scan::new("[1,2,3]", &mut keys, 3).document(&NOTHING).is_none());
    }
}
