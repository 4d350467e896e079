//! A token that a request of one's own gives.
//!
//! ```yaml
//! auth:
//!   session:
//!     login:
//!       http: {url: /login, form: {user: "{{ instance.user }}", password: "{{ instance.password }}"}}
//!       expect: row.error is undefined           # on the login's answer
//!     token: $.result                            # or answer.cookie, answer.headers['x-auth-token']
//!     ttl: 15m
//!     renew_on: [401, 403]
//!     inject: {header: {X-Auth: "{{ token }}"}}  # or query, or json
//! ```
//!
//! The token is kept between runs, and renewed when its time is over or once when it is refused.

use super::answer::{self, AnswerValue, document, shape_of};
use super::{Around, Login};
use crate::base::diag::Diagnostic;
use crate::base::error_kind::ErrorKind;
use crate::base::name::NameId;
use crate::base::print::{cut, one_line, text_of};
use crate::base::secret::{MASK, Secret};
use crate::base::span::Span;
use crate::base::suggest::{listed, nearest};
use crate::base::value::Value;
use crate::decode::Decode;
use crate::expr::code::{Code, Expression, Setting};
use crate::expr::data::{DataMap, DataTemplate};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::expr::names::{ROW, TOKEN};
use crate::net::http::HttpRequest;
use crate::net::login::{self, Asks, Token, TokenLogin};
use crate::net::status::StatusSet;
use crate::net::{Answer, ExchangeError};
use crate::source::bad_part;
use crate::source::http::Prepared;
use crate::source::statuses::Statuses;
use crate::source::wire::{wire_json, wire_pairs};
use crate::yaml::basic::Seconds;
use crate::yaml::kind::Kind;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader, Record};
use crate::yaml::shape::{KindDoc, Shape};
use std::sync::{Arc, Mutex, PoisonError};

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Login>> = Kind {
    name: "session",
    docs: || KindDoc {
        name: "session",
        doc: "A token that a request of your own gives, kept between runs and renewed when its time is over, or once when it is refused.",
        fields: Session::docs(),
        short: None,
    },
    read: |node, reader| Session::read(node, reader).map(|session| Arc::new(Declared(Arc::new(session))) as Arc<dyn Login>),
};

crate::fields! {
    /// A token that a request of your own gives.
    pub struct Session, "session" {
        /// The request that logs in.
        login: LoginRequest;
        /// The token in its answer, or a map of several: `row` (and `$`) is the document, `answer` has `status`, `headers`, `cookies`, `cookie` (all of them, as the header `Cookie` takes them), `url`, `body`, `doc` and `elapsed`.
        token: OfAnswer;
        /// How long the token holds; without it until it is refused.
        ttl: Option<Setting<Seconds>>;
        /// Statuses that ask for a new login.
        renew_on: Setting<Statuses> = Setting::Fixed(Statuses(Arc::new(refused()))), "[401]";
        /// A condition on each answer of the source, as `row` and `answer`: where it holds, it asks for a new login. For servers that say so in an answer of status 200.
        renew_when: Option<OfAnswer>;
        /// Where the token goes.
        inject: Inject;
    }
}

crate::fields! {
    /// The request that logs in.
    pub struct LoginRequest, "login request" {
        /// Its keys are those of an `http` source. An address that starts with `/` is appended to the source's `base_url`, or else to its host; `tls` and `proxy` are as in the source where they are not given.
        http: Prepared;
        /// How the answer is decoded; guessed where it is not given.
        decode: Option<Decode>;
        /// A condition on the answer, as `row` and `answer`; where it does not hold the login has failed.
        expect: Option<OfAnswer>;
    }
}

crate::fields! {
    /// Where a token goes: `token` is its name here.
    pub struct Places, "inject" {
        /// Headers that carry it.
        header: Option<DataMap>;
        /// Parameters of the address that carry it.
        query: Option<DataMap>;
        /// What is merged into the JSON body.
        json: Option<DataTemplate>;
    }
}

/// The statuses that ask for a new login where nothing else is said.
fn refused() -> StatusSet {
    StatusSet::of([(401, 401)])
}

/// An expression that sees an answer.
#[derive(Clone, Debug)]
pub struct OfAnswer {
    code: Code,
    answer: NameId,
}

impl Field for OfAnswer {
    fn shape() -> Shape {
        Shape::Expression
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (read, _) = reader.within(|reader| {
            reader.bind("row", Span::default());
            let answer = reader.bind(answer::NAME, node.span);
            Expression::read(node, reader).map(|read| OfAnswer { code: read.0, answer })
        });
        if let Some(read) = &read {
            reader.problems.extend(unknown_member(read));
        }
        read
    }
}

