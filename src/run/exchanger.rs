//! How a run talks to the outside: live, or as a test says.

use crate::base::time::Clock;
use crate::expr::frame::Marks;
use crate::net::{Answer, ExchangeError};
use crate::source::{Outside, Request, exchange};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The answers of one exchange, some time later.
pub type Answers<'a> = Pin<Box<dyn Future<Output = Result<Vec<Answer>, ExchangeError>> + Send + 'a>>;

/// Where requests go.
pub trait Exchanger: Send + Sync {
    /// One exchange of the named source.
    fn exchange<'a>(&'a self, source: &'a str, request: &'a Request) -> Answers<'a>;

    /// A pause between two requests.
    fn pause(&self, time: Duration) -> Pause<'_>;

    /// Where it is noted which places of the spec a run reaches; a live run notes nothing.
    fn marks(&self) -> Option<Arc<Marks>> {
        None
    }
}

/// The end of a pause.
pub type Pause<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Talks to real servers, programs and files.
pub struct Live {
    /// Connections and children, shared by all checks.
    pub outside: Outside,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
}

impl Exchanger for Live {
    fn exchange<'a>(&'a self, _: &'a str, request: &'a Request) -> Answers<'a> {
        Box::pin(exchange(&self.outside, request, &*self.clock))
    }

    fn pause(&self, time: Duration) -> Pause<'_> {
        Box::pin(tokio::time::sleep(time))
    }
}
