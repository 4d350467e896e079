//! What samples share, held once: metrics of constant name and host differ in value and tags only.
//!
//! The samples of an earlier run are gone as a rule when the next one makes its own: then what they
//! shared is written over, and a metric with a constant name allocates nothing at all.

use crate::base::span::Span;
use crate::base::value::Text;
use crate::observation::{About, Manner, MetricType};
use jiff::Timestamp;
use std::sync::Arc;

/// More than the metrics of most specs; without a place it costs an allocation and nothing else.
const SLOTS: usize = 128;
/// Places that one may lie at.
const WAYS: usize = 4;

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
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, None);
        }
        let slots = facts.slots();
        for at in slots.clone() {
            if let Some(Some(known)) = self.slots.get(at)
                && facts.are(known)
            {
                return known.clone();
            }
        }
        let free = slots.clone().find(|at| self.slots.get_mut(*at).is_some_and(|slot| facts.write(slot, name)));
        match free.or(slots.clone().next()).and_then(|at| self.slots.get_mut(at)) {
            Some(Some(known)) if free.is_some() => known.clone(),
            Some(slot) => slot.insert(Arc::new(facts.about(name))).clone(),
            None => Arc::new(facts.about(name)),
        }
    }
}

impl Facts<'_> {
    /// Where it may lie. Place and name tell metrics apart; of a name, length and end do: families share
    /// their beginning.
    fn slots(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        let end = self.name.bytes().rev().take(8).fold(0usize, |mixed, byte| mixed.wrapping_mul(31) ^ usize::from(byte));
        let first = (self.origin.start as usize).wrapping_mul(7).wrapping_add(self.name.len().wrapping_mul(13)).wrapping_add(end);
        (0..WAYS).map(move |n| first.wrapping_add(n) % SLOTS)
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

    /// Writes it where no sample shares what stands there; false where one still does.
    fn write(&self, slot: &mut Option<Arc<About>>, name: Option<&Text>) -> bool {
        let Some(about) = slot.as_mut().map(Arc::get_mut) else {
            *slot = Some(Arc::new(self.about(name)));
            return true;
        };
        let Some(about) = about else { return false };
        about.timestamp = self.timestamp;
        if !self.are(about) {
            *about = self.about(name);
        }
        true
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
