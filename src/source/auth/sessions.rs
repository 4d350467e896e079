//! The tokens of one check: one login at a time, kept between runs, renewed once when refused.
//!
//! They are in memory only. Whoever needs a token while a login is under way waits for it; a token
//! has a generation, so fifty requests whose token was refused make one new login: the first to
//! come makes it, the others find a newer generation. A login that failed fails for the whole run.

use crate::base::limits;
use crate::base::masks::Masks;
use crate::base::span::Span;
use crate::base::time::Clock;
use crate::base::value::Value;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::net::login::{Login, Token};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// The tokens of one check; a pointer wide while there are none, as in most checks.
#[derive(Debug, Default)]
pub struct Sessions(OnceLock<Arc<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    slots: Mutex<HashMap<[u8; 32], Arc<Slot>>>,
    /// Counts the runs.
    run: AtomicU64,
}

type Slot = tokio::sync::Mutex<State>;

#[derive(Debug, Default)]
struct State {
    /// The token and when it ends.
    token: Option<(Value, Option<Instant>)>,
    /// What must not show of it, should a server repeat it.
    masks: Masks,
    /// Counts the logins that worked.
    generation: u64,
    /// The run in which the token was renewed because it was refused.
    renewed: Option<u64>,
    /// The run in which a login failed, and why.
    failed: Option<(u64, ExchangeError)>,
}

/// What a request may use.
#[derive(Clone, Debug)]
pub enum Given {
    /// A token and its generation.
    Token(Value, u64),
    /// None: the token was refused after a renewal in this run, and another one would not help.
    Spent,
}

impl Sessions {
    /// The same tokens for another form of the same check.
    pub fn share(&self) -> Sessions {
        Sessions(self.0.get().cloned().map_or_else(OnceLock::new, OnceLock::from))
    }

