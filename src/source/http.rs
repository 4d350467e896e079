//! Bytes over HTTP.
//!
//! ```yaml
//! sources:
//!   page:
//!     http: {url: "{{ instance.url }}/status", timeout: 5s, ok_status: [200, 204]}
//! ```

use super::paginate::Paginate;
use super::poll::Poll;
use super::rate::Rate;
use super::retry::Retry;
use super::statuses::Statuses;
use super::version::Version;
use super::wire::{maybe_text, wire_json, wire_pairs, wire_text};
use super::{Place, Repeats, Request, Source, bad_part};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::secret::Secret;
use crate::expr::code::{Code, Setting, Template};
use crate::expr::data::{DataMap, DataTemplate};
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::client::{ConnectSettings, HttpVersion};
use crate::net::http::HttpRequest;
use crate::net::status::StatusSet;
use crate::net::trust::TlsSettings;
use crate::yaml::basic::{OneOrMany, Seconds, Size};
use crate::yaml::kind::{Kind, read_one};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::{KindDoc, Shape};
use base64::Engine as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Source>> = Kind {
    name: "http",
    docs: || KindDoc { name: "http", doc: "Requests a URL.", fields: Http::docs(), short: None },
    read: |node, reader| {
        let mut fields = Fields::open(node, "`http`", reader)?;
        let read = Http::read_from(&mut fields, reader);
        fields.finish(reader);
        let http = read?;
        if http.url.is_none() && http.base_url.is_none() {
            let problem = crate::base::diag::Diagnostic::error("missing-key", "`http` without `url`", node.span);
            reader.report(problem.label("`url` is needed here").help("add `url: \"{{ instance.url }}\"`"));
            return None;
        }
        Some(Arc::new(Prepared::new(http)))
    },
};

crate::fields! {
    /// One HTTP request.
    pub struct Http, "http" {
        /// The address, or a list of addresses that are tried in order until one works. One that starts with `/` is appended to `base_url`.
        url: Option<OneOrMany<Template>>;
        /// What addresses that start with `/` are appended to; the address itself where `url` is left out.
        base_url: Option<Template>;
        /// The method; GET, or POST where there is a body.
        method: Option<Template>;
        /// Parameters added to the address; a list repeats its parameter.
        query: Option<DataMap>;
        /// Headers of the request.
        headers: Option<DataMap>;
        /// A body of form fields.
        form: Option<DataMap>;
        /// A JSON body.
        json: Option<DataTemplate>;
        /// A body as it is.
        body: Option<Template>;
        /// How to log in: `{basic: {username, password}}`, `{bearer: TOKEN}`, `{header: {NAME: value}}` or `none`.
        auth: Option<Auth>;
        /// Time limit of the whole request, from the first byte out to the last byte in.
        timeout: Setting<Seconds> = Setting::Fixed(Seconds(limits::REQUEST_TIME.as_secs_f64())), "10s";
        /// Time limit of connecting.
        connect_timeout: Setting<Seconds> = Setting::Fixed(Seconds(limits::CONNECT_TIME.as_secs_f64())), "5s";
        /// Certificates and their check.
        tls: Option<Tls>;
        /// The address of a proxy; none where it is not given, whatever the environment says.
        proxy: Option<Template>;
        /// The path of a unix socket to connect to, instead of the host of the address.
        unix_socket: Option<Template>;
        /// Follows up to three redirects. Credentials never follow to another host.
        follow_redirects: Setting<bool> = Setting::Fixed(true), "true";
        /// The statuses that are fine.
        ok_status: Option<Setting<Statuses>>;
        /// Statuses that mean "nothing there": fine, without rows.
        empty_status: Option<Setting<Statuses>>;
        /// Tries the request again after failures that may pass.
        retry: Option<Retry>;
        /// How further pages are asked for.
        paginate: Option<Paginate>;
        /// Repeats the request until its answer is ready.
        poll: Option<Poll>;
        /// The most requests in a time, like `10/s` or `1000/h`, over all runs of an instance; further ones wait.
        rate_limit: Option<Setting<Rate>>;
        /// The version of HTTP: `1.1`, or `2` from the first byte.
        http_version: Setting<Version> = Setting::Fixed(Version(HttpVersion::One)), "1.1";
        /// The most bytes of an unpacked body.
        max_bytes: Setting<Size> = Setting::Fixed(Size(limits::BODY_BYTES)), "64MiB";
    }
}

