//! A token for client credentials (RFC 6749, section 4.4).
//!
//! ```yaml
//! auth:
//!   oauth2:
//!     token_url: "{{ instance.url }}/oauth/token"
//!     client_id: "{{ instance.client_id }}"
//!     client_secret: "{{ instance.client_secret }}"
//!     scopes: [metrics.read]
//! ```
//!
//! The token is kept for the time that the answer says, and renewed once when it is refused.

use super::basic::basic;
use super::{Around, Login};
use crate::base::error_kind::ErrorKind;
use crate::base::print::{cut, one_line};
use crate::base::secret::Secret;
use crate::base::value::Value;
use crate::expr::code::{Code, Setting, Template};
use crate::expr::data::{DataMap, DataTemplate};
use crate::expr::frame::Frame;
use crate::net::client::ConnectSettings;
use crate::net::http::HttpRequest;
use crate::net::login::{self, Asks, Token, TokenLogin};
use crate::net::{Answer, ExchangeError};
use crate::source::http::Tls;
use crate::source::wire::{maybe_text, wire_pairs, wire_text};
use crate::source::{bad_part, missing_part};
use crate::yaml::basic::Seconds;
use crate::yaml::kind::Kind;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader, Record};
use crate::yaml::shape::{KindDoc, Shape};
use serde_json::Value as Json;
use std::sync::Arc;
use std::time::Duration;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Login>> = Kind {
    name: "oauth2",
    docs: || KindDoc {
        name: "oauth2",
        doc: "A token for client credentials, kept between runs and renewed before it ends, or once when it is refused.",
        fields: OAuth2::docs(),
        short: None,
    },
    read: |node, reader| OAuth2::read(node, reader).map(|oauth2| Arc::new(oauth2) as Arc<dyn Login>),
};

crate::words! {
    /// How the client proves who it is.
    pub enum Style {
        /// `client_id` and `client_secret` in the form.
        Body = "body",
        /// Both in a header, as for basic authentication.
        Basic = "basic",
    }
}

crate::fields! {
    /// A token for client credentials.
    pub struct OAuth2, "oauth2" {
        /// The address that gives tokens; one that starts with `/` is appended to the source's `base_url`.
        token_url: Template;
        /// The client.
        client_id: Template;
        /// Its secret.
        client_secret: Option<Template>;
        /// What the token is for: a text, or a list that is joined with blanks.
        scopes: Option<Scopes>;
        /// Whom the token is for, where the server asks.
        audience: Option<Template>;
        /// Further fields of the form; one of the same name replaces what is sent otherwise, `grant_type: password` for example.
        parameters: Option<DataMap>;
        /// How the client proves who it is: in the form, or in a header as for `basic`.
        style: Style = Style::Body, "body";
        /// Certificates and their check, where they are not those of the source.
        tls: Option<Tls>;
        /// The address of a proxy, where it is not that of the source.
        proxy: Option<Template>;
        /// Time limit of the request for a token.
        timeout: Setting<Seconds> = Setting::Fixed(Seconds(crate::base::limits::REQUEST_TIME.as_secs_f64())), "10s";
    }
}

/// A text, or a list of texts.
#[derive(Clone, Debug)]
pub struct Scopes(DataTemplate);

impl Field for Scopes {
    fn shape() -> Shape {
        Shape::Setting(Box::new(Shape::Either(vec![Shape::Text, Shape::List(Box::new(Shape::Text))])))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_map().is_some() {
            return None;
        }
        DataTemplate::read_words(node, reader).map(Scopes)
    }
}

impl Scopes {
    fn text(&self, frame: &mut Frame) -> Option<String> {
        match self.0.eval(false, frame) {
            Value::List(items) => {
                let words: Vec<_> = items.iter().filter_map(wire_text).collect();
                (!words.is_empty()).then(|| words.join(" "))
            }
            other => wire_text(&other),
        }
    }
}

impl Login for OAuth2 {
    fn apply(&self, around: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        let (name, span) = (around.name.cloned(), around.span);
        let requests = vec![self.ask(around, frame)?];
        let key = super::sessions::key(span, &requests);
        request.login = login::Login::Token(Arc::new(Rendered(Asks { name, span, key, requests })));
        Ok(())
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        [&self.token_url, &self.client_id].into_iter().for_each(|template| take(&template.0));
        let optional = [&self.client_secret, &self.audience, &self.proxy];
        optional.into_iter().flatten().for_each(|template| take(&template.0));
        self.scopes.iter().for_each(|scopes| scopes.0.codes(take));
        self.parameters.iter().for_each(|parameters| parameters.0.codes(take));
        self.tls.iter().for_each(|tls| tls.codes(take));
        self.timeout.code().into_iter().for_each(take);
    }
}

