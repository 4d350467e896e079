//! Requests that need a token: the login before them, and its renewal when it was refused.
//!
//! Who waits for whom, and how long a token is kept, is told in [`crate::source::auth::sessions`].
//! Scripts and traces see a login as a request of `SOURCE.login`, or of `auth.NAME` for a login with
//! a name.

use super::RunCx;
use super::exchanger::Answers;
use super::trace::Step;
use crate::base::error_kind::ErrorKind;
use crate::base::print::one_line;
use crate::base::secret::{MASK, Secret};
use crate::base::value::Value;
use crate::net::http::HttpRequest;
use crate::net::login::{Login, Token, TokenLogin};
use crate::net::{Answer, ExchangeError, words};
use crate::source::Request;
use crate::source::auth::sessions::Given;
use std::pin::Pin;

/// One exchange of a source, with the login that its request asks for.
pub fn authorized<'a>(cx: &'a RunCx<'_>, source: &'a str, request: &'a Request) -> Answers<'a> {
    match request {
        Request::Http(http) => match &http.login {
            Login::Token(login) => Box::pin(with_token(cx, source, &**login, http)),
            _ if !http.secrets.is_empty() => Box::pin(async {
                let mut outcome = cx.exchanger.exchange(source, request).await;
                conceal(&http.secrets, &mut outcome);
                outcome
            }),
            Login::None | Login::Digest(_) | Login::SigV4(_) => cx.exchanger.exchange(source, request),
        },
        Request::Command(_) | Request::File(_) => cx.exchanger.exchange(source, request),
    }
}

async fn with_token(cx: &RunCx<'_>, source: &str, login: &dyn TokenLogin, http: &HttpRequest) -> Result<Vec<Answer>, ExchangeError> {
    let Given::Token(token, generation) = token(cx, source, login, None).await? else {
        return Err(ExchangeError::new(ErrorKind::Auth, SPENT));
    };
    let first = exchange(cx, source, login, &token, http).await;
    if !is_refused(login, &first) {
        return first;
    }
    match self::token(cx, source, login, Some(generation)).await? {
        Given::Spent => Err(refused(first)),
        Given::Token(token, _) => {
            let second = exchange(cx, source, login, &token, http).await;
            if is_refused(login, &second) { Err(refused(second)) } else { second }
        }
    }
}

const SPENT: &str = "refused with a new login, too";

/// The error of an answer that a new login did not help.
fn refused(outcome: Result<Vec<Answer>, ExchangeError>) -> ExchangeError {
    match outcome {
        Err(error) => ExchangeError { kind: ErrorKind::Auth, message: format!("{}; {SPENT}", error.message), ..error },
        Ok(mut answers) => {
            let answer = answers.pop();
            let status = answer.as_ref().and_then(|answer| answer.status).map(|status| format!("HTTP {status}; ")).unwrap_or_default();
            ExchangeError { answer: answer.map(Box::new), ..ExchangeError::new(ErrorKind::Auth, format!("{status}{SPENT}")) }
        }
    }
}

fn is_refused(login: &dyn TokenLogin, outcome: &Result<Vec<Answer>, ExchangeError>) -> bool {
    match outcome {
        Ok(answers) => answers.iter().any(|answer| login.refuses(answer)),
        Err(error) => error.answer.as_ref().is_some_and(|answer| login.refuses(answer)),
    }
}

async fn exchange(
    cx: &RunCx<'_>,
    source: &str,
    login: &dyn TokenLogin,
    token: &Value,
    http: &HttpRequest,
) -> Result<Vec<Answer>, ExchangeError> {
    let mut ready = HttpRequest { login: Login::None, ..http.clone() };
    login.inject(token, &mut ready)?;
    let mut outcome = cx.exchanger.exchange(source, &Request::Http(Box::new(ready))).await;
    let mut hidden = http.secrets.clone();
    secrets(token, &mut hidden);
    conceal(&hidden, &mut outcome);
    outcome
}

/// An address is seen by specs and outputs; what is secret in it is not.
fn conceal(hidden: &[Secret], outcome: &mut Result<Vec<Answer>, ExchangeError>) {
    let conceal = |answer: &mut Answer| {
        if let Ok(url) = url::Url::parse(&answer.url) {
            answer.url = words::without_secrets(&url, hidden);
        }
    };
    match outcome {
        Ok(answers) => answers.iter_mut().for_each(conceal),
        Err(error) => error.answer.iter_mut().for_each(|answer| conceal(answer)),
    }
}

