//! Units of measured values, as programs print them: `GiB`, `Mbit/s`, `min`, `kHz`, `°C`.
//!
//! A unit has a kind and a factor to the base of that kind, so two units of one kind convert into
//! each other. Case counts where it tells two units apart: `b` of a rate is a bit, `B` a byte, `m`
//! a minute and `M` a million. Units that have no fixed length (months, years) are absent on
//! purpose.

use super::units::{duration_unit, size_factor};

/// What a unit measures; the base in which values of that kind are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No unit.
    Plain,
    /// Percent, kept as the number before the sign.
    Percent,
    /// Seconds.
    Time,
    /// Bytes; bare `K`, `M`, `G` are of this kind.
    Bytes,
    /// Bits.
    Bits,
    /// Bytes per second.
    ByteRate,
    /// Bits per second.
    BitRate,
    /// Hertz.
    Frequency,
    /// Volts.
    Voltage,
    /// Amperes.
    Current,
    /// Watts.
    Power,
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
    /// Revolutions per minute.
    Rotation,
}

/// One unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// What it measures.
    pub kind: Kind,
    /// What one of it is in the base of its kind, times `over`.
    pub factor: f64,
    /// The seconds that an amount is divided by, 1 but for rates by the minute and the like; kept
    /// apart, since 120 in a minute are exactly 2 in a second.
    pub over: f64,
}

/// The unit of that name; bare `K`, `M`, `G` count in steps of `base`.
pub fn find(name: &str, base: f64) -> Option<Unit> {
    let unit = |kind, factor| Some(Unit { kind, factor, over: 1.0 });
    match name {
        "" => return unit(Kind::Plain, 1.0),
        "%" | "percent" => return unit(Kind::Percent, 1.0),
        "°C" | "degC" | "degrees C" | "Celsius" => return unit(Kind::Celsius, 1.0),
        "°F" | "degF" | "degrees F" | "Fahrenheit" => return unit(Kind::Fahrenheit, 1.0),
        "rpm" | "RPM" => return unit(Kind::Rotation, 1.0),
        _ => {}
    }
    let by_kind = duration_unit(name).map(|factor| Unit { kind: Kind::Time, factor, over: 1.0 });
    by_kind.or_else(|| rate(name)).or_else(|| bits(name)).or_else(|| physical(name)).or_else(|| {
        let factor = size_factor(name, base)?;
        unit(Kind::Bytes, factor)
    })
}

/// `Mbit/s`, `Mbps`, `MB/s`, `KiB/min`.
fn rate(name: &str) -> Option<Unit> {
    let (amount, seconds) = match name.split_once('/') {
        Some((amount, per)) => (amount, duration_unit(per)?),
        None => (name.strip_suffix("ps")?, 1.0),
    };
    if let Some(bits) = bits(amount).or_else(|| small_b(amount)) {
        return Some(Unit { kind: Kind::BitRate, factor: bits.factor, over: seconds });
    }
    let is_bytes = amount.ends_with('B') || amount.to_ascii_lowercase().trim_end_matches('s').ends_with("byte");
    let factor = if is_bytes { size_factor(amount, 1000.0) } else { None }?;
    Some(Unit { kind: Kind::ByteRate, factor, over: seconds })
}

/// In a rate a small `b` is a bit: `Mb/s`.
fn small_b(amount: &str) -> Option<Unit> {
    prefix(amount.strip_suffix('b')?).map(|factor| Unit { kind: Kind::Bits, factor, over: 1.0 })
}

fn bits(name: &str) -> Option<Unit> {
    let amount = name.strip_suffix("bits").or_else(|| name.strip_suffix("bit"))?;
    prefix(amount).map(|factor| Unit { kind: Kind::Bits, factor, over: 1.0 })
}

/// `k`, `M`, `Gi`: what stands before the name of a unit.
fn prefix(text: &str) -> Option<f64> {
    match text {
        "" => Some(1.0),
        _ if text.ends_with('i') => size_factor(&format!("{text}B"), 1000.0),
        _ => size_factor(text, 1000.0).filter(|_| !text.contains(['b', 'B'])),
    }
}

/// Units with the prefixes of physics, in which `m` is a thousandth.
fn physical(name: &str) -> Option<Unit> {
    const NAMES: &[(&str, Kind)] = &[
        ("Hz", Kind::Frequency),
        ("Volts", Kind::Voltage),
        ("Volt", Kind::Voltage),
        ("V", Kind::Voltage),
        ("Amps", Kind::Current),
        ("Amp", Kind::Current),
        ("A", Kind::Current),
        ("Watts", Kind::Power),
        ("Watt", Kind::Power),
        ("W", Kind::Power),
    ];
    let (before, kind) = NAMES.iter().find_map(|(end, kind)| Some((name.strip_suffix(end)?, *kind)))?;
    let factor = match before {
        "" => 1.0,
        "m" => 1e-3,
        "u" | "µ" | "μ" => 1e-6,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        _ => return None,
    };
    Some(Unit { kind, factor, over: 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_a_kind_and_a_factor() {
        for (name, kind, factor) in [
            ("min", Kind::Time, 60.0),
            ("m", Kind::Time, 60.0),
            ("M", Kind::Bytes, 1e6),
            ("MB", Kind::Bytes, 1e6),
            ("MiB", Kind::Bytes, 1_048_576.0),
            ("Mb", Kind::Bytes, 1e6),
            ("Mbit", Kind::Bits, 1e6),
            ("Kibit", Kind::Bits, 1024.0),
            ("Mbps", Kind::BitRate, 1e6),
            ("Mb/s", Kind::BitRate, 1e6),
            ("bps", Kind::BitRate, 1.0),
            ("kbit/s", Kind::BitRate, 1e3),
            ("MBps", Kind::ByteRate, 1e6),
            ("KiB/s", Kind::ByteRate, 1024.0),
            ("bytes/s", Kind::ByteRate, 1.0),
            ("GHz", Kind::Frequency, 1e9),
            ("mV", Kind::Voltage, 1e-3),
            ("W", Kind::Power, 1.0),
            ("°C", Kind::Celsius, 1.0),
            ("RPM", Kind::Rotation, 1.0),
        ] {
            assert_eq!(find(name, 1000.0), Some(Unit { kind, factor, over: 1.0 }), "{name}");
        }
        assert_eq!(find("K", 1024.0), Some(Unit { kind: Kind::Bytes, factor: 1024.0, over: 1.0 }));
    }

    #[test]
    fn rates_may_be_by_the_minute() {
        assert_eq!(find("kB/min", 1000.0), Some(Unit { kind: Kind::ByteRate, factor: 1e3, over: 60.0 }));
    }

    #[test]
    fn words_that_are_no_units_are_refused() {
        for name in ["parsec", "req/s", "MB/parsec", "xps", "ps", "/s", "Kps", "mo", "y", "ibit"] {
            assert_eq!(find(name, 1000.0), None, "{name}");
        }
    }
}
