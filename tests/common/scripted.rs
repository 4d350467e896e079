//! Answers from a script instead of the outside.

#![allow(dead_code)]

use engine::base::error_kind::ErrorKind;
use engine::net::http::wanted_status;
use engine::net::{Answer, ExchangeError};
use engine::run::exchanger::{Answers, Exchanger, Pause};
use engine::source::Request;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One answer of a script, or several for a file pattern.
pub type Scripted = Result<Vec<Answer>, ExchangeError>;

/// Gives the answers of each source in order; the last one repeats.
#[derive(Debug, Default)]
pub struct Script {
    answers: Mutex<HashMap<String, VecDeque<Scripted>>>,
    /// What was asked, in order: the source and the request in one line.
    asked: Mutex<Vec<(String, String)>>,
    pauses: Mutex<Vec<Duration>>,
}

impl Script {
    /// Adds an answer of a source.
    pub fn add(&self, source: &str, answer: Scripted) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.entry(source.to_owned()).or_default().push_back(answer);
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The pauses so far.
    pub fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn next(&self, source: &str) -> Scripted {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = answers.get_mut(source) else {
            return Err(ExchangeError::new(ErrorKind::NotFound, format!("the script has no answer for source `{source}`")));
        };
        let next = if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() };
        next.unwrap_or_else(|| Err(ExchangeError::new(ErrorKind::NotFound, "the script is at its end")))
    }
}

impl Exchanger for Script {
    fn exchange<'a>(&'a self, source: &'a str, request: &'a Request) -> Answers<'a> {
        let asked = (source.to_owned(), request.describe());
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        let answer = self.next(source).and_then(|answers| match request {
            // What the real exchange judges, a script judges too.
            Request::Http(http) => {
                let judged =
                    answers.into_iter().map(|answer| if answer.status.is_some() { wanted_status(answer, http) } else { Ok(answer) });
                judged.collect()
            }
            _ => Ok(answers),
        });
        Box::pin(async move { answer })
    }

    /// No time passes in a script, but pauses are noted.
    fn pause(&self, time: Duration) -> Pause<'_> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner).push(time);
        Box::pin(async {})
    }
}
