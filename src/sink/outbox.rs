//! Batches on their way to one receiver: which is next, and what becomes of it.
//!
//! Pure: the caller sends what [`Outbox::step`] says and tells the verdict to [`Outbox::answered`].
//! Batches go one after the other, so every series arrives in order. A batch that the receiver does
//! not take is halved until a single item is left, and that one is dropped, named and counted; a
//! full picture of a topology that has lost an item stays open, since its end would delete what was
//! dropped.

use super::batch::{Batch, What};
use super::policy::{Permit, Policy};
use super::{Numbered, Rejected, Verdict};
use crate::base::print::one_line;
use crate::base::value::Text;
use crate::observation::TagSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is to be done now.
#[derive(Clone, Debug)]
pub enum Step {
    /// Send this batch, and tell what came of it.
    Send(Arc<Batch>),
    /// Nothing for so long.
    Wait(Duration),
    /// Nothing before the batch under way is answered.
    Busy,
    /// Everything is delivered: records up to [`Outbox::done`] can go.
    Empty,
}

/// What a person may want to know of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// So many items have arrived.
    Delivered {
        /// How many.
        n_items: usize,
        /// What the receiver has refused of them for good.
        rejected: Option<Rejected>,
        /// How many failures went before it.
        after_failures: u32,
    },
    /// The batch stays and is sent again after a pause.
    Kept {
        /// Why.
        why: String,
        /// The pause.
        pause: Duration,
        /// True if a person must do something first.
        alarm: bool,
    },
    /// The batch goes in two halves now.
    Halved {
        /// Why.
        why: String,
    },
    /// One item is gone for good.
    Dropped(Dropped),
}

/// One item that the receiver does not take.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    /// The item in words: "metric `a.b` queue:x".
    pub what: String,
    /// The check that reported it.
    pub check: Text,
    /// The place in the spec that made it, as `path:line`.
    pub origin: Text,
    /// Why.
    pub why: String,
}

/// The batches of one receiver.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: VecDeque<Arc<Batch>>,
    policy: Policy,
    /// The last record that was put in.
    filled: u64,
}

impl Outbox {
    /// Puts in what records up to `last` come to.
    pub fn fill(&mut self, batches: Vec<Batch>, last: u64) {
        self.queue.extend(batches.into_iter().map(Arc::new));
        self.filled = self.filled.max(last);
    }

    /// The last record of which, as of all before it, nothing is left to deliver; 0 for none.
    pub fn done(&self) -> u64 {
        let first_left = self.queue.iter().map(|batch| batch.first()).min();
        first_left.map_or(self.filled, |first| first.saturating_sub(1))
    }

    /// True if nothing is left to deliver.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How the receiver is doing.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is to be done now.
    pub fn step(&mut self, now: Instant) -> Step {
        let Some(batch) = self.queue.front() else { return Step::Empty };
        match self.policy.ask(now) {
            Permit::Send => Step::Send(Arc::clone(batch)),
            Permit::Wait(pause) => Step::Wait(pause),
            Permit::Busy => Step::Busy,
        }
    }

    /// Takes the verdict on the batch of the last step; `dice` is random from 0 to 1.
    pub fn answered(&mut self, verdict: Verdict, now: Instant, dice: f64) -> Note {
        let after_failures = self.policy.failures();
        match verdict {
            Verdict::Delivered(rejected) => {
                self.policy.succeeded();
                let n_items = self.queue.pop_front().map_or(0, |batch| batch.items().len());
                Note::Delivered { n_items, rejected, after_failures }
            }
            Verdict::Later { why, after } => Note::Kept { why, pause: self.policy.failed(now, dice, after), alarm: false },
            Verdict::Refused { why } => Note::Kept { why, pause: self.policy.refused(now, dice), alarm: true },
            Verdict::Bad { why } => {
                self.policy.succeeded();
                self.bad(why)
            }
        }
    }

    fn bad(&mut self, why: String) -> Note {
        let Some(batch) = self.queue.pop_front() else { return Note::Halved { why } };
        if let Some((left, right)) = batch.halves() {
            self.queue.push_front(Arc::new(right));
            self.queue.push_front(Arc::new(left));
            return Note::Halved { why };
        }
        let Some((numbered, what)) = batch.iter().next() else { return Note::Halved { why } };
        for waiting in &mut self.queue {
            Arc::make_mut(waiting).leave_open(numbered.sequence, what);
        }
        self.queue.retain(|waiting| !waiting.items().is_empty());
        let (words, origin) = named(numbered, what);
        Note::Dropped(Dropped { what: words, check: numbered.report.origin.label.clone(), origin, why })
    }
}

