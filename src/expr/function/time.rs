//! Times from text and to text.
//!
//! Zones come from the database inside the program, so a spec means the same on every machine,
//! also where no zone files are installed. A text without an offset is taken in the zone that is
//! named, never in the one of the machine. There is no clock here: a format without a year or a
//! date is refused unless `near` says around which time it is meant.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::number::Number;
use crate::base::print::{one_line, shown};
use crate::base::time::epoch_seconds;
use crate::base::value::{Text, Value};
use crate::expr::fault::Fault;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use std::sync::LazyLock;

pub const TABLE: &[Function] = &[
    function(
        "parse_time",
        &[needs("value"), takes("format"), takes("zone"), takes("near")],
        parse_time,
        "A time: of RFC 3339 text without a format; in a strptime format; of a number with the format `epoch` (seconds), `epoch_ms`, `epoch_us` or `epoch_ns`; `rfc2822` (mail and HTTP) and `rfc3339` are formats too. A list of formats is tried in order. Text without an offset is in `zone` (UTC); `%Z` takes UTC, GMT and the abbreviations of `zone`. A format without a year, or without any date, takes those that come closest to the time `near`.",
        (
            "['2024-05-01 12:30:00' | parse_time('%Y-%m-%d %H:%M:%S', 'Europe/Berlin'), 'Dec 31 23:59:00' | parse_time('%b %e %H:%M:%S', near=parse_time('2026-01-01T00:10:00Z'))]",
            "[\"2024-05-01T10:30:00Z\",\"2025-12-31T23:59:00Z\"]",
        ),
    ),
    function(
        "format_time",
        &[needs("time"), takes("format"), takes("zone")],
        format_time,
        "The text of a time: RFC 3339, or in a strftime format, or `rfc2822`, or `http` as HTTP headers want it, in `zone` (UTC); with the formats `epoch`, `epoch_ms`, `epoch_us` and `epoch_ns` a number.",
        ("0 | parse_time('epoch') | format_time('%d.%m.%Y')", "\"01.01.1970\""),
    ),
];

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

fn zone(args: &[Value], cx: &Cx<'_>) -> Result<TimeZone, Fault> {
    let name = arg::text_or(args, 2, "UTC", cx)?;
    if &*name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    ZONES.get(&name).map_err(|_| Fault::failed(format!("{} is no time zone: names look like `Europe/Berlin`", shown(&Value::Text(name)))))
}

fn parse_time(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let value = arg::at(args, 0);
    if matches!(value, Value::Time(_)) {
        return Ok(value.clone());
    }
    match arg::at(args, 1) {
        Value::Missing => in_format("rfc3339", args, cx),
        Value::List(formats) if formats.len() > 1 => in_one_of(formats, args, cx),
        _ => match arg::texts(args, 1, cx)?.as_slice() {
            [format] => in_format(format, args, cx),
            _ => Err(Fault::failed("the list of formats is empty")),
        },
    }
    .map(Value::Time)
}

fn in_one_of(formats: &[Value], args: &[Value], cx: &Cx<'_>) -> Result<Timestamp, Fault> {
    // A wrong zone must not look like a text in none of the formats.
    zone(args, cx)?;
    for format in arg::texts(args, 1, cx)? {
        if let Ok(time) = in_format(&format, args, cx) {
            return Ok(time);
        }
        cx.step(1)?;
    }
    Err(Fault::failed(format!("{} is no time in any of the formats {}", shown(arg::at(args, 0)), shown(&Value::list(formats.to_vec())))))
}

fn in_format(format: &str, args: &[Value], cx: &Cx<'_>) -> Result<Timestamp, Fault> {
    let value = arg::at(args, 0);
    match format {
        "epoch" => epoch(value, 1_000_000_000),
        "epoch_ms" => epoch(value, 1_000_000),
        "epoch_us" => epoch(value, 1_000),
        "epoch_ns" => epoch(value, 1),
        "rfc3339" => rfc_3339(value, args, cx),
        "rfc2822" | "http" => {
            let text = arg::text(args, 0, cx)?;
            let parsed = rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim());
            parsed.map_err(|why| Fault::failed(format!("{} is no RFC 2822 time: {}", shown(value), one_line(&why.to_string()))))
        }
        format => strptime(&arg::text(args, 0, cx)?, format, &zone(args, cx)?, near(args)?),
    }
}

