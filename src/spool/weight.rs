//! What a record holds, as counts: so that what had to be dropped can be told by kind, without anybody
//! reading the record.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{AddAssign, SubAssign};

/// How many observations of each kind a record holds, or how many were dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weight {
    /// Points of metrics.
    pub metrics: u64,
    /// Events.
    pub events: u64,
    /// Service checks.
    pub service_checks: u64,
    /// Lines of logs.
    pub logs: u64,
    /// Components, relations and deletes.
    pub topology: u64,
    /// States of health.
    pub health: u64,
}

/// A LEB128 number takes at most this many bytes.
const VARINT_BYTES: usize = 10;

impl Weight {
    /// The counts with their names, in a fixed order.
    pub fn parts(&self) -> [(&'static str, u64); 6] {
        [
            ("metrics", self.metrics),
            ("events", self.events),
            ("service_checks", self.service_checks),
            ("logs", self.logs),
            ("topology", self.topology),
            ("health", self.health),
        ]
    }

    /// True if it holds nothing.
    pub fn is_empty(&self) -> bool {
        *self == Weight::default()
    }

    /// The same without its metrics.
    pub fn without_metrics(self) -> Self {
        Weight { metrics: 0, ..self }
    }

    /// The metrics alone.
    pub fn only_metrics(self) -> Self {
        Weight { metrics: self.metrics, ..Weight::default() }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for (_, count) in self.parts() {
            let mut left = count;
            while left >= 0x80 {
                out.push((left & 0x7f) as u8 | 0x80);
                left >>= 7;
            }
            out.push(left as u8);
        }
    }

    /// The weight at the beginning of some bytes, and the rest of them.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Weight, &[u8])> {
        let mut rest = bytes;
        let mut next = || {
            let mut value = 0u64;
            for n in 0..VARINT_BYTES {
                let (first, after) = rest.split_first()?;
                rest = after;
                value |= u64::from(first & 0x7f).checked_shl(7 * n as u32)?;
                if first & 0x80 == 0 {
                    return Some(value);
                }
            }
            None
        };
        let weight =
            Weight { metrics: next()?, events: next()?, service_checks: next()?, logs: next()?, topology: next()?, health: next()? };
        Some((weight, rest))
    }
}

impl AddAssign for Weight {
    fn add_assign(&mut self, more: Weight) {
        self.metrics = self.metrics.saturating_add(more.metrics);
        self.events = self.events.saturating_add(more.events);
        self.service_checks = self.service_checks.saturating_add(more.service_checks);
        self.logs = self.logs.saturating_add(more.logs);
        self.topology = self.topology.saturating_add(more.topology);
        self.health = self.health.saturating_add(more.health);
    }
}

impl SubAssign for Weight {
    fn sub_assign(&mut self, less: Weight) {
        self.metrics = self.metrics.saturating_sub(less.metrics);
        self.events = self.events.saturating_sub(less.events);
        self.service_checks = self.service_checks.saturating_sub(less.service_checks);
        self.logs = self.logs.saturating_sub(less.logs);
        self.topology = self.topology.saturating_sub(less.topology);
        self.health = self.health.saturating_sub(less.health);
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        let held: Vec<String> =
            parts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
        if held.is_empty() { f.write_str("nothing") } else { f.write_str(&held.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_weight_comes_back_from_its_bytes(counts in any::<[u64; 6]>()) {
            let [metrics, events, service_checks, logs, topology, health] = counts;
            let weight = Weight { metrics, events, service_checks, logs, topology, health };
            let mut bytes = Vec::new();
            weight.encode(&mut bytes);
            bytes.extend(b"rest");
            prop_assert_eq!(Weight::decode(&bytes), Some((weight, &b"rest"[..])));
        }
    }

    #[test]
    fn a_weight_without_its_end_is_none() {
        assert_eq!(Weight::decode(&[0, 0, 0, 0, 0]), None);
        assert_eq!(Weight::decode(&[0x80; 70]), None);
        assert_eq!(Weight { metrics: 3, service_checks: 1, ..Weight::default() }.to_string(), "3 metrics, 1 service checks");
    }
}
