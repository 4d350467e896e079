//! What later runs of a check use again: answers under `cache`, the times of requests under
//! `rate_limit`. In memory only, since answers may hold secrets.

use super::page::Page;
use crate::base::limits;
use crate::base::name::NameId;
use crate::rows::Binds;
use crate::source::rate::Rate;
use crate::source::wire::wire_json;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The reusable things of one check; a pointer wide while there are none.
#[derive(Debug, Default)]
pub struct Reuse(OnceLock<Box<Mutex<Kept>>>);

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Key, Cached>,
    bytes: usize,
    sent: HashMap<NameId, VecDeque<Instant>>,
}

/// A source and a hash of the items of its loops, which may hold secrets.
type Key = (NameId, u64);

/// What an item came to, for later runs.
#[derive(Clone, Debug, Default)]
pub struct KeptItem {
    /// Its pages.
    pub pages: Vec<Page>,
    /// Which cap left something out.
    pub capped: Option<String>,
    /// What decoding left out.
    pub warnings: Vec<String>,
}

#[derive(Debug)]
struct Cached {
    item: KeptItem,
    until: Instant,
}

impl Cached {
    fn bytes(&self) -> usize {
        self.item.pages.iter().map(|page| page.answer.body.len()).sum()
    }
}

fn key(source: NameId, binds: &Binds) -> Key {
    let mut hasher = DefaultHasher::new();
    for (name, value) in binds {
        // With secrets opened: items that differ in nothing else are different items.
        (name, wire_json(value).to_string()).hash(&mut hasher);
    }
    (source, hasher.finish())
}

impl Reuse {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.get_or_init(Box::default).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an item came to, where that is fresh enough; its pages are marked.
    pub fn answer(&self, source: NameId, binds: &Binds, now: Instant) -> Option<KeptItem> {
        let kept = self.kept();
        let cached = kept.answers.get(&key(source, binds)).filter(|cached| now < cached.until)?;
        let mut item = cached.item.clone();
        item.pages.iter_mut().for_each(|page| page.from_cache = true);
        Some(item)
    }

    /// Keeps what an item came to; false where its pages are too large to be kept.
    pub fn keep(&self, source: NameId, binds: &Binds, item: KeptItem, until: Instant, now: Instant) -> bool {
        let mut kept = self.kept();
        kept.answers.retain(|_, cached| now < cached.until);
        let key = key(source, binds);
        kept.answers.remove(&key);
        kept.bytes = kept.answers.values().map(Cached::bytes).sum();
        let cached = Cached { item, until };
        let fits = kept.bytes + cached.bytes() <= limits::CACHE_BYTES;
        if fits {
            kept.bytes += cached.bytes();
            kept.answers.insert(key, cached);
        }
        fits
    }

    /// Forgets the answers of a source.
    pub fn forget(&self, source: NameId) {
        if self.0.get().is_some() {
            self.kept().answers.retain(|(of, _), _| *of != source);
        }
    }

    /// Books the next place of a source under its rate, and says how long it is till then. In no
    /// stretch of time of the rate's length are there more requests than it allows.
    pub fn book(&self, source: NameId, rate: Rate, now: Instant) -> Duration {
        let mut kept = self.kept();
        let sent = kept.sent.entry(source).or_default();
        let most = rate.requests.clamp(1, limits::RATE_REQUESTS);
        while sent.len() > most || sent.front().is_some_and(|first| sent.len() == most && *first + rate.per <= now) {
            sent.pop_front();
        }
        let free = sent.front().filter(|_| sent.len() == most).map_or(now, |first| (*first + rate.per).max(now));
        sent.push_back(free);
        free.saturating_duration_since(now)
    }

    /// Gives back the last booked place: the request was not made.
    pub fn unbook(&self, source: NameId) {
        if let Some(sent) = self.kept().sent.get_mut(&source) {
            sent.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;
    use crate::base::value::Value;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_stretch_of_time_holds_more_requests_than_the_rate(
            requests in 1_usize..5, per_ms in 1_u64..50, pauses in proptest::collection::vec(0_u64..30, 1..60),
        ) {
            let (reuse, mut now) = (Reuse::default(), Instant::now());
            let rate = Rate { requests, per: Duration::from_millis(per_ms) };
            let mut sent = Vec::new();
            for pause in pauses {
                now += Duration::from_millis(pause);
                sent.push(now + reuse.book(NameId(0), rate, now));
            }
            for (n, at) in sent.iter().enumerate() {
                prop_assert!(sent.get(n + requests).is_none_or(|later| *later >= *at + rate.per));
            }
        }
    }

    #[test]
    fn an_answer_is_kept_for_its_items_until_its_time_or_until_it_is_forgotten() {
        let (reuse, now) = (Reuse::default(), Instant::now());
        let binds: Binds = vec![(NameId(3), "a".into())];
        let page = Page::of(crate::net::Answer::of("body", "url"), "body".into());
        let item = KeptItem { pages: vec![page], capped: Some("a cap".to_owned()), ..KeptItem::default() };
        assert!(reuse.keep(NameId(0), &binds, item, now + Duration::from_secs(9), now));
        assert!(reuse.answer(NameId(0), &Vec::new(), now).is_none());
        assert!(reuse.answer(NameId(0), &binds, now).is_some_and(|item| item.pages[0].from_cache && item.capped.is_some()));
        assert!(reuse.answer(NameId(0), &binds, now + Duration::from_secs(9)).is_none());
        reuse.forget(NameId(0));
        assert!(reuse.answer(NameId(0), &binds, now).is_none());
    }

    #[test]
    fn items_that_differ_in_a_secret_only_are_kept_apart() {
        let binds = |secret: &str| -> Binds { vec![(NameId(3), Value::Secret(Secret::new(secret)))] };
        assert_ne!(key(NameId(0), &binds("a")), key(NameId(0), &binds("b")));
        assert_eq!(key(NameId(0), &binds("a")), key(NameId(0), &binds("a")));
    }
}
