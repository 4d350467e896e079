//! The outside of a test: every request is answered from its `given`, none leaves the program.
//!
//! What a real exchange judges is judged here, too: statuses, exit codes, sizes and time limits.
//! Files are laid down in a folder of their own and read by the real reader, so tails, patterns and
//! encodings behave as they do.

use super::answer::{self, Beside};
use super::given::{AnswerGiven, Given};
use super::matching::fits;
use super::stage::Stage;
use super::time::Still;
use crate::base::diag::Diagnostic;
use crate::base::error_kind::ErrorKind;
use crate::base::span::Span;
use crate::base::value::Text;
use crate::expr::frame::Marks;
use crate::net::{Answer, ExchangeError};
use crate::run::exchanger::{Answers, Exchanger, Pause};
use crate::source::Request;
use crate::yaml::basic::{KeyedEntry, Placed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A request that was made.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The source, or its login.
    pub source: String,
    /// What was asked.
    pub request: Request,
}

/// The answers of one test.
pub struct Script<'t> {
    given: &'t [KeyedEntry<Given>],
    beside: Beside<'t>,
    clock: Arc<Still>,
    state: Mutex<State>,
    marks: Arc<Marks>,
}

#[derive(Default)]
struct State {
    /// The number of the run, from 0.
    run: usize,
    /// How often each answer was given, by its place; in this run, and in all.
    used: BTreeMap<Span, (usize, usize)>,
    /// The folders of file sources.
    stages: BTreeMap<String, Arc<Stage>>,
    asked: Vec<Asked>,
    problems: Vec<Diagnostic>,
}

/// The answer to a request, as written.
struct Found<'t> {
    answer: &'t Placed<AnswerGiven>,
    /// Whose answers these are: a login is answered by its source.
    source: &'t str,
}

impl<'t> Script<'t> {
    /// The script of a test.
    pub fn new(given: &'t [KeyedEntry<Given>], beside: Beside<'t>, clock: Arc<Still>) -> Self {
        Script { given, beside, clock, state: Mutex::default(), marks: Arc::default() }
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next run begins.
    pub fn begin(&self, run: usize) {
        self.state(|state| {
            state.run = run;
            state.asked.clear();
            state.used.values_mut().for_each(|(now, _)| *now = 0);
        });
    }

    /// The requests of this run, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.state(|state| state.asked.clone())
    }

    /// What was wrong with the answers.
    pub fn problems(&self) -> Vec<Diagnostic> {
        self.state(|state| state.problems.clone())
    }

    /// The answers that nothing asked for, as problems.
    pub fn unused(&self) -> Vec<Diagnostic> {
        let used = self.state(|state| state.used.keys().copied().collect::<BTreeSet<_>>());
        let all = self.given.iter().flat_map(|entry| entry.value.runs.iter().map(move |run| (entry, run)));
        let answers = all.flat_map(|(entry, run)| run.answers.iter().map(move |answer| (entry, answer)));
        answers.filter(|(_, answer)| !used.contains(&answer.span)).map(|(entry, answer)| never_asked(entry, answer)).collect()
    }

