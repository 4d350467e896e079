//! One task for each sink: it reads the spool at its own cursor, delivers, and acknowledges.
//!
//! Records go in order, so what waited comes before what is new. A sink that fails holds up nobody:
//! not the runs, which only append, and not the other sinks, which have cursors of their own. What it
//! has in memory is one piece of the spool, however long it is away.

use super::board::Board;
use crate::base::limits;
use crate::base::time::Clock;
use crate::net::client::HttpClients;
use crate::report::Report;
use crate::run::aside::{LARGE, aside};
use crate::sink::outbox::{Note, Outbox, Step};
use crate::sink::{DeliverCx, Numbered, Sink, Verdict};
use crate::spool::Record;
use crate::spool::keeper::Keeper;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What is read of the spool at a time: enough to fill a request, and little memory for a sink that is
/// away.
const READ_RECORDS: usize = 2_000;
const READ_BYTES: usize = 1 << 20;
/// A disk that cannot be read is tried again after this.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// Opens a sink anew, with secrets as they are now.
pub type Opener = Arc<dyn Fn() -> Result<Arc<dyn Sink>, String> + Send + Sync>;

/// One sink and its way to the spool.
pub struct Delivery {
    /// Its name, which its cursor is found by.
    pub name: String,
    /// The spool.
    pub keeper: Keeper,
    /// How to talk to receivers.
    pub http: Arc<HttpClients>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// What tells this engine from others.
    pub engine: String,
    /// Where it is shown.
    pub board: Arc<Board>,
}

/// What a task is told.
#[derive(Clone)]
pub struct Orders {
    /// How its sink is opened; another one takes the place of the one that is open.
    pub open: Opener,
    /// How long it goes on.
    pub until: Until,
}

/// How long a task goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// For ever.
    Told,
    /// Until everything up to this record is delivered.
    Delivered(u64),
    /// No longer.
    Now,
}

/// Where a task stands.
struct Place {
    outbox: Outbox,
    next: u64,
    acknowledged: u64,
}

impl Place {
    fn behind(acknowledged: u64) -> Self {
        Place { outbox: Outbox::default(), next: acknowledged + 1, acknowledged }
    }
}

impl Delivery {
    /// Delivers from behind `acknowledged` on, as the orders say.
    pub async fn run(self, acknowledged: u64, mut orders: watch::Receiver<Orders>) {
        let mut place = Place::behind(acknowledged);
        let mut open = orders.borrow().open.clone();
        let mut sink = None;
        let mut pause = limits::DELIVERY_PAUSE_LEAST;
        loop {
            let Orders { open: wanted, until } = orders.borrow_and_update().clone();
            if !Arc::ptr_eq(&open, &wanted) {
                // What the old one had cut and not delivered yet is cut anew.
                (open, sink, place) = (wanted, None, Place::behind(place.acknowledged));
                pause = limits::DELIVERY_PAUSE_LEAST;
            }
            let is_done = match until {
                Until::Told => false,
                Until::Delivered(last) => place.outbox.is_empty() && place.next > last,
                Until::Now => true,
            };
            if is_done {
                return;
            }
            let Some(ready) = &sink else {
                sink = self.opened(&open, &mut pause, &mut orders).await;
                continue;
            };
            let mut at_once = orders.clone();
            tokio::select! {
                // A closed channel says the same.
                () = told_now(&mut at_once) => return,
                refused = self.step(&**ready, &mut place, &mut orders) => if refused { sink = None },
            }
        }
    }

    /// The sink, if it can be opened; else nothing, after a pause: its secrets may come later.
    async fn opened(&self, open: &Opener, pause: &mut Duration, orders: &mut watch::Receiver<Orders>) -> Option<Arc<dyn Sink>> {
        // A secret may come from a program.
        match tokio::task::block_in_place(|| open()) {
            Ok(sink) => {
                *pause = limits::DELIVERY_PAUSE_LEAST;
                Some(sink)
            }
            Err(why) => {
                tracing::error!(target: "sinks", sink = %self.name, why, "the sink cannot be opened; what it is to get waits in the spool");
                self.board.sink(&self.name, |sink| sink.failed(&why, self.clock.now()));
                tokio::select! {
                    () = tokio::time::sleep(*pause) => {}
                    _ = orders.changed() => {}
                }
                *pause = (*pause * 2).min(limits::DELIVERY_PAUSE_MOST);
                None
            }
        }
    }

