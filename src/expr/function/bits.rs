//! Bits of whole numbers: masks and flags, as network interfaces, firmware and protocols report them.
//!
//! Numbers are unsigned and have 64 bits; a negative number is refused rather than read as its
//! two's complement of a width that nobody has said.

use super::arg;
use super::{Cx, Function, function, needs};
use crate::base::number::Number;
use crate::base::print::shown;
use crate::base::value::Value;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[
    function("bit_and", &[needs("value"), needs("mask")], bit_and, "The bits that are set in both numbers.", ("bit_and(12, 10)", "8")),
    function("bit_or", &[needs("value"), needs("mask")], bit_or, "The bits that are set in either number.", ("bit_or(12, 10)", "14")),
    function(
        "bit_xor",
        &[needs("value"), needs("mask")],
        bit_xor,
        "The bits that are set in one of the numbers only.",
        ("bit_xor(12, 10)", "6"),
    ),
    function(
        "bit_shift",
        &[needs("value"), needs("by")],
        bit_shift,
        "The number with its bits moved to the left by so many places, to the right where `by` is negative.",
        ("[bit_shift(1, 4), bit_shift(255, -4)]", "[16,15]"),
    ),
    function(
        "bit_test",
        &[needs("value"), needs("bit")],
        bit_test,
        "True if that bit is set, counted from 0.",
        ("'0x14' | number | bit_test(2)", "true"),
    ),
    function(
        "flags",
        &[needs("value"), needs("names")],
        flags,
        "The names of the bits that are set: of a list the name at the place of each bit, of a map the names of the masks `{'0x1': 'up'}` all of whose bits are set.",
        (
            "[5 | flags(['up', 'broadcast', 'debug']), 65 | flags({'1': 'up', '0x40': 'running'})]",
            "[[\"up\",\"debug\"],[\"up\",\"running\"]]",
        ),
    ),
];

fn bits(value: &Value) -> Result<u64, Fault> {
    let whole = arg::number(value)?.as_integer().and_then(|n| u64::try_from(n).ok());
    whole.ok_or_else(|| Fault::failed(format!("{} is no whole number from 0 to 64 bits", shown(value))))
}

fn combine(args: &[Value], with: fn(u64, u64) -> u64) -> Result<Value, Fault> {
    Ok(Value::number(Number::Uint(with(bits(arg::at(args, 0))?, bits(arg::at(args, 1))?))))
}

fn bit_and(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    combine(args, |a, b| a & b)
}

fn bit_or(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    combine(args, |a, b| a | b)
}

fn bit_xor(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    combine(args, |a, b| a ^ b)
}

fn bit_shift(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    let (n, by) = (bits(arg::at(args, 0))?, arg::integer(arg::at(args, 1))?);
    let places = u32::try_from(by.unsigned_abs()).unwrap_or(u32::MAX);
    if by < 0 {
        return Ok(Value::number(Number::Uint(n.checked_shr(places).unwrap_or(0))));
    }
    let moved = n.checked_shl(places).filter(|moved| moved.checked_shr(places) == Some(n)).or((n == 0).then_some(0));
    let moved = moved.ok_or_else(|| Fault::failed(format!("{n} moved by {by} bits does not fit 64 bits")))?;
    Ok(Value::number(Number::Uint(moved)))
}

fn bit_test(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    let (n, bit) = (bits(arg::at(args, 0))?, arg::count(arg::at(args, 1), 0)?);
    Ok((u32::try_from(bit).ok().and_then(|bit| n.checked_shr(bit)).unwrap_or(0) & 1 == 1).into())
}

fn flags(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let n = bits(arg::at(args, 0))?;
    match arg::at(args, 1) {
        Value::List(_) => {
            let names = arg::list(args, 1, cx)?.iter().take(64).zip(0u32..);
            Ok(Value::list(names.filter(|(name, bit)| !name.is_missing() && n >> bit & 1 == 1).map(|(name, _)| name.clone()).collect()))
        }
        Value::Map(_) => {
            let mut out = Vec::new();
            for (mask, name) in arg::map(args, 1, cx)?.iter() {
                let bits = mask_of(mask).ok_or_else(|| {
                    Fault::failed(format!("the key {} is no mask of bits: write `4` or `0x4`", shown(&Value::Text(mask.clone()))))
                })?;
                if bits != 0 && n & bits == bits {
                    out.push(name.clone());
                }
            }
            Ok(Value::list(out))
        }
        other => Err(arg::wanted("a list of names or a map of masks", other)),
    }
}

fn mask_of(text: &str) -> Option<u64> {
    let base = if text.starts_with("0x") || text.starts_with("0X") { 16 } else { 10 };
    u64::try_from(Number::with_base(text, base)?.as_integer()?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn bits_are_those_of_64_bit_numbers() {
        check(&[
            ("bit_and", "[18446744073709551615, 9223372036854775808]", "9223372036854775808"),
            ("bit_and", "[-1, 1]", "-1 is no whole number from 0 to 64 bits"),
            ("bit_and", "[1.5, 1]", "1.5 is no whole number from 0 to 64 bits"),
            ("bit_or", r#"["1", 1]"#, "\"1\" is a text, not a number: `| number` converts it"),
            ("bit_shift", "[1, 63]", "9223372036854775808"),
            ("bit_shift", "[2, 63]", "2 moved by 63 bits does not fit 64 bits"),
            ("bit_shift", "[2, 64]", "2 moved by 64 bits does not fit 64 bits"),
            ("bit_shift", "[0, 64]", "0"),
            ("bit_shift", "[255, -64]", "0"),
            ("bit_test", "[4, 64]", "false"),
            ("bit_test", "[null, 0]", "missing"),
        ]);
    }

    #[test]
    fn flags_have_names() {
        check(&[
            ("flags", r#"[6, ["a", null, "c"]]"#, r#"["c"]"#),
            ("flags", r#"[0, ["a"]]"#, "[]"),
            ("flags", r#"[3, {"3": "both", "1": "one", "4": "other"}]"#, r#"["both","one"]"#),
            ("flags", r#"[3, {"x": "both"}]"#, "the key \"x\" is no mask of bits: write `4` or `0x4`"),
            ("flags", r#"[3, "up"]"#, "\"up\" is a text, not a list of names or a map of masks"),
        ]);
    }
}