    fn find(&self, source: &str, request: &Request) -> Option<Found<'t>> {
        let login = source.strip_suffix(".login");
        let own = self.given.iter().filter(|entry| &*entry.key == source);
        let of_source = self.given.iter().filter(|entry| login.is_some_and(|of| &*entry.key == of));
        let others = self.given.iter().filter(|_| login.is_some() || source.starts_with("auth."));
        let candidates = own.map(|entry| (entry, false)).chain(of_source.chain(others).map(|entry| (entry, true)));
        candidates.into_iter().find_map(|(entry, only_matched)| {
            let run = self.state(|state| state.run);
            let answers = entry.value.runs.get(run).or(entry.value.runs.last())?;
            self.choose(&answers.answers, request, only_matched).map(|answer| Found { answer, source: &entry.key })
        })
    }

    /// The first answer that fits and is not used up; where all are, the last one that has no limit.
    fn choose(&self, answers: &'t [Placed<AnswerGiven>], request: &Request, only_matched: bool) -> Option<&'t Placed<AnswerGiven>> {
        let fitting = answers.iter().filter(|answer| match &answer.value.r#match {
            Some(wanted) => fits(wanted, request),
            None => !only_matched,
        });
        let used = |answer: &Placed<AnswerGiven>| self.state(|state| state.used.get(&answer.span).map_or(0, |(now, _)| *now));
        let mut last = None;
        for answer in fitting {
            let times = answer.value.times.map_or(1, |times| times.0);
            if used(answer) < times {
                return Some(answer);
            }
            if answer.value.times.is_none() {
                last = Some(answer);
            }
        }
        last
    }

    async fn answer(&self, source: &str, request: &Request) -> Result<Vec<Answer>, ExchangeError> {
        self.state(|state| state.asked.push(Asked { source: source.to_owned(), request: request.clone() }));
        let Some(found) = self.find(source, request) else {
            let problem = super::hint::no_answer(self.given, source, request, self.beside.test);
            self.state(|state| state.problems.push(problem));
            return Err(ExchangeError::new(ErrorKind::NotFound, "the test has no answer for this request"));
        };
        let span = found.answer.span;
        let first = self.state(|state| {
            let (now, all) = state.used.entry(span).or_default();
            *now += 1;
            *all += 1;
            *all == 1
        });
        let given = &found.answer.value;
        match request {
            Request::File(file) if given.error.is_none() => {
                let stage = self.stage(found.source, given, &file.pattern, first)?;
                self.clock.really(stage.read(file, &*self.clock)).await
            }
            other => answer::of(given, span, other, &self.beside, &*self.clock).map_err(|why| self.told(why)),
        }
    }

    /// The folder of a file source with what this run finds in it.
    fn stage(&self, source: &str, given: &AnswerGiven, pattern: &std::path::Path, first: bool) -> Result<Arc<Stage>, ExchangeError> {
        let stage = self.state(|state| state.stages.get(source).cloned());
        let stage = match stage {
            Some(stage) => stage,
            None => {
                let stage = Arc::new(Stage::new().map_err(|why| self.told(answer::Why::Broken(self.beside.unusable(&why))))?);
                self.state(|state| state.stages.insert(source.to_owned(), stage.clone()));
                stage
            }
        };
        if first {
            stage.lay(given, pattern, &self.beside).map_err(|problem| self.told(answer::Why::Broken(problem)))?;
        }
        Ok(stage)
    }

    /// Notes a broken test; a given error is what the source gets.
    fn told(&self, why: answer::Why) -> ExchangeError {
        match why {
            answer::Why::Given(error) => error,
            answer::Why::Broken(problem) => {
                let message = problem.title.clone();
                self.state(|state| state.problems.push(*problem));
                ExchangeError::new(ErrorKind::NotFound, message)
            }
        }
    }
}

fn never_asked(entry: &KeyedEntry<Given>, answer: &Placed<AnswerGiven>) -> Diagnostic {
    let source: &Text = &entry.key;
    let problem = Diagnostic::error("answer-never-asked", format!("an answer of `{source}` that nothing asked for"), answer.span);
    let what = if answer.value.r#match.is_some() { "no request is like its `match`" } else { "no request came to it" };
    problem.label(what).help("remove it, or change what makes the requests: `engine check` with `--trace` shows them")
}

impl Exchanger for Script<'_> {
    fn exchange<'a>(&'a self, source: &'a str, request: &'a Request) -> Answers<'a> {
        Box::pin(self.answer(source, request))
    }

    fn pause(&self, time: Duration) -> Pause<'_> {
        self.clock.pause(time)
    }

    fn marks(&self) -> Option<Arc<Marks>> {
        Some(self.marks.clone())
    }
}