crate::fields! {
    /// Certificates and their check.
    pub struct Tls, "tls" {
        /// Checks the server's certificate. Off only for a test.
        verify: Setting<bool> = Setting::Fixed(true), "true";
        /// A file with the certificates that are trusted, instead of the system's.
        ca_cert: Option<Template>;
        /// A file with the client's certificate.
        client_cert: Option<Template>;
        /// A file with its key.
        client_key: Option<Template>;
        /// The name that the certificate must hold, where it is not the host of the address.
        server_name: Option<Template>;
    }
}

crate::fields! {
    /// User name and password.
    pub struct Basic, "basic" {
        /// The user name; without one nothing is sent.
        username: Template;
        /// The password.
        password: Option<Template>;
    }
}

crate::fields! {
    /// A token.
    pub struct Bearer, "bearer" {
        /// The token; without one nothing is sent.
        token: Template;
    }
}

/// How a request logs in.
#[derive(Clone, Debug)]
pub enum Auth {
    /// `Authorization: Basic …`
    Basic(Basic),
    /// `Authorization: Bearer …`
    Bearer(Bearer),
    /// Any headers.
    Header(DataMap),
    /// Nothing.
    None,
}

const AUTH: &[Kind<Auth>] = &[
    Kind {
        name: "basic",
        docs: || KindDoc { name: "basic", doc: "User name and password.", fields: Basic::docs(), short: None },
        read: |node, reader| Basic::read(node, reader).map(Auth::Basic),
    },
    Kind {
        name: "bearer",
        docs: || KindDoc {
            name: "bearer",
            doc: "A token, also in short: `{bearer: TOKEN}`.",
            fields: Bearer::docs(),
            short: Some(Shape::Template),
        },
        read: |node, reader| {
            let short = node.as_scalar().is_some() && !node.is_null();
            let bearer = if short { Template::read(node, reader).map(|token| Bearer { token }) } else { Bearer::read(node, reader) };
            bearer.map(Auth::Bearer)
        },
    },
    Kind {
        name: "header",
        docs: || KindDoc {
            name: "header",
            doc: "Headers that log in: `{header: {X-Token: …}}`.",
            fields: Vec::new(),
            short: Some(DataMap::shape()),
        },
        read: |node, reader| DataMap::read(node, reader).map(Auth::Header),
    },
    Kind {
        name: "none",
        docs: || KindDoc { name: "none", doc: "No login, where a default says otherwise.", fields: Vec::new(), short: None },
        read: |_, _| Some(Auth::None),
    },
];

impl Field for Auth {
    fn shape() -> Shape {
        Shape::Kinds("login", || AUTH.iter().map(|kind| (kind.docs)()).collect())
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        read_one("login", AUTH, node, reader)
    }
}

/// One HTTP request with what is the same in every run of every check.
#[derive(Debug)]
struct Prepared {
    http: Http,
    /// How to connect, where nothing of it is computed.
    connect: Option<Arc<ConnectSettings>>,
    usual_ok: Arc<StatusSet>,
    usual_empty: Arc<StatusSet>,
    repeats: Repeats,
}

impl Prepared {
    fn new(mut http: Http) -> Self {
        let repeats = Repeats {
            retry: http.retry.take(),
            paginate: http.paginate.take(),
            poll: http.poll.take(),
            rate_limit: http.rate_limit.take(),
        };
        let computed = [&http.proxy, &http.unix_socket].into_iter().any(Option::is_some) || http.tls.is_some();
        let computed = computed || !matches!(http.http_version, Setting::Fixed(Version(HttpVersion::One)));
        let connect = match &http.connect_timeout {
            Setting::Fixed(time) if !computed => {
                Some(Arc::new(ConnectSettings { connect_timeout: time.duration(), ..ConnectSettings::default() }))
            }
            _ => None,
        };
        Prepared { http, connect, usual_ok: Arc::default(), usual_empty: Arc::new(StatusSet::none()), repeats }
    }
}

impl Source for Prepared {
    fn kind(&self) -> &'static str {
        "http"
    }

    fn requests(&self, place: &Place<'_>, frame: &mut Frame) -> Result<Vec<Request>, ExchangeError> {
        let common = self.common(place.folder, frame)?;
        let mut urls = self.http.urls(frame)?;
        let Some(last) = urls.pop() else { return Ok(Vec::new()) };
        let with = |url: String, common: HttpRequest| Request::Http(Box::new(HttpRequest { url, ..common }));
        let mut requests: Vec<Request> = urls.into_iter().map(|url| with(url, common.clone())).collect();
        requests.push(with(last, common));
        Ok(requests)
    }

    fn repeats(&self) -> Option<&Repeats> {
        Some(&self.repeats)
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.http.codes(take);
        self.repeats.codes(take);
    }
}

