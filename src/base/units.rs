//! Durations and sizes as people write them: `5s`, `1h30m`, `10MiB`.

use super::number::Number;

/// A length of time in seconds: `5s`, `250ms`, `1h 30m`, `3d4h`, or a plain number of seconds.
///
/// # Errors
/// What was expected, as a fragment that fits after "found … but".
pub fn parse_duration(text: &str) -> Result<f64, String> {
    let trimmed = text.trim();
    if let Some(number) = Number::parse(trimmed) {
        return Ok(number.as_f64());
    }
    let total = sum_parts(trimmed, duration_unit);
    total
        .filter(|n| n.is_finite())
        .ok_or_else(|| "a duration is a number with one of the units ns us ms s m h d w, like `5s` or `1h30m`".to_owned())
}

fn duration_unit(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

fn sum_parts(text: &str, unit: fn(&str) -> Option<f64>) -> Option<f64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest)?;
        let word_end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (word, next) = after.split_at_checked(word_end)?;
        total += number * unit(word)?;
        rest = next.trim_start();
    }
    Some(sign * total)
}

fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, rest.trim_start()))
}

/// A size in bytes: `10MiB` (1024 each step), `10MB` (1000 each step), or a plain number of bytes.
///
/// # Errors
/// What was expected, as a fragment.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let expected =
        || "a size is a number of bytes, or a number with one of the units B kB MB GB TB KiB MiB GiB TiB, like `10MiB`".to_owned();
    let (number, unit) = split_number(trimmed).ok_or_else(expected)?;
    let factor = if unit.is_empty() { Some(1.0) } else { size_factor(unit, 1000.0) };
    let bytes = number * factor.ok_or_else(expected)?;
    if (0.0..1.8e19).contains(&bytes) { Ok(bytes.round() as u64) } else { Err(expected()) }
}

/// What one unit of a size is worth in bytes: `kB` is 1,000, `KiB` 1,024; bare `K M G` count in
/// steps of `base`. `None` for words that are no size.
pub fn size_factor(unit: &str, base: f64) -> Option<f64> {
    let (prefix, step) = match unit {
        "" | "B" | "b" | "byte" | "bytes" | "Bytes" => return Some(1.0),
        _ if unit.ends_with("iB") || unit.ends_with("ib") => (unit.get(..unit.len() - 2)?, 1024.0),
        _ if unit.ends_with("i") => (unit.get(..unit.len() - 1)?, 1024.0),
        _ if unit.ends_with('B') || unit.ends_with('b') => (unit.get(..unit.len() - 1)?, 1000.0),
        _ => (unit, base),
    };
    let power = match prefix {
        "k" | "K" => 1,
        "M" | "m" => 2,
        "G" | "g" => 3,
        "T" | "t" => 4,
        "P" | "p" => 5,
        "E" | "e" => 6,
        _ => return None,
    };
    Some(step.powi(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        assert_eq!(parse_duration("5s"), Ok(5.0));
        assert_eq!(parse_duration("0.5"), Ok(0.5));
        assert_eq!(parse_duration("1h30m"), Ok(5400.0));
        assert_eq!(parse_duration("3d 4h"), Ok(273_600.0));
        assert_eq!(parse_duration("250ms"), Ok(0.25));
        for bad in ["", "s", "5 parsecs", "5s5", "1..5s", "5,5s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_know_both_kinds_of_kilo() {
        assert_eq!(parse_size("10MiB"), Ok(10 << 20));
        assert_eq!(parse_size("10MB"), Ok(10_000_000));
        assert_eq!(parse_size("1.5 GiB"), Ok(1_610_612_736));
        assert_eq!(parse_size("12"), Ok(12));
        assert!(parse_size("ten").is_err());
        assert!(parse_size("-1").is_err());
    }
}
