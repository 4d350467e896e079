//! What samples share, held once: metrics of constant name and host differ in value and tags only.

use crate::base::span::Span;
use crate::base::value::Text;
use crate::observation::{About, Manner, MetricType};
use jiff::Timestamp;
use std::sync::Arc;

/// More than the metrics of most specs; a collision costs an allocation and nothing else.
const SLOTS: usize = 64;

/// What a sample is about, before it is known whether another one is about the same.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// Its name.
    pub name: &'f str,
    /// Its type.
    pub metric_type: MetricType,
    /// The host it is about.
    pub hostname: Option<&'f Text>,
    /// The device it is about.
    pub device: Option<&'f Text>,
    /// Its unit.
    pub unit: Option<&'f Text>,
    /// When it was true.
    pub timestamp: Timestamp,
    /// How it is folded, where it says more than its type.
    pub manner: Option<&'f Arc<Manner>>,
    /// The place in the spec that made it.
    pub origin: Span,
}

/// The last of each place and name.
#[derive(Debug, Default)]
pub struct Abouts {
    slots: Vec<Option<Arc<About>>>,
}

impl Abouts {
    /// The same as the last time, where nothing has changed; `name` is the name where it is a text of
    /// its own already.
    pub fn share(&mut self, facts: Facts<'_>, name: Option<&Text>) -> Arc<About> {
        self.slots.resize(SLOTS, None);
        let Some(slot) = self.slots.get_mut(facts.slot()) else { return Arc::new(facts.about(name)) };
        match slot {
            Some(known) if facts.are(known) => known.clone(),
            _ => slot.insert(Arc::new(facts.about(name))).clone(),
        }
    }
}

impl Facts<'_> {
    /// Place and name tell metrics apart; of a name, length and end do: families share their
    /// beginning.
    fn slot(&self) -> usize {
        let end = self.name.bytes().rev().take(8).fold(0usize, |mixed, byte| mixed.wrapping_mul(31) ^ usize::from(byte));
        (self.origin.start as usize).wrapping_mul(7).wrapping_add(self.name.len().wrapping_mul(13)).wrapping_add(end) % SLOTS
    }

    fn are(&self, about: &About) -> bool {
        *about.name == *self.name
            && about.metric_type == self.metric_type
            && about.timestamp == self.timestamp
            && about.origin == self.origin
            && about.hostname.as_ref() == self.hostname
            && about.device.as_ref() == self.device
            && about.unit.as_ref() == self.unit
            && about.manner.as_ref() == self.manner
    }

    fn about(&self, name: Option<&Text>) -> About {
        About {
            name: name.cloned().unwrap_or_else(|| self.name.into()),
            metric_type: self.metric_type,
            hostname: self.hostname.cloned(),
            device: self.device.cloned(),
            unit: self.unit.cloned(),
            timestamp: self.timestamp,
            manner: self.manner.cloned(),
            origin: self.origin,
        }
    }
}
