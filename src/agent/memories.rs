//! The files of what checks remember, where their output goes through the spool.
//!
//! A record of the spool holds the output of a run and what the run changes in the memory of its
//! check, so neither can be lost without the other. The memory in the process moves with the record;
//! its file follows at the next checkpoint, and only then may the record go. A start applies the
//! records that the files do not have yet. So a thousand runs a second cost no thousand files.

use super::dispatcher::{Dispatcher, Message};
use crate::base::limits;
use crate::base::time::Clock;
use crate::report::Report;
use crate::spool::keeper::Keeper;
use crate::spool::{Record, Spool};
use crate::state::Memory;
use crate::state::folder::{Folder, Owner};
use std::collections::HashMap;

use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Time from one checkpoint to the next: a restart applies the records of this time once more.
const EVERY: Duration = Duration::from_secs(30);
/// A checkpoint takes at most this part of the time.
const SHARE: u32 = 10;

/// Brings the files up to what the spool holds, before the first run. The answer is how many records
/// were applied.
///
/// # Errors
/// The spool cannot be read, or a file cannot be written: the checks begin with what is known all the
/// same, and the records stay in the spool.
pub fn catch_up(spool: &mut Spool, folder: &Folder, clock: &dyn Clock) -> Result<usize, String> {
    let mut memories: HashMap<u64, (Owner, Memory)> = HashMap::new();
    let mut n_applied = 0;
    let (from, last) = (spool.stats().state + 1, spool.stats().next.saturating_sub(1));
    let mut apply = |record: Record| {
        // Damaged and foreign records are told of by whoever delivers them.
        let Ok(Report { origin, changes, .. }) = Report::decode(&record.bytes) else { return };
        let load = || {
            let owner = Owner { name: origin.owner, id: origin.id };
            let memory = folder.load(&owner, clock.now()).memory;
            (owner, memory)
        };
        let (_, memory) = memories.entry(origin.id).or_insert_with(load);
        if record.sequence > memory.sequence() {
            memory.apply_record(record.sequence, changes);
            n_applied += 1;
        }
    };
    // A record that was applied is not applied again.
    let mut replay = || spool.replay(from, &mut apply);
    let replayed = (1..limits::SPOOL_READ_TRIES).fold(replay(), |so_far, _| so_far.or_else(|_| replay()));
    let saved: Vec<_> = memories.into_values().map(|(owner, memory)| folder.save_or_keep(&owner, memory)).collect();
    replayed.map_err(|error| error.to_string())?;
    saved.into_iter().collect::<Result<(), _>>()?;
    folder.sync()?;
    spool.state_saved(last);
    Ok(n_applied)
}

/// What the dispatcher knows of the file of one check.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filed {
    /// The first record whose changes its file lacks; 0 if it has all.
    pub lacks: u64,
    /// While a run is in progress: every record that it leaves has a higher number.
    pub floor: Option<u64>,
}

/// When the files are written.
pub struct Checkpoints {
    folder: Folder,
    keeper: Keeper,
    messages: mpsc::Sender<Message>,
    /// There is one at this time, and none before that, however urgent it is.
    next: Instant,
    not_before: Instant,
    busy: bool,
    /// The highest number of a record that a run has left.
    pub(super) highest: u64,
}

/// What a checkpoint came to.
pub struct Written {
    /// Checks whose file was not written, with the first record that it lacks.
    pub failed: Vec<(u32, u64)>,
    /// How long it took.
    pub took: Duration,
}

impl Checkpoints {
    /// Files in a folder, for the records of a spool.
    pub fn new(folder: Folder, keeper: Keeper, messages: mpsc::Sender<Message>, now: Instant) -> Self {
        Checkpoints { folder, keeper, messages, next: now + EVERY, not_before: now, busy: false, highest: 0 }
    }

    /// A checkpoint has ended.
    pub(super) fn ended(&mut self, took: Duration, now: Instant) {
        self.busy = false;
        self.not_before = now + took * SHARE;
        self.next = self.not_before.max(now + EVERY);
    }

    fn is_due(&self, now: Instant) -> bool {
        let due = if self.keeper.state_is_urgent() { self.not_before } else { self.next };
        !self.busy && now >= due
    }
}

/// What is written in one go.
struct Work {
    dirty: Vec<(u32, u64, Owner, Memory)>,
    up_to: u64,
    folder: Folder,
    keeper: Keeper,
}