impl OAuth2 {
    /// The request for a token.
    fn ask(&self, around: &Around<'_>, frame: &mut Frame) -> Result<HttpRequest, ExchangeError> {
        let mut text = |name: &str, template: &Template| {
            wire_text(&template.value(frame)).ok_or_else(|| missing_part(&format!("auth.oauth2.{name}"), &template.0, frame))
        };
        let (url, client_id) = (text("token_url", &self.token_url)?, text("client_id", &self.client_id)?);
        let client_secret = maybe_text(&self.client_secret, frame);
        let url = if url.starts_with('/') { format!("{}{url}", around.base_url.trim_end_matches('/')) } else { url };
        let mut form = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        let mut ask = HttpRequest { method: "POST".into(), connect: self.connection(&url, around, frame)?, ..HttpRequest::get(url) };
        match self.style {
            Style::Body => {
                form.push(("client_id".to_owned(), client_id));
                form.extend(client_secret.map(|secret| ("client_secret".to_owned(), secret)));
            }
            Style::Basic => {
                // The standard has both encoded like a form before they are joined.
                let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = basic(&encoded(&client_id), &encoded(client_secret.as_deref().unwrap_or("")));
                ask.headers.push(("authorization".to_owned(), pair));
            }
        }
        form.extend(self.scopes.as_ref().and_then(|scopes| scopes.text(frame)).map(|scopes| ("scope".to_owned(), scopes)));
        form.extend(maybe_text(&self.audience, frame).map(|audience| ("audience".to_owned(), audience)));
        ask.set_form(&form);
        if let Some(parameters) = &self.parameters {
            ask.set_form(&wire_pairs("auth.oauth2.parameters", parameters, frame)?);
        }
        ask.headers.push(("accept".to_owned(), Secret::new("application/json")));
        ask.timeout = self.timeout.get(frame).map_err(|fault| bad_part("auth.oauth2.timeout", fault))?.duration();
        Ok(ask)
    }

    fn connection(&self, url: &str, around: &Around<'_>, frame: &mut Frame) -> Result<Arc<ConnectSettings>, ExchangeError> {
        let inherited = around.connect_to(url);
        if self.tls.is_none() && self.proxy.is_none() {
            return Ok(inherited);
        }
        let mut connect = ConnectSettings::clone(&inherited);
        if let Some(tls) = &self.tls {
            connect.tls = tls.settings(around.folders, frame)?;
        }
        if self.proxy.is_some() {
            connect.proxy = maybe_text(&self.proxy, frame).map(Secret::new);
        }
        Ok(Arc::new(connect))
    }
}

/// The login of one moment.
struct Rendered(Asks);

impl TokenLogin for Rendered {
    fn asks(&self) -> &Asks {
        &self.0
    }

    fn token(&self, answer: Answer) -> Result<Token, ExchangeError> {
        let json: Json = serde_json::from_slice(&answer.body).map_err(|why| failed(format!("the answer is no JSON: {why}")))?;
        let token = json.get("access_token").and_then(Json::as_str).filter(|token| !token.is_empty());
        let Some(token) = token else {
            let why = complaint(&json).unwrap_or_else(|| super::answer::shape_of(&json.clone().into()));
            return Err(failed(format!("the answer has no `access_token`: {why}")));
        };
        // Some servers send the number as a text.
        let seconds = json.get("expires_in").and_then(|n| n.as_f64().or_else(|| n.as_str()?.trim().parse().ok()));
        // No time, or none left: it is kept until it is refused.
        let ttl = seconds.filter(|seconds| *seconds > 0.0).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Ok(Token { value: Value::Secret(Secret::new(token)), ttl })
    }

    fn inject(&self, token: &Value, request: &mut HttpRequest) -> Result<(), ExchangeError> {
        let token = wire_text(token).unwrap_or_default();
        request.set_headers(vec![("authorization".to_owned(), Secret::new(format!("Bearer {token}")))]);
        Ok(())
    }

    fn refuses(&self, answer: &Answer) -> bool {
        answer.status == Some(401)
    }

    fn complaint(&self, answer: &Answer) -> Option<String> {
        complaint(&serde_json::from_slice(&answer.body).ok()?)
    }
}

fn failed(message: String) -> ExchangeError {
    ExchangeError::new(ErrorKind::Auth, message)
}

/// `invalid_client (the client is not known)`: the two fields of an error, section 5.2.
fn complaint(json: &Json) -> Option<String> {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(|text| cut(&one_line(text), 200));
    let error = text("error")?;
    Some(text("error_description").map_or(error.clone(), |description| format!("{error} ({description})")))
}
