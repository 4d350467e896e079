//! Bytes over HTTP.
//!
//! ```yaml
//! sources:
//!   page:
//!     http: {url: "{{ instance.url }}/status", timeout: 5s, ok_status: [200, 204]}
//! ```

use super::auth::{Around, Auth};
use super::paginate::Paginate;
use super::poll::Poll;
use super::proxy::Proxy;
use super::rate::Rate;
use super::retry::Retry;
use super::statuses::Statuses;
use super::version::Version;
use super::wire::{maybe_text, wire_entries, wire_json, wire_pairs, wire_secrets, wire_text};
use super::{Folders, Place, Repeats, Request, Source, bad_part, with_usual};
use crate::base::diag::Diagnostic;
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::secret::Secret;
use crate::base::span::Span;
use crate::base::value::Value;
use crate::expr::code::{Code, Setting, Template};
use crate::expr::data::{DataMap, DataTemplate};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::client::{ConnectSettings, HttpVersion};
use crate::net::http::HttpRequest;
use crate::net::login::Login;
use crate::net::status::StatusSet;
use crate::net::trust::TlsSettings;
use crate::yaml::basic::{OneOrMany, Seconds, Size};
use crate::yaml::kind::Kind;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::{KindDoc, Shape};
use std::path::PathBuf;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Source>> = Kind {
    name: "http",
    docs: || KindDoc { name: "http", doc: "Requests a URL.", fields: Http::docs(), short: None },
    read: |node, reader| {
        let http = read_fields(node, reader)?;
        if http.url.is_none() && http.base_url.is_none() {
            if !reader.broken {
                let problem = Diagnostic::error("missing-key", "`http` without `url`", node.span);
                reader.report(problem.label("`url` is needed here").help("add `url: \"{{ instance.url }}\"`"));
            }
            return None;
        }
        Some(Arc::new(Prepared::new(http)))
    },
};

fn read_fields(node: &Node, reader: &mut Reader<'_>) -> Option<Http> {
    let mut fields = Fields::open_record(node, "`http`", Http::docs, reader)?;
    let read = Http::read_from(&mut fields, reader);
    fields.finish(reader);
    read
}

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
        /// Headers added where `headers` does not name them: a map or a list of maps, of which the first that names a header counts.
        extra_headers: Option<OneOrMany<DataMap>>;
        /// A body of form fields.
        form: Option<DataMap>;
        /// A JSON body; one `"{{ value }}"` that is missing is no body.
        json: Option<DataTemplate>;
        /// A body as it is; one `"{{ value }}"` that is missing is no body.
        body: Option<Template>;
        /// How to log in: `{basic: {username, password}}` or another kind, the name of a login of the top-level `auth`, `none`; or a list of them, of which the first whose `when` holds is used.
        auth: Option<Auth>;
        /// Time limit of the whole request, from the first byte out to the last byte in.
        timeout: Setting<Seconds> = Setting::Fixed(Seconds(limits::REQUEST_TIME.as_secs_f64())), "10s";
        /// Time limit of connecting.
        connect_timeout: Setting<Seconds> = Setting::Fixed(Seconds(limits::CONNECT_TIME.as_secs_f64())), "5s";
        /// Certificates and their check.
        tls: Option<Tls>;
        /// The address of a proxy, or `{http, https, no_proxy}`; none where it is not given, whatever the environment says.
        proxy: Option<Proxy>;
        /// The path of a unix socket to connect to, instead of the host of the address.
        unix_socket: Option<Template>;
        /// Follows up to three redirects. Credentials never follow to another host.
        follow_redirects: Setting<bool> = Setting::Fixed(true), "true";
        /// The statuses that are fine, as `200`, `2xx` or `200-204`; 2xx where it is not given.
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

/// One HTTP request with what is the same in every run of every check.
#[derive(Clone, Debug)]
pub struct Prepared {
    http: Http,
    /// How to connect, where nothing of it is computed.
    connect: Option<Arc<ConnectSettings>>,
    usual_ok: Arc<StatusSet>,
    usual_empty: Arc<StatusSet>,
    repeats: Repeats,
    steady: bool,
}

