//! Words that tell what a name is about, and small questions about names.

/// True if the name ends in one of these words, behind `.` or `_`.
pub fn ends_in(name: &str, words: &[&str]) -> bool {
    let last = name.rsplit(['.', '_']).next().unwrap_or(name);
    words.contains(&last)
}

/// True if one of the words of a name is among these.
pub fn has_word(name: &str, words: &[&str]) -> bool {
    name.to_lowercase().split(['.', '_', '-']).any(|part| words.contains(&part))
}

/// Last words of names with the units that fit, the usual one first.
const UNITS: &[(&[&str], &[&str])] = &[
    (&["seconds", "secs", "sec"], &["second"]),
    (&["milliseconds", "millis", "ms"], &["millisecond"]),
    (&["microseconds", "us"], &["microsecond"]),
    (&["nanoseconds", "ns"], &["nanosecond"]),
    (&["minutes"], &["minute"]),
    (&["hours"], &["hour"]),
    (&["bytes"], &["byte"]),
    (&["kb", "kib", "kilobytes"], &["kibibyte", "kilobyte"]),
    (&["mb", "mib", "megabytes"], &["mebibyte", "megabyte"]),
    (&["gb", "gib", "gigabytes"], &["gibibyte", "gigabyte"]),
    (&["percent", "pct", "percentage"], &["percent", "fraction", "ratio"]),
    (&["celsius"], &["degree celsius", "celsius", "degree_celsius"]),
    (&["watts"], &["watt"]),
    (&["volts"], &["volt"]),
    (&["hertz", "hz"], &["hertz"]),
];

/// The unit that a name ends in, with the units that say the same.
pub fn unit_of_name(name: &str) -> Option<(&str, &'static [&'static str])> {
    let (_, last) = name.rsplit_once('_')?;
    UNITS.iter().find(|(words, _)| words.contains(&last)).map(|(_, units)| (last, *units))
}

/// Keys of tags to which a backend gives a meaning of its own, and what says the same.
pub const RESERVED: &[(&str, &str)] = &[
    ("host", "use the field `hostname` if it is the host the point is about; else a longer key, like `db_host`"),
    ("hostname", "use the field `hostname` if it is the host the point is about; else a longer key"),
    ("device", "use the field `device` of metrics; else a longer key, like `disk_device`"),
    ("source", "choose a longer key, like `log_source`"),
    ("service", "let the instance say its `service`; else choose a longer key"),
    ("env", "let the instance say it under `tags`; else choose a longer key"),
    ("version", "choose a longer key, like `server_version`"),
    ("cluster_name", "choose a longer key that begins with the name of the integration"),
];
