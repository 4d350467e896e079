//! What the daemon shows of itself: a page for people, JSON for `engine status` and programs,
//! metrics for Prometheus.
//!
//! Everything here only reads the board. Nothing can be changed through it: a reload is a signal or a
//! changed file, and every method but GET is refused.

pub mod doors;
pub mod metrics;
pub mod page;
pub mod server;
pub mod socket;

use crate::agent::board::{Board, InstanceView, Summary};
use crate::base::time::Clock;
use serde::Serialize;
use std::sync::Arc;

/// What all forms of the status are made of.
pub struct Known {
    /// The board.
    pub board: Arc<Board>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
}

/// The whole status as JSON.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    summary: Summary,
    instances: Vec<InstanceView>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub code: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    fn ok(content_type: &'static str, body: String) -> Self {
        Answer { code: 200, content_type, body }
    }

    /// A refusal in words.
    pub fn refused(code: u16, why: &str) -> Self {
        Answer { code, content_type: "text/plain; charset=utf-8", body: format!("{why}\n") }
    }
}

impl Known {
    /// The answer for a path that only the user of the daemon may ask for.
    pub fn own_answer(&self, path: &str, query: Option<&str>) -> Answer {
        match path {
            "/log" => Answer::ok("text/plain; charset=utf-8", crate::agent::log::recent()),
            _ => self.answer(path, query),
        }
    }

    /// The answer for a path with its query.
    pub fn answer(&self, path: &str, query: Option<&str>) -> Answer {
        match path {
            "/" => Answer::ok(
                "text/html; charset=utf-8",
                page::overview(&self.board.summary(), &self.instances(""), asked(query, "q"), self.clock.now()),
            ),
            "/status.json" => Answer::ok("application/json", self.json(&asked(query, "check"))),
            "/metrics" => {
                Answer::ok("text/plain; version=0.0.4; charset=utf-8", metrics::metrics(&self.board.summary(), &self.instances("")))
            }
            "/healthz" => Answer::ok("text/plain; charset=utf-8", "ok\n".to_owned()),
            _ => match path.strip_prefix("/instance/").and_then(|id| id.parse::<u32>().ok()) {
                Some(id) => match self.instances("").into_iter().find(|instance| instance.id == id) {
                    Some(instance) => Answer::ok("text/html; charset=utf-8", page::instance(&instance, self.clock.now())),
                    None => Answer::refused(404, "there is no such instance"),
                },
                None => Answer::refused(404, "there are /, /instance/N, /status.json, /metrics and /healthz"),
            },
        }
    }

    fn instances(&self, name: &str) -> Vec<InstanceView> {
        let now = (self.clock.now(), self.clock.instant());
        self.board.instances(now, |check| name.is_empty() || &*check.plan.spec.name == name || check.label() == name)
    }

    /// The status of everything, or of one check or instance.
    fn json(&self, name: &str) -> String {
        let whole = Whole { summary: self.board.summary(), instances: self.instances(name) };
        serde_json::to_string(&whole).unwrap_or_default()
    }
}

/// One parameter of a query.
fn asked(query: Option<&str>, key: &str) -> String {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.into_iter().find(|(name, _)| name == key).map(|(_, value)| value.into_owned()).unwrap_or_default()
}
