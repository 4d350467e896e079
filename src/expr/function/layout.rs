//! The shape of texts for people: indentation and length.

use super::arg::{self, Output};
use super::{Cx, Function, function, needs, takes};
use crate::base::value::Value;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[
    function(
        "indent",
        &[needs("text"), takes("width"), takes("first"), takes("blank")],
        indent,
        "Moves every line but the first to the right by `width` (4) blanks or by that text; the first line and empty lines too where `first` and `blank` say so.",
        ("'a\\nb' | indent(2)", "\"a\\n  b\""),
    ),
    function(
        "truncate",
        &[needs("text"), takes("length"), takes("end")],
        truncate,
        "At most `length` (255) characters, of which the last are `end` (`...`) where something was cut.",
        ("'0123456789' | truncate(6)", "\"012...\""),
    ),
    function(
        "pad_left",
        &[needs("text"), needs("width"), takes("fill")],
        pad_left,
        "The printed value with `fill` (a blank) in front up to `width` characters.",
        ("7 | pad_left(3, '0')", "\"007\""),
    ),
    function(
        "pad_right",
        &[needs("text"), needs("width"), takes("fill")],
        pad_right,
        "The printed value with `fill` (a blank) behind it up to `width` characters.",
        ("'ab' | pad_right(4, '.')", "\"ab..\""),
    ),
];

/// The widest text that is padded.
const WIDTH: usize = 1_000;

fn pad_left(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    arg::answer(padding(args, cx)? + &arg::text(args, 0, cx)?)
}

fn pad_right(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?.to_string();
    arg::answer(text + &padding(args, cx)?)
}

/// What a text lacks to its width.
fn padding(args: &[Value], cx: &Cx<'_>) -> Result<String, Fault> {
    let (text, width, fill) = (arg::text(args, 0, cx)?, arg::count(arg::at(args, 1), 0)?, arg::text_or(args, 2, " ", cx)?);
    if width > WIDTH {
        return Err(Fault::failed(format!("a width of {width} is above {WIDTH}")));
    }
    if fill.chars().count() != 1 {
        return Err(Fault::failed(format!("{} is not one character to fill with", crate::base::print::shown(&Value::Text(fill)))));
    }
    Ok(fill.repeat(width.saturating_sub(text.chars().count())))
}

fn indent(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let margin = margin(arg::at(args, 1))?;
    let (first, blank) = (arg::flag(args, 2), arg::flag(args, 3));
    let mut out = Output::default();
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push("\n")?;
        }
        let moved = if n == 0 { first } else { blank || !line.trim().is_empty() };
        if moved {
            out.push(&margin)?;
        }
        out.push(line)?;
    }
    Ok(out.finish())
}

fn margin(width: &Value) -> Result<String, Fault> {
    match width {
        Value::Missing => Ok(" ".repeat(4)),
        Value::Text(margin) => Ok(margin.to_string()),
        other => match arg::count(other, 0)? {
            width @ ..=200 => Ok(" ".repeat(width)),
            _ => Err(Fault::failed("an indentation has at most 200 blanks")),
        },
    }
}

fn truncate(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let length = arg::count_or(args, 1, 255)?;
    let end = arg::text_or(args, 2, "...", cx)?;
    if text.chars().nth(length).is_none() {
        return arg::answer(text);
    }
    let kept = length.saturating_sub(end.chars().count());
    arg::answer(text.chars().take(kept).chain(end.chars()).take(length).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn texts_are_laid_out() {
        check(&[
            ("indent", r#"["a\n\nb"]"#, r#""a\n\n    b""#),
            ("indent", r#"["a\n\nb", "> ", true, true]"#, r#""> a\n> \n> b""#),
            ("indent", r#"["a", 1000]"#, "an indentation has at most 200 blanks"),
            ("pad_left", r#"["äöüß", 3]"#, r#""äöüß""#),
            ("pad_right", r#"["äö", 3, "ß"]"#, r#""äöß""#),
            ("pad_left", r#"[1, 3, "ab"]"#, "\"ab\" is not one character to fill with"),
            ("pad_left", "[1, 5000]", "a width of 5000 is above 1000"),
            ("truncate", r#"["äöü", 3]"#, r#""äöü""#),
            ("truncate", r#"["äöüß", 3, "…"]"#, r#""äö…""#),
            ("truncate", r#"["abcdef", 2]"#, r#""..""#),
        ]);
    }
}