impl Http {
    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.url.iter().flat_map(|many| &many.0).for_each(|url| take(&url.0));
        let templates = [&self.base_url, &self.method, &self.body, &self.proxy, &self.unix_socket];
        templates.into_iter().flatten().for_each(|template| take(&template.0));
        [&self.query, &self.headers, &self.form].into_iter().flatten().for_each(|map| map.0.codes(take));
        self.json.iter().for_each(|json| json.codes(take));
        self.auth.iter().for_each(|auth| auth.codes(take));
        [&self.timeout, &self.connect_timeout].into_iter().filter_map(Setting::code).for_each(&mut *take);
        self.follow_redirects.code().into_iter().chain(self.max_bytes.code()).chain(self.http_version.code()).for_each(&mut *take);
        self.ok_status.iter().chain(&self.empty_status).filter_map(Setting::code).for_each(&mut *take);
        if let Some(tls) = &self.tls {
            tls.verify.code().into_iter().for_each(&mut *take);
            [&tls.ca_cert, &tls.client_cert, &tls.client_key, &tls.server_name]
                .into_iter()
                .flatten()
                .for_each(|template| take(&template.0));
        }
    }
}

impl Auth {
    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        match self {
            Auth::Basic(basic) => {
                take(&basic.username.0);
                basic.password.iter().for_each(|password| take(&password.0));
            }
            Auth::Bearer(bearer) => take(&bearer.token.0),
            Auth::Header(headers) => headers.0.codes(take),
            Auth::None => {}
        }
    }

    /// The headers that log in.
    fn headers(&self, frame: &mut Frame) -> Result<Vec<(String, Secret)>, ExchangeError> {
        Ok(match self {
            Auth::Basic(basic) => match wire_text(&basic.username.value(frame)) {
                Some(username) => {
                    let password = basic.password.as_ref().and_then(|p| wire_text(&p.value(frame))).unwrap_or_default();
                    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
                    vec![("authorization".to_owned(), Secret::new(format!("Basic {pair}")))]
                }
                None => Vec::new(),
            },
            Auth::Bearer(bearer) => match wire_text(&bearer.token.value(frame)) {
                Some(token) => vec![("authorization".to_owned(), Secret::new(format!("Bearer {token}")))],
                None => Vec::new(),
            },
            Auth::Header(headers) => wire_pairs("auth", headers, frame)?.into_iter().map(|(k, v)| (k, Secret::new(v))).collect(),
            Auth::None => Vec::new(),
        })
    }
}

impl Prepared {
    /// Everything but the address.
    fn common(&self, folder: &Path, frame: &mut Frame) -> Result<HttpRequest, ExchangeError> {
        let http = &self.http;
        let mut headers = match &http.headers {
            Some(headers) => wire_pairs("headers", headers, frame)?.into_iter().map(|(k, v)| (k, Secret::new(v))).collect(),
            None => Vec::new(),
        };
        if let Some(auth) = &http.auth {
            headers.extend(auth.headers(frame)?);
        }
        let body = http.payload(&mut headers, frame)?;
        let method = http.method.as_ref().and_then(|m| m.text(frame)).map(|m| m.to_uppercase());
        let method = method.unwrap_or_else(|| if body.is_some() { "POST" } else { "GET" }.to_owned());
        let seconds = |setting: &Setting<Seconds>, frame: &mut Frame| setting.get(frame).map(Seconds::duration);
        let max_bytes = http.max_bytes.get(frame).map_err(|f| bad_part("max_bytes", f))?.0.min(limits::BODY_BYTES_MOST);
        Ok(HttpRequest {
            method,
            url: String::new(),
            headers,
            body: body.map(Into::into),
            timeout: seconds(&http.timeout, frame).map_err(|f| bad_part("timeout", f))?,
            connect: match &self.connect {
                Some(connect) => Arc::clone(connect),
                None => Arc::new(http.connection(folder, frame)?),
            },
            follow_redirects: http.follow_redirects.get(frame).map_err(|f| bad_part("follow_redirects", f))?,
            ok_status: statuses("ok_status", http.ok_status.as_ref(), &self.usual_ok, frame)?,
            empty_status: statuses("empty_status", http.empty_status.as_ref(), &self.usual_empty, frame)?,
            max_bytes,
        })
    }
}