fn unknown_member(read: &OfAnswer) -> Option<Diagnostic> {
    let known = answer::MEMBERS.iter().copied();
    let member = |used: &crate::yaml::read::Use| {
        used.member.clone().filter(|member| used.name == read.answer && !known.clone().any(|k| *k == **member))
    };
    let (used, member) = read.code.uses.iter().find_map(|used| member(used).map(|member| (used, member)))?;
    let problem = Diagnostic::error("unknown-member", format!("`answer` has no `{member}`"), used.span);
    let problem = match nearest(&member, known.clone()) {
        Some(near) => problem.label(format!("did you mean `answer.{near}`?")),
        None => problem.label("the answer itself"),
    };
    Some(problem.help(format!("use one of {}; its document is `row`", listed(known, 10))))
}

impl OfAnswer {
    fn bind(&self, answer: &Answer, doc: &Value, frame: &mut Frame) {
        frame.set(ROW, doc.clone());
        frame.set(self.answer, Value::Lazy(Arc::new(AnswerValue::new(answer.clone(), doc.clone()))));
    }
}

/// Where a token goes.
#[derive(Clone, Debug)]
pub struct Inject(Places);

impl Field for Inject {
    fn shape() -> Shape {
        Places::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let at = reader.uses.len();
        let (read, _) = reader.within(|reader| {
            reader.bind("token", Span::default());
            Places::read(node, reader)
        });
        let read = read?;
        if !reader.uses.iter().skip(at).any(|(used, _)| used.name == TOKEN) {
            let problem = Diagnostic::error("unused-token", "an `inject` without the token", node.span).label("nothing here uses `token`");
            reader.report(problem.help("write `inject: {header: {Authorization: \"Bearer {{ token }}\"}}`"));
            return None;
        }
        Some(Inject(read))
    }
}

impl Session {
    fn answer_codes(&self) -> impl Iterator<Item = &Code> {
        [Some(&self.token), self.renew_when.as_ref(), self.login.expect.as_ref()].into_iter().flatten().map(|of| &of.code)
    }
}

/// Shared by what is rendered of it.
#[derive(Debug)]
struct Declared(Arc<Session>);

impl Login for Declared {
    fn apply(&self, around: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        let session = &self.0;
        let requests = session.login.http.rendered(around.folders, Some(around), frame)?;
        let ttl = match session.ttl.as_ref().map(|ttl| ttl.get(frame)) {
            None | Some(Err(Fault::Missing)) => None,
            Some(ttl) => Some(ttl.map_err(|fault| bad_part("auth.session.ttl", fault))?.duration()),
        };
        let rendered = Rendered {
            asks: Asks { name: around.name.cloned(), span: around.span, key: super::sessions::key(around.span, &requests), requests },
            ttl,
            renew_on: match session.renew_on.get(frame) {
                Err(Fault::Missing) => Arc::new(refused()),
                renew_on => renew_on.map_err(|fault| bad_part("auth.session.renew_on", fault))?.0,
            },
            session: Arc::clone(session),
            frame: Mutex::new(frame.clone()),
        };
        request.login = login::Login::Token(Arc::new(rendered));
        Ok(())
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        let session = &self.0;
        session.login.http.codes(take);
        session.answer_codes().for_each(&mut *take);
        session.ttl.iter().filter_map(Setting::code).for_each(&mut *take);
        session.renew_on.code().into_iter().for_each(&mut *take);
        let places = &session.inject.0;
        [&places.header, &places.query].into_iter().flatten().for_each(|map| map.0.codes(take));
        places.json.iter().for_each(|json| json.codes(take));
    }
}

/// The login of one moment, with the names of that moment.
struct Rendered {
    asks: Asks,
    ttl: Option<std::time::Duration>,
    renew_on: Arc<StatusSet>,
    session: Arc<Session>,
    frame: Mutex<Frame>,
}

impl TokenLogin for Rendered {
    fn asks(&self) -> &Asks {
        &self.asks
    }

