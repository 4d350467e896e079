//! How requests log in: `auth:` of a source and the named logins of a spec.
//!
//! ```yaml
//! auth:                                          # at the top: logins with names, for several sources
//!   acme: {oauth2: {token_url: "{{ instance.url }}/token", client_id: "{{ instance.id }}", client_secret: "{{ instance.secret }}"}}
//! sources:
//!   hosts:
//!     http: {url: "{{ instance.url }}/hosts", auth: acme}
//!   metrics:
//!     http:
//!       url: "{{ instance.url }}/metrics"
//!       auth:                                    # the first whose condition holds
//!         - {bearer: "{{ instance.token }}", when: instance.token is defined}
//!         - {named: acme, when: instance.id is defined}
//! ```
//!
//! A login is read where it is used, so it sees the names of that place, as defaults do; what makes
//! two uses one login is its place in the file and what its request becomes. Logins that need a
//! request of their own only describe it here: `run` sends it, and [`sessions`] keeps the token.
//!
//! Adding a login: one file with its fields and its [`Login`], and one line in [`KINDS`].

pub mod answer;
pub mod aws_sigv4;
pub mod basic;
pub mod bearer;
pub mod digest;
pub mod header;
pub mod named;
pub mod none;
pub mod oauth2;
pub mod session;
pub mod sessions;

use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::base::suggest::{listed, nearest};
use crate::base::value::Text;
use crate::expr::code::{Code, Expression};
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::client::ConnectSettings;
use crate::net::http::HttpRequest;
use crate::source::Folders;
use crate::yaml::kind::{Kind, find};
use crate::yaml::node::{Entry, Node};
use crate::yaml::read::{Field, Fields, Reader, unknown_key};
use crate::yaml::shape::{FieldDoc, Shape, Struct};
use std::fmt::Debug;
use std::sync::Arc;

/// Every login by its name in YAML.
pub const KINDS: &[Kind<Arc<dyn Login>>] =
    &[basic::KIND, bearer::KIND, header::KIND, digest::KIND, oauth2::KIND, aws_sigv4::KIND, session::KIND, none::KIND];

/// One declared login.
pub trait Login: Send + Sync + Debug {
    /// Adds to a request what logs in, or says how the exchange does.
    ///
    /// # Errors
    /// What could not be rendered.
    fn apply(&self, around: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError>;
    /// Calls `take` for every computed place.
    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code));
}

/// What surrounds a login: the source that it is for.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Where relative paths start.
    pub folders: &'a Folders,
    /// What addresses that start with `/` are appended to.
    pub base_url: &'a str,
    /// How the source connects.
    pub connect: &'a Arc<ConnectSettings>,
    /// The name of the login, if it has one.
    pub name: Option<&'a Text>,
    /// The place of the login.
    pub span: Span,
}

impl Around<'_> {
    /// How to connect to an address of the login: as the source does. What belongs to the source's
    /// server alone, its socket and the name in its certificate, does not hold for another host.
    pub fn connect_to(&self, url: &str) -> Arc<ConnectSettings> {
        let host = |url: &str| url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        if host(url) == host(self.base_url) {
            return Arc::clone(self.connect);
        }
        let mut connect = ConnectSettings::clone(self.connect);
        connect.unix_socket = None;
        connect.tls.server_name = None;
        Arc::new(connect)
    }
}

/// What stands under `auth:`: one login, or a list of which the first whose condition holds is used.
#[derive(Clone, Debug)]
pub struct Auth {
    choices: Box<[Choice]>,
}

#[derive(Clone, Debug)]
struct Choice {
    when: Option<Expression>,
    login: Chosen,
    span: Span,
}

#[derive(Clone, Debug)]
enum Chosen {
    Own(Arc<dyn Login>),
    Named(Text, Auth),
}

impl Auth {
    /// Adds the login of this moment to a request; nothing where no condition holds.
    ///
    /// # Errors
    /// What could not be rendered.
    pub fn apply(&self, around: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        match self.chosen(None, frame) {
            Some((login, name, span)) => login.apply(&Around { name, span, ..*around }, request, frame),
            None => Ok(()),
        }
    }

    fn chosen<'s>(&'s self, name: Option<&'s Text>, frame: &mut Frame) -> Option<(&'s dyn Login, Option<&'s Text>, Span)> {
        self.choices.iter().find_map(|choice| {
            if !choice.when.as_ref().is_none_or(|when| when.0.holds(frame)) {
                return None;
            }
            match &choice.login {
                Chosen::Own(login) => Some((&**login, name, choice.span)),
                Chosen::Named(name, auth) => auth.chosen(Some(name), frame),
            }
        })
    }

    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        for choice in &self.choices {
            choice.when.iter().for_each(|when| take(&when.0));
            match &choice.login {
                Chosen::Own(login) => login.codes(take),
                Chosen::Named(_, auth) => auth.codes(take),
            }
        }
    }
}

