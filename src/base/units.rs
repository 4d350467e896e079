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

/// The seconds of one unit of time.
pub fn duration_unit(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" | "nsec" | "nanosecond" | "nanoseconds" => 1e-9,
        "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => 1e-6,
        "ms" | "msec" | "millisecond" | "milliseconds" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

/// A length of time as programs print it, in seconds: all that [`parse_duration`] reads, with
/// commas between the parts too, and
///
/// - `01:02:03`, `02:03` (minutes and seconds, as ps), `2-03:04:05`, `3 days, 04:05:06`; after days,
///   two parts are hours and minutes (`2-03:04`, `3 days, 4:05`);
/// - `P1DT2H3M4.5S` and `P2W` of ISO 8601, without months and years, which have no fixed length.
///
/// # Errors
/// What was expected, as a fragment that fits after "found … but".
pub fn read_duration(text: &str) -> Result<f64, String> {
    let trimmed = text.trim();
    let (sign, rest) = match trimmed.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, trimmed),
    };
    if let Some(seconds) = iso_8601(rest).or_else(|| clock(rest)) {
        return Ok(sign * seconds);
    }
    parse_duration(&trimmed.replace(", ", " "))
        .map_err(|_| "a duration looks like `5s`, `1h30m`, `3 days, 04:05:06`, `01:02:03`, `2-03:04:05` or `P1DT2H`".to_owned())
}

fn iso_8601(text: &str) -> Option<f64> {
    let (date, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text.strip_prefix('P')?, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let days = iso_parts(date, &[('W', 604_800.0), ('D', 86_400.0)])?;
    Some(days + iso_parts(time, &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)])?)
}

/// Numbers with these letters in this order, each at most once.
fn iso_parts(mut text: &str, letters: &[(char, f64)]) -> Option<f64> {
    let mut total = 0.0;
    for (letter, seconds) in letters {
        let Some((number, rest)) = text.split_once(*letter) else { continue };
        total += digits(&number.replace(',', "."))? * seconds;
        text = rest;
    }
    text.is_empty().then_some(total)
}

/// Digits with at most one point, no sign and no exponent.
fn digits(text: &str) -> Option<f64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    plain.then(|| text.parse().ok()).flatten()
}

fn clock(text: &str) -> Option<f64> {
    let (days, time) = match text.split_once("day") {
        Some((days, rest)) => (Some(days.trim_end()), rest.trim_start_matches(['s', ',', ' '])),
        None => match text.split_once('-') {
            Some((days, time)) => (Some(days), time),
            None => (None, text),
        },
    };
    let parts: Vec<&str> = time.split(':').collect();
    let (hours, minutes, seconds) = match (parts.as_slice(), days) {
        ([hours, minutes, seconds], _) => (*hours, *minutes, *seconds),
        ([hours, minutes], Some(_)) => (*hours, *minutes, "0"),
        ([minutes, seconds], None) => ("0", *minutes, *seconds),
        _ => return None,
    };
    let whole = |text: &str| digits(text).filter(|_| !text.contains('.'));
    let days = days.map_or(Some(0.0), whole)?;
    let (hours, minutes, seconds) = (whole(hours)?, whole(minutes)?, digits(seconds)?);
    let leads = parts.len() == 2 && days == 0.0;
    let fits = seconds < 60.0 && (minutes < 60.0 || leads);
    fits.then_some(days * 86_400.0 + hours * 3_600.0 + minutes * 60.0 + seconds)
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
    fn durations_are_read_as_programs_print_them() {
        for (text, seconds) in [
            ("01:02:03", 3_723.0),
            ("100:00:00.5", 360_000.5),
            ("02:03", 123.0),
            ("90:05", 5_405.0),
            ("2-03:04:05", 183_845.0),
            ("2-03:04", 183_840.0),
            ("3 days, 04:05:06", 273_906.0),
            ("1 day, 4:05", 101_100.0),
            ("3 days", 259_200.0),
            ("2 hours, 5 minutes", 7_500.0),
            ("-00:00:05", -5.0),
            ("P1DT2H", 93_600.0),
            ("PT0.5S", 0.5),
            ("P2W", 1_209_600.0),
            ("-PT1M", -60.0),
            ("1h30m", 5_400.0),
            ("7", 7.0),
        ] {
            assert_eq!(read_duration(text), Ok(seconds), "{text}");
        }
        for bad in
            ["", "P", "PT", "P1M", "P1Y", "P1DT", "PT1H1H", "1:2:3:4", "01:60:00", "00:00:60", "a:b", "1-2-3:04:05", "+1:02:03", "1:+2:3"]
        {
            assert!(read_duration(bad).is_err(), "{bad}");
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