    /// A run begins: what failed before may be tried again.
    pub fn begin_run(&self) {
        if let Some(kept) = self.0.get() {
            kept.run.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What must not show of the tokens.
    pub fn masks(&self) -> Masks {
        let Some(kept) = self.0.get() else { return Masks::default() };
        let slots = kept.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is in use belongs to another form of the same check.
        slots.values().filter_map(|slot| slot.try_lock().ok()).map(|state| state.masks.clone()).fold(Masks::default(), Masks::and)
    }

    /// A token, of a login that is made now if there is none. `refused` is the generation of a token
    /// that was refused: only a newer one will do.
    ///
    /// # Errors
    /// Why the login failed; the same for all who waited for it, and for the rest of the run.
    pub async fn token<F>(&self, key: [u8; 32], refused: Option<u64>, clock: &dyn Clock, log_in: F) -> Result<Given, ExchangeError>
    where
        F: Future<Output = Result<Token, ExchangeError>>,
    {
        let kept = self.0.get_or_init(Arc::default);
        let run = kept.run.load(Ordering::Relaxed);
        let slot = kept.slot(key);
        let mut state = slot.lock().await;
        if let Some((_, error)) = state.failed.as_ref().filter(|(failed, _)| *failed == run) {
            return Err(error.clone());
        }
        let newer = refused.is_none_or(|refused| state.generation > refused);
        if let Some((token, until)) = &state.token
            && newer
            && until.is_none_or(|until| clock.instant() < until)
        {
            return Ok(Given::Token(token.clone(), state.generation));
        }
        if !newer && state.renewed == Some(run) {
            return Ok(Given::Spent);
        }
        state.token = None;
        match log_in.await {
            Ok(token) => {
                let until = token.ttl.and_then(|ttl| clock.instant().checked_add(ttl - limits::TOKEN_MARGIN.min(ttl / 10)));
                state.token = Some((token.value.clone(), until));
                let mut texts = Vec::new();
                texts_in(&token.value, &mut texts);
                state.masks = Masks::new(texts);
                state.generation += 1;
                if !newer {
                    state.renewed = Some(run);
                }
                Ok(Given::Token(token.value, state.generation))
            }
            Err(error) => {
                state.failed = Some((run, error.clone()));
                Err(error)
            }
        }
    }
}

fn texts_in<'v>(token: &'v Value, out: &mut Vec<&'v str>) {
    match token {
        Value::Text(text) => out.push(text),
        Value::Secret(secret) => out.push(secret.reveal()),
        Value::List(items) => items.iter().for_each(|item| texts_in(item, out)),
        Value::Map(map) => map.values().for_each(|item| texts_in(item, out)),
        _ => {}
    }
}

impl Kept {
    fn slot(&self, key: [u8; 32]) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= limits::SESSIONS && !slots.contains_key(&key) {
            // Those in use stay; a forgotten one costs a login.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry(key).or_default())
    }
}

/// What makes two logins one: their place in the spec and what their requests say.
pub fn key(span: Span, requests: &[HttpRequest]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(format!("{span:?}").as_bytes());
    for request in requests {
        part(request.method.as_bytes());
        part(request.url.as_bytes());
        for (name, value) in &request.headers {
            part(name.as_bytes());
            part(value.reveal().as_bytes());
        }
        part(request.body.as_deref().unwrap_or_default());
        match &request.login {
            Login::None => {}
            Login::Digest(login) => [&login.username, &login.password].into_iter().for_each(|text| part(text.reveal().as_bytes())),
            Login::SigV4(keys) => [keys.access_key.as_str(), keys.secret_key.reveal()].into_iter().for_each(|text| part(text.as_bytes())),
            Login::Token(login) => part(&login.asks().key),
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error_kind::ErrorKind;
    use crate::base::secret::Secret;
    use crate::net::digest::DigestLogin;
    use futures_util::future::join_all;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    /// A clock that stands where it was put.
    struct Hand(Mutex<Instant>);

    impl Clock for Hand {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn instant(&self) -> Instant {
            *self.0.lock().unwrap()
        }
    }

    impl Hand {
        fn new() -> Hand {
            Hand(Mutex::new(Instant::now()))
        }

        fn pass(&self, seconds: u64) {
            *self.0.lock().unwrap() += Duration::from_secs(seconds);
        }
    }

    const KEY: [u8; 32] = [1; 32];

    /// A login that gives a token of its number.
    async fn log_in(count: &AtomicUsize, ttl: Option<u64>) -> Result<Token, ExchangeError> {
        tokio::task::yield_now().await;
        let n = count.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Token { value: Value::Secret(Secret::new(format!("t{n}"))), ttl: ttl.map(Duration::from_secs) })
    }

    fn generation(given: Result<Given, ExchangeError>) -> u64 {
        match given.unwrap() {
            Given::Token(_, generation) => generation,
            Given::Spent => 0,
        }
    }

    /// Fifty requests at once, whose tokens had that generation, and the generations they get; 0 for
    /// none.
    async fn fifty(sessions: &Sessions, clock: &Hand, count: &AtomicUsize, refused: Option<u64>) -> Vec<u64> {
        let asked = (0..50).map(|_| sessions.token(KEY, refused, clock, log_in(count, None)));
        join_all(asked).await.into_iter().map(generation).collect()
    }

    #[tokio::test]
    async fn fifty_refused_at_once_make_one_new_login() {
        let (sessions, clock, count) = (Sessions::default(), Hand::new(), AtomicUsize::new(0));
        let made = || count.load(Ordering::Relaxed);
        assert_eq!(fifty(&sessions, &clock, &count, None).await, [1; 50]);
        assert_eq!(made(), 1);
        assert_eq!(fifty(&sessions, &clock, &count, Some(1)).await, [2; 50]);
        assert_eq!(made(), 2);
        // Refused again: the run has had its renewal, the next one has another.
        assert_eq!(fifty(&sessions, &clock, &count, Some(2)).await, [0; 50]);
        assert_eq!(made(), 2);
        sessions.begin_run();
        assert_eq!(fifty(&sessions, &clock, &count, Some(2)).await, [3; 50]);
        assert_eq!(made(), 3);
    }

    #[tokio::test]
    async fn a_failed_login_is_tried_once_in_a_run() {
        let (sessions, clock, tried) = (Sessions::default(), Hand::new(), AtomicUsize::new(0));
        let refuse = || async {
            tokio::task::yield_now().await;
            tried.fetch_add(1, Ordering::Relaxed);
            Err(ExchangeError::new(ErrorKind::Auth, "no"))
        };
        let all = join_all((0..50).map(|_| sessions.token(KEY, None, &clock, refuse()))).await;
        assert!(all.iter().all(|given| given.as_ref().is_err_and(|error| error.message == "no")));
        assert_eq!(tried.load(Ordering::Relaxed), 1);
        sessions.begin_run();
        assert_eq!(generation(sessions.token(KEY, None, &clock, log_in(&tried, None)).await), 1);
    }

    #[tokio::test]
    async fn a_token_ends_a_little_before_its_time() {
        let (sessions, clock, count) = (Sessions::default(), Hand::new(), AtomicUsize::new(0));
        let mut seen = Vec::new();
        for seconds in [0, 3569, 2, 0] {
            clock.pass(seconds);
            seen.push(generation(sessions.token(KEY, None, &clock, log_in(&count, Some(3600))).await));
        }
        assert_eq!(seen, [1, 1, 2, 2]);
        // Of a short life the margin is a tenth.
        let (sessions, mut seen) = (Sessions::default(), Vec::new());
        for seconds in [0, 8, 2] {
            clock.pass(seconds);
            seen.push(generation(sessions.token(KEY, None, &clock, log_in(&count, Some(10))).await));
        }
        assert_eq!(seen, [1, 1, 2]);
    }

    #[tokio::test]
    async fn a_login_that_is_broken_off_leaves_the_next_one_to_try() {
        let (sessions, clock, count) = (Sessions::default(), Hand::new(), AtomicUsize::new(0));
        let never = sessions.token(KEY, None, &clock, std::future::pending());
        assert!(tokio::time::timeout(Duration::ZERO, never).await.is_err());
        assert_eq!(generation(sessions.token(KEY, None, &clock, log_in(&count, None)).await), 1);
    }

    #[tokio::test]
    async fn the_number_of_tokens_has_a_bound() {
        let (sessions, clock, count) = (Sessions::default(), Hand::new(), AtomicUsize::new(0));
        for n in 0..limits::SESSIONS + 1 {
            let key = key(Span::default(), &[HttpRequest::get(format!("http://h.test/{n}"))]);
            sessions.token(key, None, &clock, log_in(&count, None)).await.unwrap();
        }
        assert!(sessions.0.get().unwrap().slots.lock().unwrap().len() <= limits::SESSIONS);
        assert_eq!(count.load(Ordering::Relaxed), limits::SESSIONS + 1);
    }

    #[test]
    fn logins_with_other_requests_are_others() {
        let one = HttpRequest::get("http://h.test/");
        let other = HttpRequest { body: Some("p".into()), ..one.clone() };
        let key = |request: &HttpRequest| key(Span::default(), std::slice::from_ref(request));
        assert_eq!(key(&one), key(&one.clone()));
        assert_ne!(key(&one), key(&other));
        let by = |password: &str| {
            let login = DigestLogin { username: Secret::new("u"), password: Secret::new(password) };
            HttpRequest { login: Login::Digest(Arc::new(login)), ..one.clone() }
        };
        assert_ne!(key(&by("a")), key(&by("b")));
    }
}
