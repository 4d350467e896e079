//! `historate`: the distribution of the growth per second between consecutive readings.
//!
//! The agents forget the last reading after each run that gave points, so that one reading per run
//! counts every second time only. Here it is kept.

use super::histogram::aggregate;
use super::rate::per_second;
use super::{Fold, Folded, Reading};
use crate::base::number::Number;
use crate::observation::Manner;

/// The distribution of rates.
pub struct Historate;

impl Fold for Historate {
    fn fold(&self, readings: &[Reading], previous: Option<Reading>, manner: &Manner, out: &mut Vec<Folded>) {
        let chain: Vec<Reading> = previous.into_iter().chain(readings.iter().copied()).collect();
        let rate = |(before, after): (&Reading, &Reading)| Some(Reading { value: Number::Float(per_second(before, after)?), at: after.at });
        let rates: Vec<Reading> = chain.iter().zip(chain.iter().skip(1)).filter_map(rate).collect();
        aggregate(&rates, manner, out);
    }

    fn remembers(&self) -> bool {
        true
    }
}
