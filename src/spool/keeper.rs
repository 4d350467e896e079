//! The owner of a spool: a thread of its own, and handles for everybody else.
//!
//! All that waits is done together: many appends are one write and one sync, many acknowledgements one
//! file of cursors. The thread blocks on the disk, and nobody else does. With `sync: 1s` an append is
//! accepted when it is in the file, which a kill cannot take; with `sync: always` when it is durable.
//!
//! ```text
//! runs   → append ──┐                        ┌→ watermark: records up to here can be read
//! sinks  → read     ├→ one thread, one spool ┤
//! sinks  → acknowledge ┘                     └→ words for the log
//! ```

use super::{Record, Refused, Spool, Stats, Weight};
use crate::base::limits;
use std::fmt;
use std::io;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// When an append is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After this time at most.
    Within(Duration),
    /// When it is accepted.
    Always,
}

/// What may be changed while the spool is in use.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// What all segments may take, in bytes.
    pub bytes: u64,
    /// How long a record waits for its receivers.
    pub age: Duration,
    /// When an append is durable.
    pub durability: Durability,
}

/// A record that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its number.
    pub sequence: u64,
    /// False if a power cut could take it: it is synced within the interval, or the disk is in trouble.
    pub durable: bool,
}

/// Why the keeper did not do what it was asked for.
#[derive(Debug)]
pub enum KeeperError {
    /// The record is too large.
    Refused(Refused),
    /// The disk does not do it.
    Disk(io::Error),
    /// The keeper has ended.
    Ended,
}

/// A way to the keeper; copies lead to the same one.
#[derive(Clone, Debug)]
pub struct Keeper {
    commands: mpsc::Sender<Command>,
    readable: watch::Receiver<u64>,
    state_is_urgent: watch::Receiver<bool>,
}

/// The thread of a keeper.
#[derive(Debug)]
pub struct Keeping {
    thread: JoinHandle<Spool>,
}

type Reply<T> = oneshot::Sender<Result<T, KeeperError>>;

#[derive(Debug)]
enum Command {
    Append(Vec<u8>, Weight, Reply<Accepted>),
    Read { receiver: String, from: u64, max_records: usize, max_bytes: usize, reply: Reply<Vec<Record>> },
    Acknowledge(String, u64, Reply<()>),
    StateSaved(u64, Reply<()>),
    SetReceivers(Vec<String>, Reply<()>),
    SetBounds(Bounds, Reply<()>),
    Stats(Reply<Stats>),
    Sync(Reply<u64>),
    End,
}

/// What is answered when the disk has done its part.
#[derive(Default)]
struct Waiting {
    appended: Vec<(u64, Reply<Accepted>)>,
    saved: Vec<Reply<()>>,
    synced: Vec<Reply<u64>>,
    ends: bool,
}

impl Keeper {
    /// Takes a spool into a thread of its own. What a person should know is told as it happens.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(spool: Spool, durability: Durability, tell: impl FnMut(String) + Send + 'static) -> io::Result<(Keeper, Keeping)> {
        let (commands, incoming) = mpsc::channel(limits::SPOOL_COMMANDS);
        let (watermark, readable) = watch::channel(spool.readable());
        let (urgency, state_is_urgent) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let work = Work { spool, durability, tell, watermark, urgency, waiting: Waiting::default() };
        let thread = std::thread::Builder::new().name("spool".to_owned()).spawn(move || runtime.block_on(work.run(incoming)))?;
        Ok((Keeper { commands, readable, state_is_urgent }, Keeping { thread }))
    }

    /// Takes a record.
    ///
    /// # Errors
    /// It is too large, or the keeper has ended. A disk in trouble is no error.
    pub async fn append(&self, bytes: Vec<u8>, weight: Weight) -> Result<Accepted, KeeperError> {
        self.ask(|reply| Command::Append(bytes, weight, reply)).await
    }

    /// The records for a receiver from a number on; none if there are none yet.
    ///
    /// # Errors
    /// The disk cannot be read at the moment.
    pub async fn read(&self, receiver: &str, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Record>, KeeperError> {
        let receiver = receiver.to_owned();
        self.ask(|reply| Command::Read { receiver, from, max_records, max_bytes, reply }).await
    }

    /// Waits until there may be a record with this number or a later one; false if the keeper has ended.
    pub async fn wait_for(&self, sequence: u64) -> bool {
        self.readable.clone().wait_for(|readable| *readable >= sequence).await.is_ok()
    }

    /// A receiver has all up to this number; durable when this returns.
    ///
    /// # Errors
    /// The cursor is moved in memory only: after a restart the receiver gets again what it has.
    pub async fn acknowledge(&self, receiver: &str, up_to: u64) -> Result<(), KeeperError> {
        let receiver = receiver.to_owned();
        self.ask(|reply| Command::Acknowledge(receiver, up_to, reply)).await
    }

    /// The files of checks hold all that records up to this number have changed.
    ///
    /// # Errors
    /// As for an acknowledgement.
    pub async fn state_saved(&self, up_to: u64) -> Result<(), KeeperError> {
        self.ask(|reply| Command::StateSaved(up_to, reply)).await
    }

    /// The receivers from now on.
    ///
    /// # Errors
    /// As for an acknowledgement.
    pub async fn set_receivers(&self, names: Vec<String>) -> Result<(), KeeperError> {
        self.ask(|reply| Command::SetReceivers(names, reply)).await
    }

    /// The bounds from now on; what is over them goes with the next record.
    ///
    /// # Errors
    /// The keeper has ended.
    pub async fn set_bounds(&self, bounds: Bounds) -> Result<(), KeeperError> {
        self.ask(|reply| Command::SetBounds(bounds, reply)).await
    }

    /// The figures as they are now.
    ///
    /// # Errors
    /// The keeper has ended.
    pub async fn stats(&self) -> Result<Stats, KeeperError> {
        self.ask(Command::Stats).await
    }

    /// Records up to this number can be read now.
    pub fn readable(&self) -> u64 {
        *self.readable.borrow()
    }

    /// True while the spool is short of room that it gets once the state of checks is saved.
    pub fn state_is_urgent(&self) -> bool {
        *self.state_is_urgent.borrow()
    }

    /// Makes durable what was appended before. All records up to the answer are safe: they are durable,
    /// or every receiver has them.
    ///
    /// # Errors
    /// The keeper has ended.
    pub async fn sync(&self) -> Result<u64, KeeperError> {
        self.ask(Command::Sync).await
    }

    /// Ends the keeper after all that was asked before, with everything durable that can be.
    pub async fn end(&self) {
        // It may have ended before.
        let _ = self.commands.send(Command::End).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, KeeperError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| KeeperError::Ended)?;
        answer.await.map_err(|_| KeeperError::Ended)?
    }
}