impl Field for Auth {
    fn shape() -> Shape {
        let one = || Shape::Either(vec![Shape::Text, Shape::Struct(LOGIN)]);
        Shape::Either(vec![Shape::Text, Shape::Struct(LOGIN), Shape::List(Box::new(one()))])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(items) = node.as_list() else {
            return read_choice(node, reader).map(|choice| Auth { choices: Box::new([choice]) });
        };
        let choices: Vec<_> = items.iter().map(|item| read_choice(item, reader)).collect();
        let choices: Box<[Choice]> = choices.into_iter().collect::<Option<_>>()?;
        if let [before @ .., _] = &*choices
            && let Some(at) = before.iter().position(|choice| choice.when.is_none())
            && let Some(never) = choices.get(at + 1)
            // What the defaults add stands elsewhere, and nobody wrote it here.
            && (node.span.start..node.span.end).contains(&never.span.start)
        {
            let problem = Diagnostic::warning("unreachable-login", "a login that is never used", never.span);
            let last = before.get(at).map_or(node.span, |choice| choice.span);
            let problem = problem.label("never reached").also(last, "this one is used whenever it is reached");
            reader.report(problem.help("give the login before it a condition with `when`, or remove this one"));
        }
        Some(Auth { choices })
    }
}

/// The keys of one login: exactly one kind, and its condition.
const LOGIN: Struct = Struct {
    name: "login",
    doc: "How a request logs in: exactly one kind, and in a list the condition under which it is used.",
    fields: || {
        let kinds = KINDS.iter().map(|kind| (kind.docs)()).chain([named::docs()]);
        let kinds = kinds.map(|kind| FieldDoc {
            key: kind.name,
            doc: kind.doc.to_owned(),
            shape: Shape::Kind("login", Box::new(kind)),
            required: false,
            default: None,
        });
        kinds.chain([when_doc()]).collect()
    },
};

fn when_doc() -> FieldDoc {
    FieldDoc {
        key: "when",
        doc: "A condition: where it does not hold, the next login of the list is used, or else the one of the defaults.".to_owned(),
        shape: Shape::Expression,
        required: false,
        default: None,
    }
}

fn words() -> impl Iterator<Item = &'static str> + Clone {
    KINDS.iter().map(|kind| kind.name).chain([named::WORD])
}

fn read_choice(node: &Node, reader: &mut Reader<'_>) -> Option<Choice> {
    let Some(entries) = node.as_map() else {
        let scalar = node.as_scalar().filter(|_| !node.is_null());
        let Some(word) = scalar.map(|scalar| scalar.text.clone()) else {
            reader.mismatch(node, "the name of a login, or a login like `{basic: {username: …, password: …}}`");
            return None;
        };
        let login = match find(KINDS, &word) {
            Some(kind) => Chosen::Own((kind.read)(&Node::null(node.span), reader)?),
            None => named::read(node, reader)?,
        };
        return Some(Choice { when: None, login, span: node.span });
    };
    let found: Vec<&Entry> = entries.iter().filter(|entry| words().any(|word| word == &*entry.key)).collect();
    let mut fields = Fields::open(node, "a login", reader)?;
    words().for_each(|word| fields.know(word));
    let when = fields.take::<Option<Expression>>("when", reader);
    if let [entry] = &found[..] {
        let login = match find(KINDS, &entry.key) {
            Some(kind) => (kind.read)(&entry.value, reader).map(Chosen::Own),
            None => named::read(&entry.value, reader),
        };
        fields.finish(reader);
        return Some(Choice { when: when?, login: login?, span: entry.key_span });
    }
    reader.report(no_single_kind(node, entries, &found));
    None
}