/// The error of an unwanted status with the server's own words for it, which may repeat what it was
/// sent.
pub fn explained(cx: &RunCx<'_>, error: ExchangeError, request: &Request) -> ExchangeError {
    let (ErrorKind::HttpStatus, Some(answer), Request::Http(http)) = (error.kind, &error.answer, request) else { return error };
    let Some(said) = words::said(&answer.body) else { return error };
    let mut hidden = http.secrets.clone();
    [&cx.check.instance.config, &cx.check.instance.init_config].into_iter().for_each(|given| secrets(given, &mut hidden));
    let hidden = hidden.iter().map(Secret::reveal).filter(|text| !text.is_empty());
    let said = hidden.fold(said, |said, text| said.replace(text, MASK));
    ExchangeError { message: format!("{}: {said}", error.message), ..error }
}

fn secrets(token: &Value, out: &mut Vec<Secret>) {
    match token {
        Value::Secret(secret) => out.push(secret.clone()),
        Value::Map(map) => map.iter().for_each(|(_, value)| secrets(value, out)),
        Value::List(items) => items.iter().for_each(|value| secrets(value, out)),
        _ => {}
    }
}

async fn token(cx: &RunCx<'_>, source: &str, login: &dyn TokenLogin, refused: Option<u64>) -> Result<Given, ExchangeError> {
    let log_in: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(log_in(cx, source, login));
    cx.check.sessions.token(login.asks().key, refused, cx.clock, log_in).await
}

/// The requests of a login, in turn until one works.
async fn log_in(cx: &RunCx<'_>, source: &str, login: &dyn TokenLogin) -> Result<Token, ExchangeError> {
    let name = login.asks().name.as_deref().map_or_else(|| format!("{source}.login"), |name| format!("auth.{name}"));
    let mut last = ExchangeError::new(ErrorKind::Auth, "there is nothing to ask");
    for http in &login.asks().requests {
        let request = Request::Http(Box::new(http.clone()));
        let began = cx.clock.instant();
        let outcome = authorized(cx, &name, &request).await;
        let status = match &outcome {
            Ok(answers) => answers.first().and_then(|answer| answer.status),
            Err(error) => error.answer.as_ref().and_then(|answer| answer.status),
        };
        let found = outcome.and_then(|mut answers| match answers.pop() {
            Some(answer) => login.token(answer),
            None => Err(ExchangeError::new(ErrorKind::Auth, "there is no answer")),
        });
        note(cx, login, &name, &request, (status, began), found.as_ref().err());
        match found {
            Ok(token) => return Ok(token),
            Err(error) => last = failed(login, &request, error),
        }
    }
    Err(last)
}

/// A login that a server refuses is an error of kind `auth`; one that reaches no server is that of
/// the connection.
fn failed(login: &dyn TokenLogin, request: &Request, error: ExchangeError) -> ExchangeError {
    let kind = match error.kind {
        ErrorKind::HttpStatus | ErrorKind::Decode | ErrorKind::Expect => ErrorKind::Auth,
        other => other,
    };
    let name = login.asks().name.as_deref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let complaint = error.answer.as_ref().and_then(|answer| login.complaint(answer)).map(|why| format!(": {why}")).unwrap_or_default();
    // The answer of a login may hold secrets, so it is not that of the source.
    ExchangeError::new(kind, format!("the login{name} ({}) failed: {}{complaint}", request.describe(), error.message))
}

fn note(
    cx: &RunCx<'_>,
    login: &dyn TokenLogin,
    name: &str,
    request: &Request,
    (status, began): (Option<u16>, std::time::Instant),
    error: Option<&ExchangeError>,
) {
    let Some(trace) = cx.trace else { return };
    let elapsed = cx.clock.instant().saturating_duration_since(began).as_secs_f64() * 1e3;
    let status = status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
    let mut lines = vec![format!("request  {} ({elapsed:.1} ms{status})", one_line(&request.describe()))];
    lines.push(match error {
        Some(error) => format!("error    {}: {}", error.kind.word(), one_line(&error.message)),
        None => format!("token    {MASK}"),
    });
    trace.note(Step { span: login.asks().span, what: format!("login `{name}`"), lines });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_the_token_and_keep_the_rest() {
        let mut hidden = Vec::new();
        secrets(&Value::list(vec![Value::Secret(Secret::new("a b"))]), &mut hidden);
        let mut outcome = Ok(vec![Answer::of("", "http://h.test/x?sid=a+b&page=2"), Answer::of("", "http://h.test/x?q=x%20y")]);
        conceal(&hidden, &mut outcome);
        let addresses: Vec<_> = outcome.unwrap().into_iter().map(|answer| answer.url).collect();
        assert_eq!(addresses, ["http://h.test/x?sid=****&page=2", "http://h.test/x?q=x%20y"]);
    }
}