impl Keeping {
    /// Waits for the end of the keeper, which blocks, and gives the spool back.
    ///
    /// # Errors
    /// The thread has panicked.
    pub fn join(self) -> Result<Spool, KeeperError> {
        self.thread.join().map_err(|_| KeeperError::Ended)
    }
}

/// The work of the thread.
struct Work<T> {
    spool: Spool,
    durability: Durability,
    tell: T,
    watermark: watch::Sender<u64>,
    urgency: watch::Sender<bool>,
    waiting: Waiting,
}

impl<T: FnMut(String)> Work<T> {
    async fn run(mut self, mut incoming: mpsc::Receiver<Command>) -> Spool {
        let mut due = Instant::now() + self.interval();
        loop {
            let next = tokio::time::timeout_at(due, incoming.recv()).await;
            match next {
                Ok(Some(command)) => self.take(command),
                Ok(None) => self.waiting.ends = true,
                Err(_) => {}
            }
            while let Ok(command) = incoming.try_recv() {
                self.take(command);
            }
            let is_due = Instant::now() >= due;
            self.do_waiting(is_due);
            if self.waiting.ends {
                return self.spool;
            }
            let next = Instant::now() + self.interval();
            due = if is_due { next } else { due.min(next) };
        }
    }

    fn interval(&self) -> Duration {
        match self.durability {
            Durability::Within(interval) => interval,
            Durability::Always => limits::SPOOL_SYNC,
        }
    }

    fn take(&mut self, command: Command) {
        // Whoever asked may have gone away; nothing depends on the answer.
        match command {
            Command::Append(bytes, weight, reply) => match self.spool.push(bytes, weight) {
                Ok(sequence) => self.waiting.appended.push((sequence, reply)),
                Err(refused) => drop(reply.send(Err(KeeperError::Refused(refused)))),
            },
            Command::Read { receiver, from, max_records, max_bytes, reply } => {
                let records = self.spool.read(&receiver, from, max_records, max_bytes);
                drop(reply.send(records.map_err(KeeperError::Disk)));
            }
            Command::Acknowledge(receiver, up_to, reply) => {
                self.spool.acknowledge(&receiver, up_to);
                self.waiting.saved.push(reply);
            }
            Command::StateSaved(up_to, reply) => {
                self.spool.state_saved(up_to);
                self.waiting.saved.push(reply);
            }
            Command::SetReceivers(names, reply) => {
                self.spool.set_receivers(&names);
                self.waiting.saved.push(reply);
            }
            Command::SetBounds(bounds, reply) => {
                self.spool.set_bounds(bounds.bytes, bounds.age);
                self.durability = bounds.durability;
                drop(reply.send(Ok(())));
            }
            Command::Stats(reply) => drop(reply.send(Ok(self.spool.stats()))),
            Command::Sync(reply) => self.waiting.synced.push(reply),
            Command::End => self.waiting.ends = true,
        }
    }