fn near(args: &[Value]) -> Result<Option<Timestamp>, Fault> {
    match arg::at(args, 3) {
        Value::Missing => Ok(None),
        Value::Time(time) => Ok(Some(*time)),
        other => Err(Fault::failed(format!("`near` is a time like `now`, not {}", shown(other)))),
    }
}

/// Integers and decimal texts are exact; other fractions are kept to the microsecond, which is what
/// a double can hold.
fn epoch(value: &Value, unit_nanoseconds: i64) -> Result<Timestamp, Fault> {
    let nanoseconds = match value {
        Value::Text(text) => {
            decimal(text.trim(), unit_nanoseconds.into()).or_else(|| since_epoch(Number::parse(text.trim())?, unit_nanoseconds))
        }
        other => other.as_number().and_then(|number| since_epoch(number, unit_nanoseconds)),
    };
    let time = nanoseconds.and_then(|n| Timestamp::from_nanosecond(n).ok());
    time.ok_or_else(|| arg::wanted("an epoch time", value))
}

fn since_epoch(number: Number, unit_nanoseconds: i64) -> Option<i128> {
    match number.as_integer() {
        Some(n) => n.checked_mul(unit_nanoseconds.into()),
        None => Some((number.as_f64() * unit_nanoseconds as f64 / 1e3).round()).filter(|n| n.abs() < 1e30).map(|n| n as i128 * 1_000),
    }
}

/// Nanoseconds of `1714557600.123456789`, cut after the last one; `None` for other forms of numbers.
fn decimal(text: &str, unit_nanoseconds: i128) -> Option<i128> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, fraction) = rest.split_once('.')?;
    let digits = |text: &str| {
        (!text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<i128>().ok()).flatten()
    };
    let unit = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    Some(sign * (digits(whole)?.checked_mul(unit_nanoseconds)? + digits(fraction)?.checked_mul(unit_nanoseconds)? / unit))
}

fn rfc_3339(value: &Value, args: &[Value], cx: &Cx<'_>) -> Result<Timestamp, Fault> {
    let Value::Text(text) = value else {
        return Err(Fault::failed(format!("{} is no RFC 3339 time: numbers need the format `epoch` or `epoch_ms`", shown(value))));
    };
    cx.step(1)?;
    if let Ok(time) = text.trim().parse::<Timestamp>() {
        return Ok(time);
    }
    let local = if arg::at(args, 2).is_missing() { None } else { text.trim().parse::<DateTime>().ok() };
    let words = || Fault::failed(format!("{} is no RFC 3339 time with an offset: name its format, or its zone", shown(value)));
    in_zone(local.ok_or_else(words)?, &zone(args, cx)?)
}

fn strptime(text: &str, format: &str, zone: &TimeZone, near: Option<Timestamp>) -> Result<Timestamp, Fault> {
    if format.contains("%Z") {
        return with_abbreviation(text, format, zone, near);
    }
    let failed = |why: jiff::Error| not_in_format(text, format, &why);
    let parts = BrokenDownTime::parse(format, text.trim()).map_err(failed)?;
    completed(parts, zone, near, &|parts| {
        if parts.timestamp().is_some() || parts.offset().is_some() {
            return parts.to_timestamp().map_err(failed);
        }
        if parts.iana_time_zone().is_some() {
            return parts.to_zoned_with(&ZONES).map(|zoned| zoned.timestamp()).map_err(failed);
        }
        in_zone(parts.to_datetime().map_err(failed)?, zone)
    })
}

fn not_in_format(text: &str, format: &str, why: &jiff::Error) -> Fault {
    let why = one_line(&why.to_string());
    let cure = if why.contains("year") && !format.contains("%Y") { ": `near=now` takes the year from the clock" } else { "" };
    Fault::failed(format!("{} is no time in the format {}: {why}{cure}", shown(&text.into()), shown(&format.into())))
}

/// Finishes the parts of a time, after the year or the day was filled in where there is none.
fn completed(
    mut parts: BrokenDownTime,
    zone: &TimeZone,
    near: Option<Timestamp>,
    finish: &dyn Fn(&BrokenDownTime) -> Result<Timestamp, Fault>,
) -> Result<Timestamp, Fault> {
    let dated = parts.timestamp().is_some() || parts.year().is_some() || parts.iso_week_year().is_some();
    let (false, Some(near)) = (dated, near) else { return finish(&parts) };
    let around = near.to_zoned(zone.clone()).date();
    let timeless = parts.month().is_none() && parts.day().is_none() && parts.day_of_year().is_none();
    let mut tried = Vec::new();
    for date in dates_around(around, timeless) {
        let set = parts.set_year(Some(date.year())).and_then(|()| match timeless {
            true => parts.set_month(Some(date.month())).and_then(|()| parts.set_day(Some(date.day()))),
            false => Ok(()),
        });
        tried.push(set.map_err(|why| Fault::failed(one_line(&why.to_string()))).and_then(|()| finish(&parts)));
    }
    let distance = |time: &Timestamp| time.duration_since(near).abs();
    match tried.iter().flatten().min_by_key(|time| distance(time)) {
        Some(time) => Ok(*time),
        None => tried.pop().unwrap_or(Err(Fault::Missing)),
    }
}

