//! Sets of HTTP status codes: `ok_status` and `empty_status`.

use std::fmt;

/// Codes and ranges, or any code at all; 200-299 by default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatusSet {
    any: bool,
    ranges: Vec<(u16, u16)>,
}

impl StatusSet {
    /// Every status.
    pub fn any() -> Self {
        StatusSet { any: true, ranges: Vec::new() }
    }

    /// No status: `empty_status` where nothing is said.
    pub fn none() -> Self {
        StatusSet { any: false, ranges: Vec::new() }
    }

    /// Ranges with both ends included; a single code is a range of one.
    pub fn of(ranges: impl IntoIterator<Item = (u16, u16)>) -> Self {
        StatusSet { any: false, ranges: ranges.into_iter().collect() }
    }

    /// Whether the code is in the set.
    pub fn contains(&self, code: u16) -> bool {
        self.any || self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&code))
    }
}

impl Default for StatusSet {
    fn default() -> Self {
        StatusSet::of([(200, 299)])
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.any {
            return f.write_str("any");
        }
        for (n, (first, last)) in self.ranges.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_codes_and_ranges() {
        let set = StatusSet::of([(200, 299), (404, 404)]);
        assert!(set.contains(204) && set.contains(404) && !set.contains(403));
        assert_eq!(set.to_string(), "200-299, 404");
        assert!(StatusSet::any().contains(599) && !StatusSet::none().contains(200));
    }
}
