//! How a rendered request logs in, beyond headers of its own.
//!
//! Digests and signatures depend on the final address, method and body of every hop, so they are
//! made here. A login that needs a request of its own is only described here, by [`TokenLogin`]:
//! who runs a check sends that request, keeps the token and repeats what was refused.

use super::client::HttpClients;
use super::digest::{Challenge, DigestLogin};
use super::http::HttpRequest;
use super::redirect::Hop;
use super::sigv4::SigV4;
use super::{Answer, ExchangeError};
use crate::base::span::Span;
use crate::base::time::Clock;
use crate::base::value::{Text, Value};
use reqwest::{Response, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What is done about each hop on home ground; nothing of it follows to another host.
#[derive(Clone, Default)]
pub enum Login {
    /// Nothing: what logs in stands in headers, or nobody asks.
    #[default]
    None,
    /// Challenge and response.
    Digest(Arc<DigestLogin>),
    /// A signature of each request.
    SigV4(Arc<SigV4>),
    /// A token that another request gives; the exchange itself sends the request without it.
    Token(Arc<dyn TokenLogin>),
}

/// A login by a request of its own, rendered for one request of a source.
pub trait TokenLogin: Send + Sync {
    /// Which login it is, and what it asks.
    fn asks(&self) -> &Asks;
    /// The token in the answer to one of them.
    ///
    /// # Errors
    /// Why the answer is no login, as a sentence fragment without secrets.
    fn token(&self, answer: Answer) -> Result<Token, ExchangeError>;
    /// Adds a token to a request.
    ///
    /// # Errors
    /// Why it cannot be added.
    fn inject(&self, token: &Value, request: &mut HttpRequest) -> Result<(), ExchangeError>;
    /// True for an answer that asks for a new login.
    fn refuses(&self, answer: &Answer) -> bool;
    /// What an answer with an unwanted status says about itself.
    fn complaint(&self, _: &Answer) -> Option<String> {
        None
    }
}

/// Which login it is, and what it asks.
pub struct Asks {
    /// Its name, if it is a named login.
    pub name: Option<Text>,
    /// Its place in the spec.
    pub span: Span,
    /// What is different for every login that gives another token.
    pub key: [u8; 32],
    /// The requests that log in, tried in order until one works.
    pub requests: Vec<HttpRequest>,
}

/// What a login gave.
#[derive(Clone, Debug)]
pub struct Token {
    /// Every text in it is a secret.
    pub value: Value,
    /// How long it holds; without end where nobody says.
    pub ttl: Option<Duration>,
}

impl HttpClients {
    /// The answer to one hop, with what its login asks for.
    pub(super) async fn answered(
        &self,
        hop: &Hop,
        request: &HttpRequest,
        deadline: Instant,
        clock: &dyn Clock,
    ) -> Result<Response, ExchangeError> {
        match &request.login {
            Login::Digest(login) if !hop.foreign => Box::pin(self.by_digest(hop, login, request, deadline)).await,
            Login::SigV4(keys) if !hop.foreign => self.send(&keys.sign(hop, clock.now())?, request, deadline).await,
            Login::Digest(_) | Login::SigV4(_) | Login::Token(_) | Login::None => self.send(hop, request, deadline).await,
        }
    }

    async fn by_digest(&self, hop: &Hop, login: &DigestLogin, request: &HttpRequest, deadline: Instant) -> Result<Response, ExchangeError> {
        let prepared = self.nonces.prepared(hop, login);
        let response = self.send(prepared.as_ref().unwrap_or(hop), request, deadline).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        // A nonce that is too old, and a first request: both are answered with a new nonce.
        let met = Challenge::of(response.headers()).and_then(|challenge| self.nonces.meet(challenge, hop, login));
        let Some(met) = met else {
            self.nonces.forget(hop, login);
            return Ok(response);
        };
        drop(response);
        let response = self.send(&met, request, deadline).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            self.nonces.forget(hop, login);
        }
        Ok(response)
    }
}
