//! Numbers that keep their value: 64-bit integers stay integers, everything else is a float.

/// One number.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// Fits `i64`.
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    /// Anything with a fraction, or beyond 64 bits.
    Float(f64),
}

impl Number {
    /// The nearest float.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Uint(n) => n as f64,
            Number::Float(n) => n,
        }
    }

    /// The exact integer, if it is one: `3.0` is.
    pub fn as_integer(self) -> Option<i128> {
        match self {
            Number::Int(n) => Some(n.into()),
            Number::Uint(n) => Some(n.into()),
            Number::Float(n) if n.fract() == 0.0 && n.abs() < 1e38 => Some(n as i128),
            Number::Float(_) => None,
        }
    }

    /// An integer of up to 64 bits; `None` beyond.
    pub fn from_integer(n: i128) -> Option<Number> {
        match (i64::try_from(n), u64::try_from(n)) {
            (Ok(n), _) => Some(Number::Int(n)),
            (_, Ok(n)) => Some(Number::Uint(n)),
            _ => None,
        }
    }

    /// The sum: exact of integers, as long as it has 64 bits.
    pub fn plus(self, other: Number) -> Number {
        self.with(other, i128::checked_add, |a, b| a + b)
    }

    /// The difference: exact of integers, as long as it has 64 bits.
    pub fn minus(self, other: Number) -> Number {
        self.with(other, i128::checked_sub, |a, b| a - b)
    }

    fn with(self, other: Number, exact: fn(i128, i128) -> Option<i128>, float: fn(f64, f64) -> f64) -> Number {
        let integers = self.as_integer().zip(other.as_integer());
        let whole = integers.and_then(|(a, b)| exact(a, b)).and_then(Number::from_integer);
        whole.unwrap_or_else(|| Number::Float(float(self.as_f64(), other.as_f64())))
    }

    /// Exactly one plain number, as YAML and JSON write it: `12`, `-1.5e3`. No blanks, no
    /// separators, no units, no `inf`.
    pub fn parse(text: &str) -> Option<Number> {
        let bytes = text.as_bytes();
        let digits = bytes.strip_prefix(b"-").or(bytes.strip_prefix(b"+")).unwrap_or(bytes);
        let starts = digits.first()?;
        let plain = digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
        if !plain || !(starts.is_ascii_digit() || *starts == b'.') || !digits.iter().any(u8::is_ascii_digit) {
            return None;
        }
        if let Ok(n) = text.parse::<i64>() {
            return Some(Number::Int(n));
        }
        if let Ok(n) = text.parse::<u64>() {
            return Some(Number::Uint(n));
        }
        text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Number::Float)
    }

    /// The integer that digits to a base (2 to 36) write, with its sign; those to base 16, 8 and 2
    /// may begin with `0x`, `0o` and `0b`. `None` beyond 64 bits.
    pub fn with_base(text: &str, base: u32) -> Option<Number> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let prefixes: &[&str] = match base {
            16 => &["0x", "0X"],
            8 => &["0o", "0O"],
            2 => &["0b", "0B"],
            _ => &[],
        };
        let digits = prefixes.iter().find_map(|prefix| rest.strip_prefix(prefix)).unwrap_or(rest);
        let plain = (2..=36).contains(&base) && digits.starts_with(|c: char| c.is_digit(base));
        let n = if plain { u64::from_str_radix(digits, base).ok() } else { None }?;
        Number::from_integer(i128::from(n) * sign)
    }

    /// Compares by value, integers with floats too; `None` for NaN.
    pub fn compare(self, other: Number) -> Option<std::cmp::Ordering> {
        match (self.as_integer(), other.as_integer()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.compare(*other) == Some(std::cmp::Ordering::Equal)
    }
}

impl std::fmt::Display for Number {
    /// `3` for 3.0, the shortest form of other floats.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Int(n) => write!(f, "{n}"),
            Number::Uint(n) => write!(f, "{n}"),
            Number::Float(n) => write_float(f, *n),
        }
    }
}

fn write_float(f: &mut std::fmt::Formatter<'_>, n: f64) -> std::fmt::Result {
    let size = n.abs();
    if n == 0.0 {
        f.write_str("0")
    } else if n.is_nan() {
        f.write_str("NaN")
    } else if n.is_infinite() {
        f.write_str(if n > 0.0 { "+Inf" } else { "-Inf" })
    } else if (1e-6..1e17).contains(&size) {
        write!(f, "{n}")
    } else {
        write!(f, "{n:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exactly_one_plain_number_parses() {
        for good in ["12", "-1.5e3", "0", "+7", ".5", "18446744073709551615"] {
            assert!(Number::parse(good).is_some(), "{good}");
        }
        for bad in ["", " 12", "12 ", "1,000", "0x10", "inf", "NaN", "1_000", "5s", "-", "e5", "1e999", "--1"] {
            assert!(Number::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn integers_of_64_bits_keep_their_value() {
        assert_eq!(Number::parse("18446744073709551615").unwrap().to_string(), "18446744073709551615");
        assert_eq!(Number::parse("9007199254740993").unwrap().to_string(), "9007199254740993");
        assert_ne!(Number::Int(9_007_199_254_740_993), Number::Float(9_007_199_254_740_992.0));
    }

    #[test]
    fn sums_and_differences_of_integers_are_exact() {
        let large = Number::Uint(u64::MAX);
        assert_eq!(large.minus(Number::Uint(u64::MAX - 1)), Number::Int(1));
        assert_eq!(Number::Int(1 << 53).plus(Number::Int(1)), Number::Int((1 << 53) + 1));
        assert_eq!(large.plus(large), Number::Float(2.0 * u64::MAX as f64));
        assert_eq!(Number::Int(1).minus(Number::Float(0.5)), Number::Float(0.5));
    }

    #[test]
    fn floats_print_in_their_shortest_form() {
        let printed = |n: f64| Number::Float(n).to_string();
        assert_eq!(printed(3.0), "3");
        assert_eq!(printed(0.5), "0.5");
        assert_eq!(printed(1e21), "1e21");
        assert_eq!(printed(-0.0), "0");
        assert_eq!(printed(0.000_000_1), "1e-7");
    }
}