impl Http {
    fn connection(&self, folder: &Path, frame: &mut Frame) -> Result<ConnectSettings, ExchangeError> {
        let path = |template: &Option<Template>, frame: &mut Frame| -> Option<PathBuf> {
            template.as_ref().and_then(|t| wire_text(&t.value(frame))).map(|path| folder.join(path))
        };
        let tls = match &self.tls {
            Some(tls) => TlsSettings {
                verify: tls.verify.get(frame).map_err(|f| bad_part("tls.verify", f))?,
                ca_file: path(&tls.ca_cert, frame),
                cert_file: path(&tls.client_cert, frame),
                key_file: path(&tls.client_key, frame),
                server_name: maybe_text(&tls.server_name, frame),
            },
            None => TlsSettings::default(),
        };
        Ok(ConnectSettings {
            tls,
            proxy: self.proxy.as_ref().and_then(|p| wire_text(&p.value(frame))).map(Secret::new),
            unix_socket: path(&self.unix_socket, frame),
            connect_timeout: self.connect_timeout.get(frame).map_err(|f| bad_part("connect_timeout", f))?.duration(),
            http_version: self.http_version.get(frame).map_err(|f| bad_part("http_version", f))?.0,
        })
    }

    fn payload(&self, headers: &mut Vec<(String, Secret)>, frame: &mut Frame) -> Result<Option<Vec<u8>>, ExchangeError> {
        let mut content_type = |kind: &str| {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".to_owned(), Secret::new(kind)));
            }
        };
        if let Some(json) = &self.json {
            let value = json.try_eval(frame).map_err(|f| bad_part("json", f))?;
            content_type("application/json");
            return Ok(Some(wire_json(&value).to_string().into_bytes()));
        }
        if let Some(form) = &self.form {
            let pairs = wire_pairs("form", form, frame)?;
            content_type("application/x-www-form-urlencoded");
            let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            return Ok(Some(encoded.into_bytes()));
        }
        let Some(body) = &self.body else { return Ok(None) };
        let text = body.eval(frame).map_err(|f| bad_part("body", f))?;
        Ok(wire_text(&text).map(String::into_bytes))
    }

    fn urls(&self, frame: &mut Frame) -> Result<Vec<String>, ExchangeError> {
        let base = match &self.base_url {
            Some(base) => base.eval(frame).ok().and_then(|value| wire_text(&value)),
            None => None,
        };
        let query = match &self.query {
            Some(query) => wire_pairs("query", query, frame)?,
            None => Vec::new(),
        };
        let Some(urls) = &self.url else {
            let base = base.ok_or_else(|| ExchangeError::new(ErrorKind::Limit, "`base_url` has no value"))?;
            return Ok(vec![with_query(&base, &query)?]);
        };
        let render = |template: &Template, frame: &mut Frame| {
            let value = template.eval(frame).map_err(|fault| match fault {
                crate::expr::fault::Fault::Missing => super::missing_part("url", &template.0, frame),
                fault => bad_part("url", fault),
            })?;
            let url = wire_text(&value).unwrap_or_default();
            let joined = match &base {
                Some(base) if url.starts_with('/') => format!("{}{url}", base.trim_end_matches('/')),
                _ => url,
            };
            with_query(&joined, &query)
        };
        urls.0.iter().map(|template| render(template, frame)).collect()
    }
}

fn statuses(
    what: &str,
    setting: Option<&Setting<Statuses>>,
    usual: &Arc<StatusSet>,
    frame: &mut Frame,
) -> Result<Arc<StatusSet>, ExchangeError> {
    let Some(setting) = setting else { return Ok(Arc::clone(usual)) };
    match setting.get(frame) {
        Ok(statuses) => Ok(statuses.0),
        Err(crate::expr::fault::Fault::Missing) => Ok(Arc::clone(usual)),
        Err(fault) => Err(bad_part(what, fault)),
    }
}

fn with_query(url: &str, query: &[(String, String)]) -> Result<String, ExchangeError> {
    if query.is_empty() {
        return Ok(url.to_owned());
    }
    let shown = crate::base::print::one_line(url);
    let mut parsed = url::Url::parse(url).map_err(|why| ExchangeError::new(ErrorKind::Limit, format!("{shown} is not a URL: {why}")))?;
    parsed.query_pairs_mut().extend_pairs(query);
    Ok(parsed.into())
}