/// The days around one, or the same day of the years around. A leap day may be four years away,
/// eight where a century has none.
fn dates_around(date: Date, days: bool) -> Vec<Date> {
    let (first, last) = if days { (-1, 1) } else { (-8, 8) };
    let moved = |by: i64| if days { date.checked_add(by.days()) } else { date.checked_add(by.years()) };
    (first..=last).filter_map(|by| moved(by).ok()).collect()
}

/// A text with the abbreviation of a zone: each word in capitals is tried as one.
fn with_abbreviation(text: &str, format: &str, zone: &TimeZone, near: Option<Timestamp>) -> Result<Timestamp, Fault> {
    let numeric = format.replacen("%Z", "%z", 1);
    let mut why = Fault::failed(format!(
        "{} is no time in the format {}: there is no abbreviation of a zone",
        shown(&text.into()),
        shown(&format.into())
    ));
    for (at, word) in capitals(text) {
        let (before, after) = (text.get(..at).unwrap_or(""), text.get(at + word.len()..).unwrap_or(""));
        let replaced = format!("{before}+0000{after}");
        match BrokenDownTime::parse(&numeric, replaced.trim()) {
            Ok(parts) => return completed(parts, zone, near, &|parts| abbreviated(parts, word, zone, text, format)),
            Err(error) => why = not_in_format(text, format, &error),
        }
    }
    Err(why)
}

fn abbreviated(parts: &BrokenDownTime, word: &str, zone: &TimeZone, text: &str, format: &str) -> Result<Timestamp, Fault> {
    if matches!(word, "UTC" | "GMT" | "UT" | "Z") {
        return parts.to_timestamp().map_err(|why| not_in_format(text, format, &why));
    }
    let local = parts.to_datetime().map_err(|why| not_in_format(text, format, &why))?;
    // In the hour that a change of clocks repeats, the abbreviation says which one is meant.
    let either = zone.to_ambiguous_timestamp(local);
    let fitting = [either.earlier(), either.later()].into_iter().flatten().find(|time| zone.to_offset_info(*time).abbreviation() == word);
    fitting.ok_or_else(|| {
        let zone = zone.iana_name().unwrap_or("UTC");
        Fault::failed(format!(
            "{} is no abbreviation of the zone {zone} at that time: name the zone that it stands for",
            shown(&word.into())
        ))
    })
}

/// Words of up to six capitals, with their places.
fn capitals(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| (1..=6).contains(&word.len()));
    let words = words.filter(|word| word.bytes().all(|b| b.is_ascii_uppercase()));
    words.map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// In the hour that a change of clocks repeats, the first one is meant; one that it leaves out
/// moves forward.
fn in_zone(local: DateTime, zone: &TimeZone) -> Result<Timestamp, Fault> {
    zone.to_timestamp(local).map_err(|why| Fault::failed(format!("{local} is no time: {}", one_line(&why.to_string()))))
}

fn format_time(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let Value::Time(time) = arg::at(args, 0) else {
        let value = arg::at(args, 0);
        return Err(Fault::failed(format!("{} is a {}, not a time: `| parse_time` makes one", shown(value), value.kind())));
    };
    let format: Option<Text> = if arg::at(args, 1).is_missing() { None } else { Some(arg::text(args, 1, cx)?) };
    match format.as_deref() {
        Some("epoch") => return Ok(Value::seconds(epoch_seconds(*time))),
        Some("epoch_ms") => return Ok(Value::Int(time.as_millisecond())),
        Some("epoch_us") => return Ok(Value::Int(time.as_microsecond())),
        Some("epoch_ns") => return beyond_64_bits(*time),
        Some(_) | None => {}
    }
    let zone = zone(args, cx)?;
    let zoned = time.to_zoned(zone.clone());
    let written = |text: Result<String, jiff::Error>| {
        text.map_err(|why| Fault::failed(format!("{} is no format of a time: {}", shown(arg::at(args, 1)), one_line(&why.to_string()))))
    };
    match format.as_deref() {
        None | Some("rfc3339") if zone == TimeZone::UTC => Ok(time.to_string().into()),
        None | Some("rfc3339") => Ok(time.display_with_offset(zoned.offset()).to_string().into()),
        Some("rfc2822") => arg::answer(written(rfc2822::DateTimePrinter::new().zoned_to_string(&zoned))?),
        Some("http") => arg::answer(written(rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(time))?),
        Some(format) => arg::answer(written(BrokenDownTime::from(&zoned).to_string(format))?),
    }
}

