//! A line through what was measured again and again, and whether it rises.

/// Values next to each other in time are alike, which a test of single values would take for
/// certainty; so it is the means of so many stretches of equal length that the line goes through.
const STRETCHES: usize = 20;
/// Beyond so many standard errors a slope is told from zero: Student's t with 18 degrees of freedom,
/// two-sided, at one per cent.
pub const DISTINGUISHABLE: f64 = 2.878;

/// A fitted line.
#[derive(Clone, Copy, Debug)]
pub struct Trend {
    /// How much the value grows per second.
    pub slope: f64,
    /// The standard error of that.
    pub error: f64,
}

impl Trend {
    /// The line of least squares through values that were taken at equal distances over so many
    /// seconds.
    pub fn of(values: &[f64], seconds: f64) -> Trend {
        let length = (values.len() / STRETCHES).max(1);
        let means: Vec<f64> = values.chunks_exact(length).take(STRETCHES).map(|chunk| chunk.iter().sum::<f64>() / length as f64).collect();
        let n = means.len() as f64;
        let step = seconds / values.len() as f64 * length as f64;
        let at = |nth: usize| (nth as f64 - (n - 1.0) / 2.0) * step;
        let mean = means.iter().sum::<f64>() / n;
        let spread: f64 = (0..means.len()).map(|nth| at(nth).powi(2)).sum();
        let slope = means.iter().enumerate().map(|(nth, value)| at(nth) * (value - mean)).sum::<f64>() / spread;
        let left: f64 = means.iter().enumerate().map(|(nth, value)| (value - mean - slope * at(nth)).powi(2)).sum();
        Trend { slope, error: (left / (n - 2.0) / spread).sqrt() }
    }

    /// How many standard errors the slope is away from zero.
    pub fn certainty(self) -> f64 {
        if self.slope == 0.0 { 0.0 } else { self.slope.abs() / self.error }
    }
}