impl Prepared {
    fn new(mut http: Http) -> Self {
        let repeats = Repeats {
            retry: http.retry.take(),
            paginate: http.paginate.take(),
            poll: http.poll.take(),
            rate_limit: http.rate_limit.take(),
        };
        let computed = http.unix_socket.is_some() || http.tls.is_some();
        let computed = computed || !matches!(http.http_version, Setting::Fixed(Version(HttpVersion::One)));
        let connect = match &http.connect_timeout {
            Setting::Fixed(time) if !computed => {
                Some(Arc::new(ConnectSettings { connect_timeout: time.duration(), ..ConnectSettings::default() }))
            }
            _ => None,
        };
        let mut steady = true;
        http.codes(&mut |code| steady &= code.is_steady());
        Prepared { http, connect, usual_ok: Arc::default(), usual_empty: Arc::new(StatusSet::none()), repeats, steady }
    }
}

impl Source for Prepared {
    fn kind(&self) -> &'static str {
        "http"
    }

    fn requests(&self, place: &Place<'_>, frame: &mut Frame) -> Result<Vec<Request>, ExchangeError> {
        let rendered = self.rendered(place.folders, None, frame)?;
        let mut requests = Vec::with_capacity(rendered.len());
        requests.extend(rendered.into_iter().map(|request| Request::Http(Box::new(request))));
        Ok(requests)
    }

    fn is_steady(&self) -> bool {
        self.steady
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
        let templates = [&self.base_url, &self.method, &self.body, &self.unix_socket];
        templates.into_iter().flatten().for_each(|template| take(&template.0));
        self.proxy.iter().for_each(|proxy| proxy.0.codes(take));
        [&self.query, &self.headers, &self.form].into_iter().flatten().for_each(|map| map.0.codes(take));
        self.extra_headers.iter().flat_map(|maps| &maps.0).for_each(|map| map.0.codes(take));
        self.json.iter().for_each(|json| json.codes(take));
        self.auth.iter().for_each(|auth| auth.codes(take));
        [&self.timeout, &self.connect_timeout].into_iter().filter_map(Setting::code).for_each(&mut *take);
        self.follow_redirects.code().into_iter().chain(self.max_bytes.code()).chain(self.http_version.code()).for_each(&mut *take);
        self.ok_status.iter().chain(&self.empty_status).filter_map(Setting::code).for_each(&mut *take);
        self.tls.iter().for_each(|tls| tls.codes(take));
    }
}

impl Field for Prepared {
    fn shape() -> Shape {
        Shape::Kind("source", Box::new((KIND.docs)()))
    }

    /// A request of a login, whose address may be that of its source. It is made once.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let repeated = ["retry", "paginate", "poll", "rate_limit"].into_iter().find_map(|key| node.entry(key));
        if let Some(entry) = repeated {
            let problem = Diagnostic::error("repeated-login", format!("`{}` in the request of a login", entry.key), entry.key_span);
            let problem = problem.label("a login is one request");
            reader.report(problem.help(format!("remove `{}`; the source itself may have it", entry.key)));
        }
        read_fields(node, reader).filter(|_| repeated.is_none()).map(Prepared::new)
    }
}