fn beyond_64_bits(time: Timestamp) -> Result<Value, Fault> {
    let n = Number::from_integer(time.as_nanosecond());
    n.map(Value::number).ok_or_else(|| Fault::failed(format!("the nanoseconds of {time} do not fit 64 bits")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check};
    use super::*;

    #[test]
    fn times_are_read_in_every_format() {
        check(&[
            ("parse_time", r#"["2024-05-01T12:00:00.5+02:00"]"#, r#""2024-05-01T10:00:00.5Z""#),
            ("parse_time", r#"["2024-05-01T12:00:00", null, "Europe/Berlin"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"[1714557600, "epoch"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"["1714557600.25", "epoch"]"#, r#""2024-05-01T10:00:00.25Z""#),
            ("parse_time", r#"[1714557600123, "epoch_ms"]"#, r#""2024-05-01T10:00:00.123Z""#),
            ("parse_time", r#"["01/May/2024:12:00:00 +0200", "%d/%b/%Y:%H:%M:%S %z"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"[1714557600123456, "epoch_us"]"#, r#""2024-05-01T10:00:00.123456Z""#),
            ("parse_time", r#"["1714557600123456789", "epoch_ns"]"#, r#""2024-05-01T10:00:00.123456789Z""#),
            ("parse_time", r#"["1714557600.123456789", "epoch"]"#, r#""2024-05-01T10:00:00.123456789Z""#),
            ("parse_time", r#"["1.7145576e9", "epoch"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"["Wed, 1 May 2024 12:00:00 +0200", "rfc2822"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"["Wed, 01 May 2024 10:00:00 GMT", "rfc2822"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"["01.05.2024 10:00", ["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"]]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"[1714557600, ["rfc3339", "epoch"]]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"["Wed May  1 10:00:00 UTC 2024", "%a %b %e %H:%M:%S %Z %Y"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"["2024-05-01 12:00:00 CEST", "%Y-%m-%d %H:%M:%S %Z", "Europe/Berlin"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"["2024-10-27 02:30 CEST", "%Y-%m-%d %H:%M %Z", "Europe/Berlin"]"#, r#""2024-10-27T00:30:00Z""#),
            ("parse_time", r#"["2024-10-27 02:30 CET", "%Y-%m-%d %H:%M %Z", "Europe/Berlin"]"#, r#""2024-10-27T01:30:00Z""#),
            ("parse_time", r#"["05/01/2024 03:00:00 AM MST", "%m/%d/%Y %I:%M:%S %p %Z", "America/Phoenix"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"["2024-05-01", "%Y-%m-%d"]"#, r#""2024-05-01T00:00:00Z""#),
            ("parse_time", r#"["1714557600", "%s"]"#, r#""2024-05-01T10:00:00Z""#),
            ("parse_time", r#"[20240501, "%Y%m%d"]"#, r#""2024-05-01T00:00:00Z""#),
            ("parse_time", r#"["2024-10-27 02:30", "%Y-%m-%d %H:%M", "Europe/Berlin"]"#, r#""2024-10-27T00:30:00Z""#),
            ("parse_time", r#"["2024-03-31 02:30", "%Y-%m-%d %H:%M", "Europe/Berlin"]"#, r#""2024-03-31T01:30:00Z""#),
        ]);
    }

    #[test]
    fn what_is_no_time_fails_and_nothing_is_guessed() {
        check(&[
            (
                "parse_time",
                r#"["2024-05-01T12:00:00"]"#,
                "\"2024-05-01T12:00:00\" is no RFC 3339 time with an offset: name its format, or its zone",
            ),
            ("parse_time", "[5]", "5 is no RFC 3339 time: numbers need the format `epoch` or `epoch_ms`"),
            (
                "parse_time",
                r#"["2024-05-01 12:00:00 CEST", "%Y-%m-%d %H:%M:%S %Z"]"#,
                "\"CEST\" is no abbreviation of the zone UTC at that time: name the zone that it stands for",
            ),
            ("parse_time", r#"["x", ["%Y", "%d"]]"#, "\"x\" is no time in any of the formats [\"%Y\",\"%d\"]"),
            ("parse_time", r#"["x", []]"#, "the list of formats is empty"),
            ("parse_time", r#"["x", ["%Y", "%d"], "Mars"]"#, "\"Mars\" is no time zone: names look like `Europe/Berlin`"),
            ("parse_time", r#"["Jan 1", "%b %d", null, 5]"#, "`near` is a time like `now`, not 5"),
            ("parse_time", r#"["x", "epoch"]"#, "\"x\" is a text, not an epoch time"),
            ("parse_time", r#"[1e300, "epoch"]"#, "1e300 is a number, not an epoch time"),
            ("parse_time", r#"["1", "%d", "Mars/Olympus"]"#, "\"Mars/Olympus\" is no time zone: names look like `Europe/Berlin`"),
            ("format_time", r#"["2024-05-01T12:00:00Z"]"#, "\"2024-05-01T12:00:00Z\" is a text, not a time: `| parse_time` makes one"),
        ]);
        let Err(Fault::Failed(why)) = call("parse_time", &["Jan  5 10:00:00".into(), "%b %e %H:%M:%S".into()]) else { panic!() };
        assert!(why.ends_with("`near=now` takes the year from the clock"), "{why}");
    }

    #[test]
    fn what_a_text_leaves_out_is_taken_from_the_time_it_is_near() {
        let time = |text: &str| Value::Time(text.parse().unwrap());
        for (text, format, zone, near, expected) in [
            ("Jan  5 10:00:00", "%b %e %H:%M:%S", "UTC", "2026-01-06T00:00:00Z", "2026-01-05T10:00:00Z"),
            ("Dec 31 23:59:59", "%b %e %H:%M:%S", "UTC", "2026-01-01T00:00:05Z", "2025-12-31T23:59:59Z"),
            ("Jan  1 00:00:05", "%b %e %H:%M:%S", "UTC", "2025-12-31T23:59:59Z", "2026-01-01T00:00:05Z"),
            ("Feb 29 12:00:00", "%b %e %H:%M:%S", "UTC", "2025-01-01T00:00:00Z", "2024-02-29T12:00:00Z"),
            ("23:50", "%H:%M", "Europe/Berlin", "2026-01-01T23:10:00Z", "2026-01-01T22:50:00Z"),
            ("2024-05-01", "%Y-%m-%d", "UTC", "2026-01-01T00:00:00Z", "2024-05-01T00:00:00Z"),
            ("Jun  1 12:00 CEST", "%b %e %H:%M %Z", "Europe/Berlin", "2026-06-02T00:00:00Z", "2026-06-01T10:00:00Z"),
        ] {
            assert_eq!(call("parse_time", &[text.into(), format.into(), zone.into(), time(near)]), Ok(time(expected)), "{text}");
        }
    }

    #[test]
    fn times_are_written_in_every_format() {
        let time = Value::Time("2024-05-01T10:00:00.25Z".parse().unwrap());
        let cases: [(&[Value], Value); 10] = [
            (&[], "2024-05-01T10:00:00.25Z".into()),
            (&[Value::Missing, "Europe/Berlin".into()], "2024-05-01T12:00:00.25+02:00".into()),
            (&["%H:%M %Z".into(), "Europe/Berlin".into()], "12:00 CEST".into()),
            (&["%F".into()], "2024-05-01".into()),
            (&["epoch".into()], Value::Float(1_714_557_600.25)),
            (&["epoch_ms".into()], Value::Int(1_714_557_600_250)),
            (&["epoch_us".into()], Value::Int(1_714_557_600_250_000)),
            (&["epoch_ns".into()], Value::Int(1_714_557_600_250_000_000)),
            (&["rfc2822".into(), "Europe/Berlin".into()], "Wed, 1 May 2024 12:00:00 +0200".into()),
            (&["http".into()], "Wed, 01 May 2024 10:00:00 GMT".into()),
        ];
        for (further, expected) in cases {
            assert_eq!(call("format_time", &[std::slice::from_ref(&time), further].concat()), Ok(expected));
        }
        assert!(call("format_time", &[time, "%!".into()]).is_err());
    }
}
