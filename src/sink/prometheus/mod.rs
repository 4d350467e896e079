//! Prometheus and what speaks its forms: a page to be scraped, or remote write.
//!
//! ```yaml
//! sinks:
//!   - prometheus: {url: "http://victoria.example:8428/api/v1/write"}
//!   - prometheus: {name: page, listen: "127.0.0.1:9464"}
//! ```
//!
//! Names get the characters that are allowed; counts are totals, which begin at zero with the engine,
//! under `NAME_total`; everything else is a gauge. A service check is the gauge `NAME_status` with 0 for
//! ok, 1 warning, 2 critical, 3 unknown; a health state is `engine_health` with 0 for clear,
//! 1 deviating, 2 critical. Events, logs and topology have no form here.

mod names;
mod page;
mod series;
mod stale;
mod write;

use super::filter::{Common, Family, Filter};
use super::post::{Address, Headers, Poster, Receiver};
use super::secret_text::SecretText;
use super::{OpenCx, Settings, Sink, own_name, read_kind};
use crate::base::diag::Diagnostic;
use crate::base::secret::Secret;
use crate::base::value::Text;
use crate::yaml::basic::Seconds;
use crate::yaml::kind::Kind;
use crate::yaml::read::Record;
use crate::yaml::shape::KindDoc;
use base64::Engine as _;
use std::net::SocketAddr;
use std::sync::Arc;

/// The most bytes of one request before it is packed: receivers refuse more than some ten MiB.
const WRITE_BYTES: usize = 8 << 20;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Settings>> = Kind {
    name: "prometheus",
    docs: || KindDoc {
        name: "prometheus",
        doc: "Prometheus and what speaks its forms: remote write to `url`, or a page at `listen` to be scraped.",
        fields: [Prometheus::docs(), Login::docs(), Receiver::docs(), Common::docs()].concat(),
        short: None,
    },
    read: |node, reader| {
        read_kind("prometheus", node, reader, |fields, reader| {
            let (own, login) = (Prometheus::read_from(fields, reader), Login::read_from(fields, reader));
            let (receiver, common) = (Receiver::read_from(fields, reader), Common::read_from(fields, reader));
            let (own, login) = (own?, login?);
            if own.url.is_some() == own.listen.is_some() {
                let problem = Diagnostic::error("missing-key", "`prometheus` needs one of `url` and `listen`", node.span);
                let help =
                    "add `url: \"http://…/api/v1/write\"` to write, or `listen: \"127.0.0.1:9464\"` to be scraped; two entries do both";
                reader.report(problem.label(if own.url.is_some() { "both are here" } else { "neither is here" }).help(help));
                return None;
            }
            Some(Configured { own, login, receiver: receiver?, common: common? })
        })
    },
};

crate::fields! {
    /// One of the two forms.
    struct Prometheus, "prometheus" {
        /// The address of remote write, with its path.
        url: Option<Address>;
        /// The address and port at which the page is served, under `/metrics`.
        listen: Option<Text>;
        /// A series that was not reported for so long leaves the page.
        stale_after: Seconds = Seconds(300.0), "5m";
    }
}

crate::fields! {
    /// How to log in to a receiver.
    pub struct Login, "login of a sink" {
        /// The user, for basic authentication.
        pub username: Option<Text>;
        /// The password, best as `"{{ secret('env:NAME') }}"`.
        pub password: Option<SecretText>;
        /// A token, sent as `Authorization: Bearer`; best as `"{{ secret('env:NAME') }}"`.
        pub bearer_token: Option<SecretText>;
    }
}

impl Login {
    /// The header and the secrets in it.
    ///
    /// # Errors
    /// A secret that cannot be read.
    pub fn header(&self, cx: &OpenCx<'_>) -> Result<(Headers, Vec<Secret>), String> {
        let secret = |text: &Option<SecretText>| text.as_ref().map(|text| text.get(cx)).transpose();
        let (password, token) = (secret(&self.password)?, secret(&self.bearer_token)?);
        let value = match (&token, &self.username) {
            (Some(token), _) => Some(format!("Bearer {}", token.reveal())),
            (None, Some(user)) => {
                let pair = format!("{user}:{}", password.as_ref().map_or("", |password| password.reveal()));
                Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
            }
            (None, None) => None,
        };
        let header: Vec<_> = value.into_iter().map(|value| ("authorization".to_owned(), Secret::new(value))).collect();
        let secrets = header.iter().map(|(_, value)| value.clone()).chain(password).chain(token).collect();
        Ok((header, secrets))
    }
}

#[derive(Debug)]
struct Configured {
    own: Prometheus,
    login: Login,
    receiver: Receiver,
    common: Common,
}

impl Settings for Configured {
    fn name(&self) -> Text {
        own_name(&self.common, "prometheus")
    }

    fn open(&self, cx: &OpenCx<'_>) -> Result<Arc<dyn Sink>, String> {
        let filter = Filter::of(&self.common);
        if let Some(listen) = &self.own.listen {
            let address: SocketAddr =
                listen.parse().map_err(|_| format!("`listen: {listen}` is no address and port like `127.0.0.1:9464`"))?;
            return Ok(Arc::new(page::Page::open(filter, address, self.own.stale_after.duration())?));
        }
        let url = self.own.url.as_ref().map(|address| address.0.clone()).ok_or("`url` is missing")?;
        let (login, secrets) = self.login.header(cx)?;
        let poster = Poster::open(&self.receiver, &secrets, cx)?;
        Ok(Arc::new(write::Write::new(filter, url, login, poster, self.receiver.most(WRITE_BYTES))))
    }
}

/// What has a form here.
const FAMILIES: &[Family] = &[Family::Metrics, Family::ServiceChecks, Family::Health];