impl Prepared {
    /// The requests, tried in order until one works. `around` is the source of a login's request:
    /// what the request does not say itself of address and connection is as there.
    ///
    /// # Errors
    /// What could not be rendered.
    pub fn rendered(&self, folders: &Folders, around: Option<&Around<'_>>, frame: &mut Frame) -> Result<Vec<HttpRequest>, ExchangeError> {
        let mut secrets = Vec::new();
        let base = self.http.base_url.as_ref().and_then(|base| address(base, base.value(frame), &mut secrets, frame));
        let base = base.or_else(|| around.map(|around| around.base_url.to_owned()));
        let mut urls = self.http.urls(base.as_deref(), &mut secrets, frame)?;
        let Some(first) = urls.first() else { return Ok(Vec::new()) };
        let inherited = around.map(|around| around.connect_to(first));
        let connect = match (&self.connect, inherited) {
            (Some(_), Some(inherited)) => inherited,
            (Some(usual), None) => Arc::clone(usual),
            (None, inherited) => Arc::new(self.http.connection(folders, &inherited.unwrap_or_default(), frame)?),
        };
        let proxies = self.http.proxy.as_ref().map(|proxy| proxy.choice(frame)).transpose()?;
        let through = |url: &str| match &proxies {
            Some(proxies) => proxies.before(url, &connect),
            None => Arc::clone(&connect),
        };
        let mut common = self.common(through(first), frame)?;
        common.secrets = secrets;
        if let Some(auth) = &self.http.auth {
            let origin = url::Url::parse(first).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
            let base_url = base.as_deref().unwrap_or(&origin);
            let connect = Arc::clone(&common.connect);
            let around = Around { folders, base_url, connect: &connect, name: None, span: Span::default() };
            auth.apply(&around, &mut common, frame)?;
        }
        let with = |url: String, common: HttpRequest| HttpRequest { connect: through(&url), url: url.into(), ..common };
        let Some(last) = urls.pop() else { return Ok(Vec::new()) };
        let mut requests = Vec::with_capacity(urls.len() + 1);
        requests.extend(urls.into_iter().map(|url| with(url, common.clone())));
        requests.push(with(last, common));
        Ok(requests)
    }

    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.http.codes(take);
    }

    /// Everything but the address and the login.
    fn common(&self, connect: Arc<ConnectSettings>, frame: &mut Frame) -> Result<HttpRequest, ExchangeError> {
        let http = &self.http;
        let mut headers = http.header_pairs(frame)?;
        let body = http.payload(&mut headers, frame)?;
        let method = http.method.as_ref().and_then(|m| m.text(frame)).map(|m| m.to_uppercase().into());
        let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" }.into());
        let max_bytes = with_usual("max_bytes", &http.max_bytes, Size(limits::BODY_BYTES), frame)?.0.min(limits::BODY_BYTES_MOST);
        Ok(HttpRequest {
            method,
            url: String::new().into(),
            headers,
            body: body.map(Into::into),
            timeout: with_usual("timeout", &http.timeout, Seconds(limits::REQUEST_TIME.as_secs_f64()), frame)?.duration(),
            connect,
            follow_redirects: with_usual("follow_redirects", &http.follow_redirects, true, frame)?,
            ok_status: statuses("ok_status", http.ok_status.as_ref(), &self.usual_ok, frame)?,
            empty_status: statuses("empty_status", http.empty_status.as_ref(), &self.usual_empty, frame)?,
            max_bytes,
            login: Login::None,
            secrets: Vec::new(),
        })
    }
}

