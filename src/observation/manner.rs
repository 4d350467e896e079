//! How a metric is folded, where its spec says more than the type.

crate::words! {
    /// What the first reading of a counter gives.
    pub enum First {
        /// Nothing: it is what later ones are counted from.
        Skip = "skip",
        /// Its whole value.
        Emit = "emit",
    }
}

crate::words! {
    /// What a counter gives that has fallen.
    pub enum Reset {
        /// Nothing: its value is what later ones are counted from.
        Skip = "skip",
        /// Its whole value, which it has reached since it began anew.
        Count = "count",
    }
}

crate::words! {
    /// What a histogram tells of its values.
    pub enum Aggregate {
        /// The largest.
        Max = "max",
        /// The smallest.
        Min = "min",
        /// The one in the middle; of two the lower.
        Median = "median",
        /// Their average.
        Avg = "avg",
        /// Their sum.
        Sum = "sum",
        /// How many per second, where a run counts as one.
        Count = "count",
    }
}

/// How a metric is folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Manner {
    /// What its first reading gives.
    pub first: First,
    /// What a fall gives.
    pub reset: Reset,
    /// What a histogram tells, in this order.
    pub aggregates: Vec<Aggregate>,
    /// Percentiles of a histogram, from 1 to 99.
    pub percentiles: Vec<u8>,
}

impl Default for Manner {
    /// As in the agents.
    fn default() -> Self {
        Manner {
            first: First::Skip,
            reset: Reset::Skip,
            aggregates: vec![Aggregate::Max, Aggregate::Median, Aggregate::Avg, Aggregate::Count],
            percentiles: vec![95],
        }
    }
}
