//! A reading of all files becomes the schedule: new checks come, those that are gone leave, all
//! others keep their timer, their memory and their logins.

use super::dispatcher::{Configured, Dispatcher, Ground};
use super::load::Loaded;
use super::worker::Generation;
use crate::base::diag::Level;
use crate::base::value::Text;
use crate::plan::Check;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What becomes of the checks that are there, and which ones come.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Numbers of checks that are gone.
    pub gone: Vec<u32>,
    /// For each check that was read, the number that it takes over.
    pub numbers: Vec<Option<u32>>,
}

/// Compares by the ids of checks. Checks of a broken spec stay as they are, if it had any: then what
/// was read of it counts for nothing, and its number is none.
pub fn difference<'c>(old: impl Iterator<Item = (u32, u64, &'c Text)>, new: &[(u64, &Text)], broken: &BTreeSet<Text>) -> Difference {
    let mut known: HashMap<u64, Vec<u32>> = HashMap::new();
    for (number, id, _) in old.filter(|(_, _, spec)| !broken.contains(*spec)) {
        known.entry(id).or_default().push(number);
    }
    // The first of several with one id comes first.
    known.values_mut().for_each(|numbers| numbers.sort_unstable_by(|a, b| b.cmp(a)));
    let numbers = new.iter().map(|(id, _)| known.get_mut(id).and_then(Vec::pop)).collect();
    let mut gone: Vec<u32> = known.into_values().flatten().collect();
    gone.sort_unstable();
    Difference { gone, numbers }
}

impl Dispatcher {
    /// Takes a reading of all files over.
    pub(super) fn take_over(&mut self, reading: Configured) {
        let Configured { mut loaded, reason, ground } = reading;
        let first = reason == "start";
        self.show(&loaded, reason);
        if !first {
            tell(&loaded);
        }
        let Some(Ground { shared, checkpoints }) = ground else {
            tracing::error!(target: "reload", reason, "engine.yaml cannot be used as it is: nothing was changed");
            return;
        };
        if !first {
            let variable = std::env::var("ENGINE_LOG").ok();
            // What is wrong with the variable was told at the start.
            let _ = super::log::start(&loaded.conf.logging(), variable.as_deref());
        }
        self.shared = shared;
        self.checkpoints = checkpoints.or(self.checkpoints.take());
        self.interval = loaded.conf.interval.duration();
        self.board.set_facts(&loaded.hostname(), self.interval);
        self.set_bounds(&loaded.conf.limits());
        // Nothing is drawn any more; places are still told.
        loaded.sources.forget_texts();
        let generation = Arc::new(Generation { sources: Arc::new(loaded.sources), engine: loaded.engine });
        let running: BTreeSet<Text> = self.entries.iter().flatten().map(|entry| entry.check.plan.spec.name.clone()).collect();
        let kept: BTreeSet<Text> = loaded.broken.intersection(&running).cloned().collect();
        let checks: Vec<Arc<Check>> = loaded.checks.into_iter().filter(|check| !kept.contains(&check.plan.spec.name)).collect();
        let new: Vec<(u64, &Text)> = checks.iter().map(|check| (check.id, &check.plan.spec.name)).collect();
        let old = self.entries.iter().enumerate().filter_map(|(n, entry)| {
            let check = &entry.as_ref()?.check;
            Some((u32::try_from(n).ok()?, check.id, &check.plan.spec.name))
        });
        let Difference { gone, numbers } = difference(old, &new, &kept);
        gone.iter().for_each(|id| self.remove(*id));
        let n_new = numbers.iter().filter(|number| number.is_none()).count();
        self.make_room(n_new);
        let mut twins: HashSet<u64> = self.entries.iter().flatten().map(|entry| entry.check.id).collect();
        for (check, number) in checks.into_iter().zip(numbers) {
            match number {
                Some(id) => self.replace(id, check, generation.clone()),
                None => self.add(check, generation.clone(), n_new, &mut twins),
            }
        }
        if !first {
            let n = self.entries.iter().flatten().count();
            tracing::info!(target: "reload", reason, instances = n, new = n_new, gone = gone.len(), "the files were read again");
            for spec in &kept {
                tracing::error!(target: "reload", spec = %spec, "the files of this spec have errors: its checks stay as they were");
            }
        }
    }

    fn show(&self, loaded: &Loaded, reason: &'static str) {
        let problems = loaded.file_problems();
        let first = reason == "start";
        self.board.configure(|shown| {
            shown.loaded = Some(self.shared.clock.now());
            shown.reason = reason;
            shown.reloads += u64::from(!first);
            shown.kept_old = !first && (loaded.broken_settings || loaded.refused.is_some() || !loaded.broken.is_empty());
            shown.broken = loaded.broken.iter().map(|spec| spec.to_string()).collect();
            shown.problems = problems;
            shown.hidden = loaded.hidden.clone();
            let text = |path: &PathBuf| path.display().to_string();
            shown.config = loaded.places.config.as_ref().map(text);
            shown.conf_dir = text(&loaded.places.conf_dir);
            shown.spec_dirs = loaded.places.spec_dirs.iter().map(text).collect();
        });
    }
}

/// Errors of files that are logged; all of them are in the status.
const TOLD: usize = 20;

fn tell(loaded: &Loaded) {
    for problem in loaded.file_problems().iter().filter(|problem| problem.level == Level::Error.word()).take(TOLD) {
        tracing::error!(target: "reload", place = problem.place, "{}", problem.title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_again_by_their_ids() {
        let (a, b) = (Text::from("a"), Text::from("b"));
        let old = [(0, 10, &a), (1, 11, &a), (2, 20, &b), (3, 21, &b)];
        let new = [(11, &a), (12, &a), (21, &b)];
        let found = difference(old.into_iter(), &new, &BTreeSet::new());
        assert_eq!(found, Difference { gone: vec![0, 2], numbers: vec![Some(1), None, Some(3)] });
        let broken = BTreeSet::from([b.clone()]);
        let found = difference(old.into_iter(), &[(11, &a)], &broken);
        assert_eq!(found, Difference { gone: vec![0], numbers: vec![Some(1)] });
    }
}