    fn token(&self, answer: Answer) -> Result<Token, ExchangeError> {
        let login = &self.session.login;
        let decoder = login.decode.as_ref().map(|decode| &*decode.0);
        let doc = document(&answer, decoder).map_err(|_| failed(undecoded(&answer)))?;
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        let of = &self.session.token;
        of.bind(&answer, &doc, &mut frame);
        let found = of.code.eval(&mut frame).map(|value| value.materialize());
        if let Some(expect) = &login.expect {
            expect.bind(&answer, &doc, &mut frame);
            let why = match expect.code.eval(&mut frame) {
                Ok(value) if value.is_true() => None,
                Ok(_) | Err(Fault::Missing) => Some("`expect` does not hold".to_owned()),
                Err(Fault::Failed(why)) => Some(format!("`expect` cannot be computed: {why}")),
            };
            if let Some(why) = why {
                let shown = expect.code.with_values(&why, &frame);
                return Err(failed(found.as_ref().map(|token| without(token, shown.clone())).unwrap_or(shown)));
            }
        }
        match found {
            Ok(value) if is_token(&value) => Ok(Token { value: secret(&value), ttl: self.ttl }),
            Ok(_) | Err(Fault::Missing) => Err(failed(format!("`token` has no value; the answer is {}", shape_of(&doc)))),
            Err(Fault::Failed(_)) => Err(failed(format!("`token` cannot be computed; the answer is {}", shape_of(&doc)))),
        }
    }

    fn inject(&self, token: &Value, request: &mut HttpRequest) -> Result<(), ExchangeError> {
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        frame.set(TOKEN, token.clone());
        let Places { header, query, json } = &self.session.inject.0;
        let mut n_places = 0;
        if let Some(header) = header {
            let pairs = wire_pairs("inject.header", header, &mut frame)?;
            n_places += pairs.len();
            request.set_headers(pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect());
        }
        if let Some(query) = query {
            let pairs = wire_pairs("inject.query", query, &mut frame)?;
            n_places += pairs.len();
            request.set_query(&pairs);
        }
        if let Some(json) = json {
            let value = json.try_eval(&mut frame).map_err(|fault| bad_part("inject.json", fault))?;
            n_places += value.as_map().map_or(0, |map| map.len());
            let is_object = |body: &[u8]| serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(body).is_ok();
            if !request.body.as_deref().is_some_and(is_object) {
                let why = "`inject.json` needs a request whose `json` is a map";
                return Err(ExchangeError::new(ErrorKind::Limit, why));
            }
            request.merge_json(wire_json(&value));
        }
        if n_places == 0 {
            return Err(failed("`inject` has no value: the token lacks what it uses".to_owned()));
        }
        Ok(())
    }

    fn refuses(&self, answer: &Answer) -> bool {
        if answer.status.is_some_and(|status| self.renew_on.contains(status)) {
            return true;
        }
        let Some(renew_when) = &self.session.renew_when else { return false };
        let doc = document(answer, None).unwrap_or_default();
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        renew_when.bind(answer, &doc, &mut frame);
        renew_when.code.holds(&mut frame)
    }
}

/// Without the words of the decoder: they quote the answer, which may be the token itself.
fn undecoded(answer: &Answer) -> String {
    let kind = answer.header("content-type").map(|kind| format!(" of `{}`", cut(&one_line(kind), 80))).unwrap_or_default();
    format!("the answer, {} bytes{kind}, cannot be decoded", answer.body.len())
}

fn failed(message: String) -> ExchangeError {
    ExchangeError::new(ErrorKind::Auth, message)
}

/// True if there is something in it that can be sent.
fn is_token(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.iter().any(|(_, value)| is_token(value)),
        Value::List(items) => items.iter().any(is_token),
        Value::Secret(secret) => !secret.reveal().is_empty(),
        other => text_of(other).is_some_and(|text| !text.is_empty()),
    }
}

/// The same with every text in it a secret.
fn secret(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::map(map.iter().map(|(key, value)| (key.clone(), secret(value))).collect()),
        Value::List(items) => Value::list(items.iter().map(secret).collect()),
        Value::Missing | Value::Secret(_) => value.clone(),
        other => text_of(other).map_or(Value::Missing, |text| Value::Secret(Secret::new(text))),
    }
}

/// A message without the texts of a token.
pub fn without(token: &Value, message: String) -> String {
    match token {
        Value::Map(map) => map.iter().fold(message, |message, (_, value)| without(value, message)),
        Value::List(items) => items.iter().fold(message, |message, value| without(value, message)),
        Value::Secret(secret) if !secret.reveal().is_empty() => message.replace(secret.reveal(), MASK),
        Value::Text(text) if !text.is_empty() => message.replace(&**text, MASK),
        _ => message,
    }
}
