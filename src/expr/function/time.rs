//! Times from text and to text.
//!
//! Zones come from the database inside the program, so a spec means the same on every machine,
//! also where no zone files are installed. A text without an offset is taken in the zone that is
//! named, never in the one of the machine; a format without a year is refused, as there is no
//! clock here.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::number::Number;
use crate::base::print::{one_line, shown};
use crate::base::time::epoch_seconds;
use crate::base::value::{Text, Value};
use crate::expr::fault::Fault;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

pub const TABLE: &[Function] = &[
    function(
        "parse_time",
        &[needs("value"), takes("format"), takes("zone")],
        parse_time,
        "A time: of RFC 3339 text, or in a strptime format, or of a number with the format `epoch` (seconds) or `epoch_ms`. Text without an offset is in `zone` (UTC).",
        ("'2024-05-01 12:30:00' | parse_time('%Y-%m-%d %H:%M:%S', 'Europe/Berlin')", "\"2024-05-01T10:30:00Z\""),
    ),
    function(
        "format_time",
        &[needs("time"), takes("format"), takes("zone")],
        format_time,
        "The text of a time: RFC 3339, or in a strftime format, in `zone` (UTC); with the formats `epoch` and `epoch_ms` a number.",
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

fn format(args: &[Value], cx: &Cx<'_>) -> Result<Option<Text>, Fault> {
    if arg::at(args, 1).is_missing() { Ok(None) } else { arg::text(args, 1, cx).map(Some) }
}

fn parse_time(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let value = arg::at(args, 0);
    if matches!(value, Value::Time(_)) {
        return Ok(value.clone());
    }
    let time = match format(args, cx)?.as_deref() {
        Some("epoch") => epoch(value, 1_000_000_000)?,
        Some("epoch_ms") => epoch(value, 1_000_000)?,
        Some(format) => strptime(&arg::text(args, 0, cx)?, format, &zone(args, cx)?)?,
        None => rfc_3339(value, args, cx)?,
    };
    Ok(Value::Time(time))
}

/// Integers are exact; fractions are kept to the microsecond, which is what a double can hold.
fn epoch(value: &Value, unit_nanoseconds: i64) -> Result<Timestamp, Fault> {
    let number = match value {
        Value::Text(text) => Number::parse(text.trim()),
        other => other.as_number(),
    };
    let nanoseconds = number.and_then(|number| match number.as_integer() {
        Some(n) => n.checked_mul(unit_nanoseconds.into()),
        None => Some((number.as_f64() * unit_nanoseconds as f64 / 1e3).round()).filter(|n| n.abs() < 1e30).map(|n| n as i128 * 1_000),
    });
    let time = nanoseconds.and_then(|n| Timestamp::from_nanosecond(n).ok());
    time.ok_or_else(|| arg::wanted("an epoch time", value))
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

fn strptime(text: &str, format: &str, zone: &TimeZone) -> Result<Timestamp, Fault> {
    let failed = |why: jiff::Error| {
        let (text, format) = (shown(&text.into()), shown(&format.into()));
        Fault::failed(format!("{text} is no time in the format {format}: {}", one_line(&why.to_string())))
    };
    let parts = BrokenDownTime::parse(format, text).map_err(failed)?;
    if parts.timestamp().is_some() || parts.offset().is_some() {
        return parts.to_timestamp().map_err(failed);
    }
    if parts.iana_time_zone().is_some() {
        return parts.to_zoned_with(&ZONES).map(|zoned| zoned.timestamp()).map_err(failed);
    }
    in_zone(parts.to_datetime().map_err(failed)?, zone)
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
    let format = format(args, cx)?;
    match format.as_deref() {
        Some("epoch") => return Ok(Value::seconds(epoch_seconds(*time))),
        Some("epoch_ms") => return Ok(Value::Int(time.as_millisecond())),
        Some(_) | None => {}
    }
    let zone = zone(args, cx)?;
    let zoned = time.to_zoned(zone.clone());
    match format {
        None if zone == TimeZone::UTC => Ok(time.to_string().into()),
        None => Ok(time.display_with_offset(zoned.offset()).to_string().into()),
        Some(format) => {
            let text = BrokenDownTime::from(&zoned).to_string(&*format);
            arg::answer(text.map_err(|why| {
                Fault::failed(format!("{} is no format of a time: {}", shown(&Value::Text(format)), one_line(&why.to_string())))
            })?)
        }
    }
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
            ("parse_time", r#"["x", "epoch"]"#, "\"x\" is a text, not an epoch time"),
            ("parse_time", r#"[1e300, "epoch"]"#, "1e300 is a number, not an epoch time"),
            ("parse_time", r#"["1", "%d", "Mars/Olympus"]"#, "\"Mars/Olympus\" is no time zone: names look like `Europe/Berlin`"),
            ("format_time", r#"["2024-05-01T12:00:00Z"]"#, "\"2024-05-01T12:00:00Z\" is a text, not a time: `| parse_time` makes one"),
        ]);
        assert!(call("parse_time", &["Jan  5 10:00:00".into(), "%b %e %H:%M:%S".into()]).is_err());
    }

    #[test]
    fn times_are_written_in_every_format() {
        let time = Value::Time("2024-05-01T10:00:00.25Z".parse().unwrap());
        let cases: [(&[Value], Value); 6] = [
            (&[], "2024-05-01T10:00:00.25Z".into()),
            (&[Value::Missing, "Europe/Berlin".into()], "2024-05-01T12:00:00.25+02:00".into()),
            (&["%H:%M %Z".into(), "Europe/Berlin".into()], "12:00 CEST".into()),
            (&["%F".into()], "2024-05-01".into()),
            (&["epoch".into()], Value::Float(1_714_557_600.25)),
            (&["epoch_ms".into()], Value::Int(1_714_557_600_250)),
        ];
        for (further, expected) in cases {
            assert_eq!(call("format_time", &[std::slice::from_ref(&time), further].concat()), Ok(expected));
        }
        assert!(call("format_time", &[time, "%!".into()]).is_err());
    }
}