    /// One write, at most one sync and at most one file of cursors, for all that were asked for.
    fn do_waiting(&mut self, is_due: bool) {
        let waiting = &mut self.waiting;
        if !waiting.appended.is_empty() {
            self.spool.flush();
        }
        if waiting.ends {
            // There is no later time.
            self.spool.retry_now();
        }
        let wanted = self.durability == Durability::Always && !waiting.appended.is_empty();
        if is_due || wanted || waiting.ends || !waiting.synced.is_empty() {
            self.spool.sync();
        }
        let synced = self.spool.synced();
        for (sequence, reply) in waiting.appended.drain(..) {
            drop(reply.send(Ok(Accepted { sequence, durable: sequence <= synced })));
        }
        for reply in waiting.synced.drain(..) {
            drop(reply.send(Ok(self.spool.safe())));
        }
        let readable = self.spool.readable();
        self.watermark.send_if_modified(|known| std::mem::replace(known, readable) != readable);
        if is_due || waiting.ends || !waiting.saved.is_empty() {
            let saved = self.spool.save();
            for reply in waiting.saved.drain(..) {
                let saved = saved.as_ref().map_err(|error| KeeperError::Disk(io::Error::new(error.kind(), error.to_string())));
                drop(reply.send(saved.copied()));
            }
        }
        let urgent = self.spool.state_is_urgent();
        self.urgency.send_if_modified(|known| std::mem::replace(known, urgent) != urgent);
        for notice in self.spool.take_notices() {
            (self.tell)(notice);
        }
    }
}

impl fmt::Display for KeeperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeeperError::Refused(refused) => refused.fmt(f),
            KeeperError::Disk(error) => error.fmt(f),
            KeeperError::Ended => f.write_str("the spool has been closed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::SystemClock;
    use crate::disk::simulated::{Fault, SimulatedDisk};
    use crate::spool::Settings;
    use std::sync::{Arc, Mutex};

    fn opened(disk: &SimulatedDisk) -> Spool {
        let receivers = ["a".to_owned()];
        Spool::open(Arc::new(disk.clone()), Arc::new(SystemClock), Settings::default(), &receivers).unwrap().0
    }

    #[tokio::test]
    async fn records_go_through_the_thread_and_are_durable_at_once() {
        let disk = SimulatedDisk::new();
        let (keeper, keeping) = Keeper::start(opened(&disk), Durability::Always, |_| {}).unwrap();
        let accepted = keeper.append(b"one".to_vec(), Weight::default()).await.unwrap();
        assert!(accepted.durable && keeper.wait_for(accepted.sequence).await);
        let records = keeper.read("a", 0, 10, 1000).await.unwrap();
        assert_eq!((records.len(), records[0].sequence), (1, accepted.sequence));
        keeper.acknowledge("a", accepted.sequence).await.unwrap();
        disk.power_cut(0);
        keeper.end().await;
        drop(keeping.join().unwrap());
        assert_eq!(opened(&disk).cursor("a").unwrap().acknowledged, accepted.sequence);
        assert!(matches!(keeper.append(Vec::new(), Weight::default()).await, Err(KeeperError::Ended)));
    }

    #[tokio::test]
    async fn many_appends_are_one_sync() {
        let disk = SimulatedDisk::new();
        let (keeper, keeping) = Keeper::start(opened(&disk), Durability::Within(Duration::from_secs(3600)), |_| {}).unwrap();
        keeper.append(vec![1], Weight::default()).await.unwrap();
        let before = disk.calls();
        let appends: Vec<_> = (0..100).map(|n| keeper.append(vec![n], Weight::default())).collect();
        let accepted = futures_util::future::join_all(appends).await;
        assert!(accepted.iter().all(|accepted| !accepted.as_ref().unwrap().durable));
        let last = accepted.last().unwrap().as_ref().unwrap().sequence;
        assert_eq!(keeper.sync().await.unwrap(), last);
        // At most one write for each append, and one sync with that of the new name.
        assert!(disk.calls() - before <= 102, "{}", disk.calls() - before);
        keeper.end().await;
        keeping.join().unwrap();
    }

    #[tokio::test]
    async fn a_disk_in_trouble_is_told_and_refuses_nothing() {
        let disk = SimulatedDisk::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let spool = opened(&disk);
        disk.set_capacity(Some(0));
        disk.fail(disk.calls() + 1, Fault::NoSpace);
        let words = Arc::clone(&told);
        let (keeper, keeping) = Keeper::start(spool, Durability::Always, move |text| words.lock().unwrap().push(text)).unwrap();
        let accepted = keeper.append(b"one".to_vec(), Weight::default()).await.unwrap();
        assert!(!accepted.durable && keeper.wait_for(accepted.sequence).await);
        assert_eq!(keeper.read("a", accepted.sequence, 10, 1000).await.unwrap().len(), 1);
        keeper.end().await;
        keeping.join().unwrap();
        let told = told.lock().unwrap().join("\n");
        assert!(told.contains("records wait in memory, at most 67108864 bytes"), "{told}");
    }
}