impl Work {
    /// Writes all files, and then gives the records free that they stand for.
    async fn run(self) -> Written {
        let begun = Instant::now();
        // A file that knew more than the spool would, after a crash, leave out what was lost with it.
        let safe = self.keeper.sync().await.unwrap_or_default();
        let (dirty, early): (Vec<_>, Vec<_>) = self.dirty.into_iter().partition(|(.., memory)| memory.sequence() <= safe);
        let folder = self.folder;
        let writing = tokio::task::spawn_blocking(move || {
            let save = |(id, lacks, owner, memory): (u32, u64, Owner, Memory)| {
                let saved = folder.save(&owner, &memory);
                saved.err().map(|why| {
                    tracing::error!(target: "state", why, "state is not saved; a restart will apply it from the spool");
                    (id, lacks)
                })
            };
            let mut failed: Vec<(u32, u64)> = dirty.into_iter().filter_map(save).collect();
            if let Err(why) = folder.save_kept().and_then(|()| folder.sync()) {
                tracing::error!(target: "state", why, "state is not durable");
                failed.push((u32::MAX, 0));
            }
            failed
        });
        // Where even that fails, nothing is known to be saved.
        let mut failed = writing.await.unwrap_or_else(|_| vec![(u32::MAX, 0)]);
        failed.extend(early.into_iter().map(|(id, lacks, ..)| (id, lacks)));
        let up_to = failed.iter().map(|(_, lacks)| lacks.saturating_sub(1)).fold(self.up_to, u64::min);
        if up_to > 0 {
            // Where this fails, the next checkpoint says it again.
            let _ = self.keeper.state_saved(up_to).await;
        }
        Written { failed, took: begun.elapsed() }
    }
}

impl Dispatcher {
    /// Begins a checkpoint where it is time for one.
    pub(super) fn checkpoint_if_due(&mut self) {
        let now = self.shared.clock.instant();
        if self.checkpoints.as_ref().is_some_and(|checkpoints| checkpoints.is_due(now))
            && let Some(work) = self.checkpoint()
        {
            let messages = self.checkpoints.as_mut().map(|checkpoints| {
                checkpoints.busy = true;
                checkpoints.messages.clone()
            });
            self.runtime.spawn(async move {
                let written = work.run().await;
                if let Some(messages) = messages {
                    // Nobody listens any more at the end.
                    let _ = messages.send(Message::Written(written)).await;
                }
            });
        }
    }

    /// The last checkpoint, when nothing runs any more.
    pub(super) async fn last_checkpoint(&mut self) {
        if let Some(work) = self.checkpoint() {
            let _ = work.run().await;
        }
    }

    /// Everything that the files lack and that no run has at the moment.
    fn checkpoint(&mut self) -> Option<Work> {
        let checkpoints = self.checkpoints.as_ref()?;
        let mut work =
            Work { dirty: Vec::new(), up_to: checkpoints.highest, folder: checkpoints.folder.clone(), keeper: checkpoints.keeper.clone() };
        for (id, entry) in self.entries.iter_mut().enumerate() {
            let Some(entry) = entry else { continue };
            let filed = &mut entry.filed;
            let memory = entry.carried.as_ref().and_then(|carried| carried.memory.as_ref());
            if let (Some(memory), true) = (memory, filed.lacks > 0) {
                work.dirty.push((u32::try_from(id).unwrap_or(u32::MAX), filed.lacks, entry.check.owner(), memory.clone()));
                filed.lacks = 0;
            }
            let lacks = (filed.lacks > 0).then(|| filed.lacks - 1);
            let least = lacks.into_iter().chain(filed.floor).min();
            work.up_to = least.map_or(work.up_to, |least| least.min(work.up_to));
        }
        Some(work)
    }

    /// Writes the file of a check that leaves, since no checkpoint will.
    pub(super) fn save_now(&self, owner: Owner, memory: Option<Memory>) {
        let (Some(checkpoints), Some(memory)) = (&self.checkpoints, memory) else { return };
        let (folder, keeper) = (checkpoints.folder.clone(), checkpoints.keeper.clone());
        self.runtime.spawn(async move {
            // As for a checkpoint; but nobody will save it later.
            let _ = keeper.sync().await;
            let saving = tokio::task::spawn_blocking(move || folder.save(&owner, &memory));
            if let Err(why) = saving.await.unwrap_or(Ok(())) {
                tracing::error!(target: "state", why, "what a check that is gone remembers is not saved");
            }
        });
    }

    /// Takes in what a checkpoint came to.
    pub(super) fn written(&mut self, written: Written) {
        for (id, lacks) in written.failed {
            if let Some(entry) = self.entries.get_mut(id as usize).and_then(Option::as_mut) {
                entry.filed.lacks = if entry.filed.lacks == 0 { lacks } else { entry.filed.lacks.min(lacks) };
            }
        }
        let now = self.shared.clock.instant();
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.ended(written.took, now);
        }
    }
}
