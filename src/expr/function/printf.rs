//! `format`: texts with `%` places, as C and Python write them.
//!
//! Known are `%s %d %i %f %e %x %X %o` with the flags `-`, `0`, `+`, a width and a
//! precision; named places and `*` widths are refused, since texts with holes do that better.

use super::arg::{self, Output};
use super::{Cx, Function, function, needs};
use crate::base::value::Value;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[function(
    "format",
    &[needs("text")],
    format,
    "Fills the `%` places of a text with the further values: `%s`, `%d`, `%f`, `%e`, `%x`, `%o`, with width and precision.",
    ("'%s: %05.1f%%' | format('cpu', 7.25)", "\"cpu: 007.2%\""),
)
.variadic()];

/// The widest place.
const WIDTH: usize = 1_000;

fn format(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let mut values = arg::from(args, 1).iter();
    let mut out = Output::default();
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push(before)?;
        let (place, after) = Place::read(after).ok_or_else(|| bad_place(after))?;
        rest = after;
        if place.letter == '%' {
            out.push("%")?;
            continue;
        }
        let value = values.next().ok_or_else(|| Fault::failed("the text has more `%` places than values"))?;
        out.push(&place.print(value)?)?;
    }
    out.push(rest)?;
    match values.next() {
        None => Ok(out.finish()),
        Some(_) => Err(Fault::failed("the text has fewer `%` places than values")),
    }
}

fn bad_place(after: &str) -> Fault {
    let shown: String = after.chars().take(6).collect();
    Fault::failed(format!("`%{shown}` is no place that can be filled; a percent sign is written `%%`"))
}

/// One `%` place.
#[derive(Debug)]
struct Place {
    left: bool,
    zeros: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
    letter: char,
}

impl Place {
    fn read(text: &str) -> Option<(Place, &str)> {
        let flags_end = text.find(|c| !matches!(c, '-' | '0' | '+'))?;
        let (flags, rest) = text.split_at_checked(flags_end)?;
        let (width, rest) = digits(rest)?;
        let (precision, rest) = match rest.strip_prefix('.') {
            Some(rest) => digits(rest).map(|(n, rest)| (Some(n), rest))?,
            None => (None, rest),
        };
        let mut chars = rest.chars();
        let letter = chars.next().filter(|c| "sdifexXo%".contains(*c))?;
        let fits = width <= WIDTH && precision.is_none_or(|n| n <= WIDTH);
        let (left, zeros, plus) = (flags.contains('-'), flags.contains('0'), flags.contains('+'));
        fits.then_some((Place { left, zeros, plus, width, precision, letter }, chars.as_str()))
    }

    fn print(&self, value: &Value) -> Result<String, Fault> {
        if self.letter == 's' {
            let text = crate::base::print::text_of(value).ok_or(Fault::Missing)?;
            return Ok(self.pad(String::new(), text.chars().take(self.precision.unwrap_or(usize::MAX)).collect(), ' '));
        }
        let number = arg::number(value)?;
        let (negative, digits) = if matches!(self.letter, 'f' | 'e') {
            let n = number.as_f64();
            (n < 0.0, self.float(n.abs()))
        } else {
            let n = number.as_integer().or_else(|| Some(number.as_f64().trunc()).filter(|n| n.abs() < 1e38).map(|n| n as i128));
            let n = n.ok_or_else(|| arg::wanted("a whole number", value))?;
            (n < 0, self.whole(n.unsigned_abs()))
        };
        let sign = if negative {
            "-"
        } else if self.plus {
            "+"
        } else {
            ""
        };
        Ok(self.pad(sign.to_owned(), digits, if self.zeros { '0' } else { ' ' }))
    }

    fn float(&self, n: f64) -> String {
        let precision = self.precision.unwrap_or(6);
        if self.letter == 'e' { format!("{n:.precision$e}") } else { format!("{n:.precision$}") }
    }

    fn whole(&self, n: u128) -> String {
        match self.letter {
            'x' => format!("{n:x}"),
            'X' => format!("{n:X}"),
            'o' => format!("{n:o}"),
            _ => n.to_string(),
        }
    }

    /// Zeros go between sign and digits, blanks before both.
    fn pad(&self, sign: String, digits: String, filler: char) -> String {
        let lacking = self.width.saturating_sub(sign.len() + digits.chars().count());
        let fill: String = std::iter::repeat_n(filler, lacking).collect();
        match (self.left, filler) {
            (true, _) => sign + &digits + &" ".repeat(lacking),
            (false, '0') => sign + &fill + &digits,
            (false, _) => fill + &sign + &digits,
        }
    }
}

/// A number that may be absent, and what follows it.
fn digits(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((if digits.is_empty() { 0 } else { digits.parse().ok()? }, rest))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn places_are_filled_with_width_precision_and_flags() {
        check(&[
            ("format", r#"["%s=%d", "a", 3.9]"#, r#""a=3""#),
            ("format", r#"["%5s|%-5s|", "ab", "cd"]"#, r#""   ab|cd   |""#),
            ("format", r#"["%.2f %+d %05d", 1.005, 4, -42]"#, r#""1.00 +4 -0042""#),
            ("format", r#"["%x %X %o", 255, 255, 8]"#, r#""ff FF 10""#),
            ("format", r#"["%.1s", "äb"]"#, r#""ä""#),
        ]);
    }

    #[test]
    fn places_and_values_must_agree() {
        check(&[
            ("format", r#"["%s"]"#, "the text has more `%` places than values"),
            ("format", r#"["a", 1]"#, "the text has fewer `%` places than values"),
            ("format", r#"["100%"]"#, "`%` is no place that can be filled; a percent sign is written `%%`"),
            ("format", r#"["%d", "1"]"#, "\"1\" is a text, not a number: `| number` converts it"),
            ("format", r#"["%99999d", 1]"#, "`%99999d` is no place that can be filled; a percent sign is written `%%`"),
        ]);
    }
}