impl Http {
    /// The headers that are not about logging in.
    fn header_pairs(&self, frame: &mut Frame) -> Result<Vec<(String, Secret)>, ExchangeError> {
        let mut pairs = match &self.headers {
            Some(headers) => wire_pairs("headers", headers, frame)?,
            None => Vec::new(),
        };
        for map in self.extra_headers.iter().flat_map(|maps| &maps.0) {
            let more = match map.entries(frame) {
                Err(Fault::Missing) => continue,
                Err(fault) => return Err(bad_part("extra_headers", fault)),
                Ok(entries) => wire_entries(entries),
            };
            let known = pairs.len();
            for (name, value) in more {
                if !pairs.iter().take(known).any(|(own, _)| own.eq_ignore_ascii_case(&name)) {
                    pairs.push((name, value));
                }
            }
        }
        Ok(pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
    }

    fn connection(&self, folders: &Folders, inherited: &ConnectSettings, frame: &mut Frame) -> Result<ConnectSettings, ExchangeError> {
        let tls = match &self.tls {
            Some(tls) => tls.settings(folders, frame)?,
            None => inherited.tls.clone(),
        };
        Ok(ConnectSettings {
            tls,
            proxy: inherited.proxy.clone(),
            unix_socket: match &self.unix_socket {
                Some(_) => file_path(&self.unix_socket, folders, frame),
                None => inherited.unix_socket.clone(),
            },
            connect_timeout: with_usual("connect_timeout", &self.connect_timeout, Seconds(limits::CONNECT_TIME.as_secs_f64()), frame)?
                .duration(),
            http_version: with_usual("http_version", &self.http_version, Version(HttpVersion::One), frame)?.0,
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
            // What the instance does not give is no body, and another form of it has its turn; `null` is one
            // only where the spec says so.
            if !value.is_missing() || !matches!(json, DataTemplate::Leaf(_)) {
                content_type("application/json");
                return Ok(Some(wire_json(&value).to_string().into_bytes()));
            }
        }
        if let Some(form) = &self.form {
            let pairs = wire_pairs("form", form, frame)?;
            content_type("application/x-www-form-urlencoded");
            let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            return Ok(Some(encoded.into_bytes()));
        }
        let Some(body) = &self.body else { return Ok(None) };
        let text = body.whole(frame).map_err(|f| bad_part("body", f))?;
        Ok(text.as_ref().and_then(wire_text).map(String::into_bytes))
    }

    /// The addresses; what is secret in them is added to `secrets`.
    fn urls(&self, base: Option<&str>, secrets: &mut Vec<Secret>, frame: &mut Frame) -> Result<Vec<String>, ExchangeError> {
        let query = match &self.query {
            Some(query) => query.entries(frame).map_err(|fault| bad_part("query", fault))?,
            None => Vec::new(),
        };
        secrets.extend(wire_secrets(&query));
        let query = wire_entries(query);
        let Some(urls) = &self.url else {
            let base = base.ok_or_else(|| ExchangeError::new(ErrorKind::Limit, "`base_url` has no value"))?;
            return Ok(vec![with_query(base.to_owned(), &query)?]);
        };
        let mut render = |template: &Template, frame: &mut Frame| {
            let value = template.eval(frame).map_err(|fault| match fault {
                Fault::Missing => super::missing_part("url", &template.0, frame),
                fault => bad_part("url", fault),
            })?;
            let url = address(template, value, secrets, frame).unwrap_or_default();
            let joined = match base {
                Some(base) if url.starts_with('/') => format!("{}{url}", base.trim_end_matches('/')),
                _ => url,
            };
            with_query(joined, &query)
        };
        let mut rendered = Vec::with_capacity(urls.0.len());
        for template in &urls.0 {
            rendered.push(render(template, frame)?);
        }
        Ok(rendered)
    }
}

/// The text of a part of an address; what is secret in it is added to `secrets`.
fn address(template: &Template, value: Value, secrets: &mut Vec<Secret>, frame: &mut Frame) -> Option<String> {
    if let Value::Secret(text) = &value {
        secrets.extend(template.secrets(text, frame));
    }
    wire_text(&value)
}

fn file_path(template: &Option<Template>, folders: &Folders, frame: &mut Frame) -> Option<PathBuf> {
    let template = template.as_ref()?;
    wire_text(&template.value(frame)).map(|path| folders.of(template.0.span).join(path))
}

impl Tls {
    /// The settings of this moment.
    ///
    /// # Errors
    /// What could not be computed.
    pub fn settings(&self, folders: &Folders, frame: &mut Frame) -> Result<TlsSettings, ExchangeError> {
        Ok(TlsSettings {
            verify: with_usual("tls.verify", &self.verify, true, frame)?,
            ca_file: file_path(&self.ca_cert, folders, frame),
            cert_file: file_path(&self.client_cert, folders, frame),
            key_file: file_path(&self.client_key, folders, frame),
            server_name: maybe_text(&self.server_name, frame),
        })
    }

    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.verify.code().into_iter().for_each(&mut *take);
        let files = [&self.ca_cert, &self.client_cert, &self.client_key, &self.server_name];
        files.into_iter().flatten().for_each(|template| take(&template.0));
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
        Err(Fault::Missing) => Ok(Arc::clone(usual)),
        Err(fault) => Err(bad_part(what, fault)),
    }
}

fn with_query(url: String, query: &[(String, String)]) -> Result<String, ExchangeError> {
    if query.is_empty() {
        return Ok(url);
    }
    let shown = crate::base::print::one_line(&url);
    let mut parsed = url::Url::parse(&url).map_err(|why| ExchangeError::new(ErrorKind::Limit, format!("{shown} is not a URL: {why}")))?;
    parsed.query_pairs_mut().extend_pairs(query);
    Ok(parsed.into())
}
