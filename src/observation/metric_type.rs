//! What happens to the samples of a metric over time: the agent's types, by their names.

crate::words! {
    /// A metric type.
    pub enum MetricType {
        /// The last value of a run.
        Gauge = "gauge",
        /// The sum of a run.
        Count = "count",
        /// The growth of a counter; a fall is a reset.
        MonotonicCount = "monotonic_count",
        /// The growth of a counter per second.
        Rate = "rate",
        /// The distribution of a run's values.
        Histogram = "histogram",
        /// The distribution of the growth per second.
        Historate = "historate",
        /// Adds to a counter.
        Increment = "increment",
        /// Takes from a counter.
        Decrement = "decrement",
        /// A point that passes as it is.
        Raw = "raw",
    }
}

crate::from_words!(MetricType);