fn no_single_kind(node: &Node, entries: &[Entry], found: &[&Entry]) -> Diagnostic {
    if let [first, second, ..] = found {
        let title = format!("a login of several kinds: `{}` and `{}`", first.key, second.key);
        let problem = Diagnostic::error("several-kinds", title, second.key_span).label("another one").also(first.key_span, "one kind");
        return problem.help("keep one, or write a list of logins of which the first whose `when` holds is used");
    }
    let other = entries.iter().find(|entry| &*entry.key != "when");
    match other {
        Some(entry) if nearest(&entry.key, words()).is_some() => unknown_key(entry, "a login", words()),
        Some(entry) if ["username", "user", "password"].contains(&&*entry.key) => {
            let title = format!("`{}` without a kind of login around it", entry.key);
            let problem = Diagnostic::error("unknown-kind", title, entry.key_span).label("this belongs into a login");
            problem.help("write `auth: {basic: {username: …, password: …}}`, or `digest` instead of `basic`")
        }
        Some(entry) => Diagnostic::error("unknown-kind", format!("unknown login `{}`", entry.key), entry.key_span)
            .label("there is none of that name")
            .help(format!("use one of {}; a login with a name of its own is used by its bare name", listed(words(), 40))),
        None => Diagnostic::error("missing-key", "a login without a kind", node.span)
            .label("nothing says how")
            .help(format!("add one of {}", listed(words(), 40))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Sources;
    use crate::expr::names;
    use crate::net::login::{self, TokenLogin};
    use crate::net::trust::TlsSettings;
    use crate::yaml::load::load;
    use crate::yaml::read::NamedNode;
    use std::path::Path;

    /// The login for a token that a text declares, with a named login `inner`, for a source with a
    /// client certificate.
    fn token_login(text: &str) -> Arc<dyn TokenLogin> {
        let mut sources = Sources::default();
        let file = sources.add("spec.yaml", format!("auth: {text}\ninner: {{basic: {{username: u, password: p}}}}"));
        let root = load(&sources, file).root;
        let mut reader = Reader::new(&sources, false);
        names::install(&mut reader);
        reader.logins.push(NamedNode { entry: root.entry("inner").unwrap().clone(), used: false, open: false });
        let auth = Auth::read(&root.entry("auth").unwrap().value, &mut reader);
        assert!(reader.problems.is_empty(), "{:?}", reader.problems);
        let mut frame = Frame::new(Arc::new(reader.names), Arc::default());
        let tls = TlsSettings { cert_file: Some("/client.pem".into()), server_name: Some("inside.test".into()), ..TlsSettings::default() };
        let connect = Arc::new(ConnectSettings { tls, unix_socket: Some("/run/s".into()), ..ConnectSettings::default() });
        let around =
            Around { folders: &"/specs".into(), base_url: "https://h.test/api", connect: &connect, name: None, span: Span::default() };
        let mut request = HttpRequest::get("https://h.test/api/x");
        auth.unwrap().apply(&around, &mut request, &mut frame).unwrap();
        match request.login {
            login::Login::Token(login) => login,
            _ => panic!("no login for a token"),
        }
    }

    fn asked(text: &str) -> HttpRequest {
        token_login(text).asks().requests[0].clone()
    }

    #[test]
    fn a_login_connects_as_its_source_does() {
        let oauth2 = asked("{oauth2: {token_url: /token, client_id: c}}");
        assert_eq!(&*oauth2.url, "https://h.test/api/token");
        assert_eq!((oauth2.connect.tls.cert_file.as_deref(), oauth2.connect.unix_socket.is_some()), (Some(Path::new("/client.pem")), true));
        let inject = "token: $.t, inject: {header: {X: '{{ token }}'}}";
        let session = asked(&format!("{{session: {{login: {{http: {{url: /login, proxy: 'http://p.test'}}}}, {inject}}}}}"));
        assert_eq!(session.connect.tls.server_name.as_deref(), Some("inside.test"));
        assert!(session.connect.proxy.is_some());
    }

    #[test]
    fn another_host_is_not_asked_through_the_socket_or_by_the_name_of_the_source() {
        let asked = asked("{oauth2: {token_url: 'https://sso.test/token', client_id: c}}");
        let connect = &asked.connect;
        assert_eq!((connect.tls.server_name.as_deref(), connect.unix_socket.as_deref()), (None, None));
        assert_eq!(connect.tls.cert_file.as_deref(), Some(Path::new("/client.pem")));
    }

    #[test]
    fn a_login_may_have_certificates_of_its_own_and_a_named_login() {
        let oauth2 = asked("{oauth2: {token_url: /token, client_id: c, tls: {client_cert: own.pem}, proxy: 'http://p.test'}}");
        assert_eq!(oauth2.connect.tls.cert_file.as_deref(), Some(Path::new("/specs/own.pem")));
        assert!(oauth2.connect.proxy.is_some());
        let session = asked("{session: {login: {http: {url: /login, auth: inner}}, token: $.t, inject: {query: {t: '{{ token }}'}}}}");
        assert_eq!(session.headers[0].1.reveal(), "Basic dTpw");
    }
}