/// An item in words, and the place that made it.
pub fn named(numbered: &Numbered, what: What) -> (String, Text) {
    let report = &numbered.report;
    let topology = report.topology.as_ref();
    let quoted = |family: &str, name: &str, tags: &TagSet| {
        let tags: String = tags.iter().map(|tag| format!(" {}", one_line(tag))).collect();
        format!("{family} `{}`{tags}", one_line(name))
    };
    let bare = |family: &str, name: &str| quoted(family, name, &TagSet::default());
    let found = match what {
        What::Point(at) => report.points.get(at as usize).map(|p| (quoted("metric", &p.name, p.tags), p.origin.clone())),
        What::ServiceCheck(at) => {
            report.service_checks.get(at as usize).map(|c| (quoted("service check", &c.name, &c.tags), c.origin.clone()))
        }
        What::Event(at) => report.events.get(at as usize).map(|e| (bare("event", &e.title), e.origin.clone())),
        What::Log(at) => report.logs.get(at as usize).map(|l| (bare("log", &l.message), l.origin.clone())),
        What::Component(at) => topology.and_then(|t| t.components.get(at as usize)).map(|c| (bare("component", &c.id), c.origin.clone())),
        What::Relation(at) => topology
            .and_then(|t| t.relations.get(at as usize))
            .map(|r| (format!("relation `{}` to `{}`", one_line(&r.source), one_line(&r.target)), r.origin.clone())),
        What::Delete(at) => topology.and_then(|t| t.deletes.get(at as usize)).map(|id| (bare("the deletion of", id), Text::default())),
        What::Health(at) => report.health.get(at as usize).map(|h| (bare("health state", &h.id), h.origin.clone())),
        What::Fact(at) => report.metadata.get(at as usize).map(|(key, _)| (bare("fact", key), Text::default())),
        What::Run => Some((bare("the status of", &report.origin.label), Text::default())),
        What::TopologyStart => Some(("the beginning of the topology".to_owned(), Text::default())),
        What::TopologyStop => Some(("the end of the topology".to_owned(), Text::default())),
        What::HealthStart => Some(("the beginning of the health states".to_owned(), Text::default())),
        What::HealthStop => Some(("the end of the health states".to_owned(), Text::default())),
    };
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::batch::{self, Most};
    use super::super::testing;
    use super::*;

    fn outbox(reports: Vec<Numbered>, items: usize, items_of: fn(&Numbered) -> Vec<What>) -> Outbox {
        let last = reports.last().unwrap().sequence;
        let mut outbox = Outbox::default();
        outbox.fill(batch::cut(&reports.into(), 0, Most { items, bytes: usize::MAX }, items_of), last);
        outbox
    }

    fn points(numbered: &Numbered) -> Vec<What> {
        (0..numbered.report.points.len()).map(|at| What::Point(at as u32)).collect()
    }

    fn bad() -> Verdict {
        Verdict::Bad { why: "no".to_owned() }
    }

    /// Plays a receiver that takes everything but batches with this metric.
    fn without(outbox: &mut Outbox, poison: &str) -> (Vec<String>, Vec<String>) {
        let (mut taken, mut dropped, now) = (Vec::new(), Vec::new(), Instant::now());
        while let Step::Send(batch) = outbox.step(now) {
            let names: Vec<String> = batch.iter().map(|(numbered, what)| named(numbered, what).0).collect();
            let is_bad = names.iter().any(|name| name.contains(poison));
            match outbox.answered(if is_bad { bad() } else { Verdict::Delivered(None) }, now, 0.5) {
                Note::Delivered { .. } => taken.extend(names),
                Note::Dropped(gone) => dropped.push(format!("{} of {} at {}: {}", gone.what, gone.check, gone.origin, gone.why)),
                Note::Halved { .. } => {}
                Note::Kept { .. } => panic!("kept"),
            }
        }
        (taken, dropped)
    }

    #[test]
    fn a_batch_is_halved_until_the_bad_item_is_alone_and_only_that_goes() {
        let mut outbox =
            outbox(vec![testing::numbered(4, &["a", "b", "c"]), testing::numbered(5, &["d", "e", "poison", "g"])], 100, points);
        let (taken, dropped) = without(&mut outbox, "poison");
        assert_eq!(taken.len(), 6);
        assert!(taken.is_sorted(), "in order: {taken:?}");
        assert_eq!(dropped, ["metric `poison` t:1 of spec[0] at specs/spec.yaml:7: no"]);
        assert_eq!((outbox.done(), outbox.is_empty()), (5, true));
    }

    #[test]
    fn a_receiver_that_fails_keeps_its_batch_and_its_place() {
        let mut outbox = outbox(vec![testing::numbered(1, &["a"]), testing::numbered(2, &["b"])], 1, points);
        let now = Instant::now();
        assert!(matches!(outbox.step(now), Step::Send(_)));
        let note = outbox.answered(Verdict::Later { why: "down".to_owned(), after: None }, now, 0.0);
        assert_eq!(note, Note::Kept { why: "down".to_owned(), pause: Duration::from_secs(1), alarm: false });
        assert!(matches!(outbox.step(now), Step::Wait(_)));
        assert_eq!(outbox.done(), 0);
        let later = now + Duration::from_secs(1);
        assert!(matches!(outbox.step(later), Step::Send(batch) if batch.first() == 1));
        assert!(matches!(outbox.step(later), Step::Busy));
        assert_eq!(
            outbox.answered(Verdict::Delivered(None), later, 0.0),
            Note::Delivered { n_items: 1, rejected: None, after_failures: 1 }
        );
        assert_eq!(outbox.done(), 1);
        assert!(matches!(outbox.answered(Verdict::Refused { why: "key".to_owned() }, later, 0.0), Note::Kept { alarm: true, .. }));
    }

    #[test]
    fn a_full_picture_that_has_lost_a_component_is_not_closed() {
        let whole = |_: &Numbered| vec![What::TopologyStart, What::Component(0), What::Component(1), What::TopologyStop];
        let mut outbox = outbox(vec![testing::with_components(3, &["good", "poison"])], 100, whole);
        let (taken, dropped) = without(&mut outbox, "poison");
        assert_eq!(taken, ["the beginning of the topology", "component `good`"]);
        assert_eq!(dropped.len(), 1);
        assert_eq!(outbox.done(), 3);
    }
}