    /// One thing that is to be done; true if the sink should be opened anew. Nothing is lost where
    /// this is dropped half-way: what was not acknowledged is read again.
    async fn step(&self, sink: &dyn Sink, place: &mut Place, orders: &mut watch::Receiver<Orders>) -> bool {
        match place.outbox.step(self.clock.instant()) {
            Step::Empty => {
                self.acknowledge(place).await;
                tokio::select! {
                    () = self.fill(sink, place) => {}
                    _ = orders.changed() => {}
                }
            }
            Step::Wait(pause) => tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = orders.changed() => {}
            },
            Step::Busy => tokio::time::sleep(limits::DELIVERY_PAUSE_LEAST).await,
            Step::Send(batch) => {
                let cx = DeliverCx { http: &self.http, clock: &*self.clock, engine: &self.engine };
                let limit = limits::DELIVERY_TIME + limits::RUN_OVERTIME;
                let verdict = tokio::time::timeout(limit, sink.deliver(&batch, &cx)).await;
                let verdict = verdict.unwrap_or_else(|_| Verdict::Later { why: "it took too long".to_owned(), after: None });
                let note = place.outbox.answered(verdict, self.clock.instant(), dice());
                let refused = self.tell(note);
                self.acknowledge(place).await;
                return refused;
            }
        }
        false
    }

    /// Reads the next piece of the spool, as soon as there is one.
    async fn fill(&self, sink: &dyn Sink, place: &mut Place) {
        if !self.keeper.wait_for(place.next).await {
            // The spool has been closed: nothing will come.
            return std::future::pending().await;
        }
        match self.keeper.read(&self.name, place.next, READ_RECORDS, READ_BYTES).await {
            Ok(records) => {
                let Some(last) = records.last().map(|record| record.sequence) else {
                    // Dropped meanwhile.
                    return tokio::time::sleep(READ_AGAIN).await;
                };
                let oldest = records.first().map(|record| record.time);
                self.board.sink(&self.name, |sink| sink.oldest = oldest);
                let bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
                let batches =
                    aside(bytes > LARGE, || sink.batches(records.into_iter().filter_map(|record| self.decoded(record)).collect()));
                place.outbox.fill(batches, last);
                place.next = last + 1;
            }
            Err(error) => {
                tracing::error!(target: "sinks", sink = %self.name, %error, "the spool cannot be read");
                tokio::time::sleep(READ_AGAIN).await;
            }
        }
    }

    fn decoded(&self, record: Record) -> Option<Numbered> {
        match Report::decode_observations(&record.bytes) {
            Ok(report) => Some(Numbered { sequence: record.sequence, report }),
            Err(why) => {
                tracing::error!(target: "sinks", sink = %self.name, record = record.sequence, "a record is passed over: {why}");
                self.board.sink(&self.name, |sink| sink.unreadable += 1);
                None
            }
        }
    }

    async fn acknowledge(&self, place: &mut Place) {
        let done = place.outbox.done();
        if done <= place.acknowledged {
            return;
        }
        match self.keeper.acknowledge(&self.name, done).await {
            Ok(()) => place.acknowledged = done,
            // In memory it has moved; after a restart the receiver gets it once more.
            Err(error) => tracing::warn!(target: "sinks", sink = %self.name, %error, "what was delivered cannot be noted on disk"),
        }
        if place.outbox.is_empty() {
            self.board.sink(&self.name, |sink| sink.oldest = None);
        }
    }

    /// Tells the board and the log; true if a person, or a new secret, must help.
    fn tell(&self, note: Note) -> bool {
        let now = self.clock.now();
        match note {
            Note::Delivered { n_items, rejected, after_failures } => {
                if let Some(rejected) = &rejected {
                    let (n_items, why) = (rejected.n_items, &rejected.why);
                    tracing::error!(target: "sinks", sink = %self.name, why, "the receiver has refused {n_items} items");
                }
                if after_failures > 0 {
                    tracing::warn!(target: "sinks", sink = %self.name, failures = after_failures, "the receiver takes data again");
                }
                self.board.sink(&self.name, |sink| {
                    sink.delivered(n_items as u64, now);
                    sink.dropped += rejected.map_or(0, |rejected| rejected.n_items);
                });
                false
            }
            Note::Kept { why, pause, alarm } => {
                let seconds = pause.as_secs_f64();
                tracing::warn!(target: "sinks", sink = %self.name, why, pause = seconds, "the receiver does not take data: it waits in the spool");
                self.board.sink(&self.name, |sink| sink.failed(&why, now));
                alarm
            }
            Note::Halved { why } => {
                tracing::debug!(target: "sinks", sink = %self.name, why, "a batch is sent in halves");
                false
            }
            Note::Dropped(gone) => {
                let (what, check, origin, why) = (gone.what, gone.check, gone.origin, gone.why);
                tracing::error!(target: "sinks", sink = %self.name, check = %check, origin = %origin, why, "the receiver never takes this, it was dropped: {what}");
                self.board.sink(&self.name, |sink| {
                    sink.dropped += 1;
                    sink.last_dropped = Some(format!("{what} of {check}: {why}"));
                });
                false
            }
        }
    }
}

/// Waits until nothing is to be delivered any more; a closed channel says the same.
async fn told_now(orders: &mut watch::Receiver<Orders>) {
    let _ = orders.wait_for(|orders| orders.until == Until::Now).await;
}

/// Random from 0 to 1, without a library for it: the standard one seeds its maps at random.
fn dice() -> f64 {
    (RandomState::new().build_hasher().finish() >> 11) as f64 / (1u64 << 53) as f64
}
