//! The parts of engine.yaml that are maps of their own.

use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::value::Text;
use crate::yaml::basic::{Count, Keyed, Placed, Seconds, Size};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use std::net::SocketAddr;
use std::time::Duration;

crate::fields! {
    /// The status page: what the engine knows of itself, for people at `/`, for programs at `/status.json`, for Prometheus at `/metrics`. It only shows, and nothing can be changed through it.
    pub struct StatusConf, "status" {
        /// Address and port of the page, or `off`. Every address but those of this machine itself gets a warning: the page needs no login. Where the port is taken, the engine runs without the page and tries again.
        pub listen: Placed<Listen> = Placed { value: Listen::usual(), span: Default::default() }, "127.0.0.1:7660";
        /// Names of this machine besides `localhost` and plain addresses by which the page may be asked for; others are refused, since a page from elsewhere could use them to read this one.
        pub hosts: Vec<Text>;
    }
}

crate::fields! {
    /// The durable queue between the runs and the sinks, below `state_dir`. What it holds survives restarts and is deleted once every sink has it.
    pub struct SpoolConf, "spool" {
        /// Most bytes on disk. When it is full, the oldest goes: first the metrics of old records, then service checks, events and topology; all of it is counted by sink and kind.
        pub max_bytes: Size = Size(limits::SPOOL_BYTES), "512MiB";
        /// What is older is not delivered any more.
        pub max_age: Seconds = Seconds(limits::SPOOL_AGE.as_secs_f64()), "48h";
        /// How often what was written is made safe from a power cut: a duration, which is the most that a power cut can lose, or `always`. The end of the process alone loses nothing.
        pub sync: Sync = Sync(limits::SPOOL_SYNC), "1s";
    }
}

crate::fields! {
    /// Other bounds than the usual ones; `docs/limits.md` lists all there are.
    pub struct LimitsConf, "limits" {
        /// Runs at once, of all checks.
        pub runs_at_once: Count = Count(limits::RUNS_AT_ONCE), "256";
        /// Runs at once that ask the same host and port.
        pub runs_per_host: Count = Count(limits::RUNS_PER_HOST), "64";
        /// Commands at once, of all checks.
        pub commands_at_once: Count = Count(limits::CHILDREN), "16";
    }
}

crate::fields! {
    /// Secret handles: `env:NAME`, `file:PATH`, `exec:PROGRAM`.
    pub struct SecretsConf, "secrets" {
        /// All handles are read again this often, so that a renewed password reaches the checks; 0 means only at a reload. A handle that cannot be read then leaves its checks as they are.
        pub refresh: Seconds = Seconds(limits::SECRET_REFRESH.as_secs_f64()), "1h";
    }
}

crate::fields! {
    /// What the engine says on standard error. The variable ENGINE_LOG, as in `info,checks.http=debug`, comes before this.
    pub struct LoggingConf, "logging" {
        /// The least grave lines that are written.
        pub level: LogLevel = LogLevel::Warn, "warn";
        /// Lines for people, or JSON objects.
        pub format: LogFormat = LogFormat::Text, "text";
        /// Other levels for parts of the engine: `checks.NAME` is the spec of that name, `checks` all of them, `sinks`, `reload`, `status`, `schedule` and `spool` the rest.
        pub targets: Keyed<LogLevel>;
    }
}

crate::words! {
    /// How grave a line of the log is.
    pub enum LogLevel {
        /// Something is broken.
        Error = "error",
        /// Something needs a look.
        Warn = "warn",
        /// What happens.
        Info = "info",
        /// Every run.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
        /// Nothing.
        Off = "off",
    }
}

crate::words! {
    /// How a line of the log is written.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object.
        Json = "json",
    }
}

/// Where the status page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// At an address.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

impl Listen {
    /// The loopback, so that no configuration opens nothing to the network.
    fn usual() -> Listen {
        Listen::At(SocketAddr::from(limits::STATUS_ADDRESS))
    }

    /// True for an address that others can reach.
    pub fn is_open(self) -> bool {
        matches!(self, Listen::At(address) if !address.ip().is_loopback())
    }
}

impl Field for Listen {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = node.as_scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
        if &*text == "off" {
            return Some(Listen::Off);
        }
        if let Ok(address) = text.replace("localhost:", "127.0.0.1:").parse() {
            return Some(Listen::At(address));
        }
        let problem = Diagnostic::error("wrong-type", "expected an address with a port", node.span);
        let problem = problem.label(format!("found {}", node.describe()));
        reader.report(problem.help(format!("write `{}`, `\"[::1]:7660\"`, or `off`", SocketAddr::from(limits::STATUS_ADDRESS))));
        None
    }
}

/// How often the spool is synced; zero for always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sync(pub Duration);

impl Field for Sync {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Duration, Shape::Words(&["always"])])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_scalar().is_some_and(|scalar| &*scalar.text == "always") {
            return Some(Sync(Duration::ZERO));
        }
        Seconds::read(node, reader).map(|seconds| Sync(seconds.duration()))
    }
}

impl Default for StatusConf {
    fn default() -> Self {
        StatusConf { listen: Placed { value: Listen::usual(), span: Default::default() }, hosts: Vec::new() }
    }
}

impl Default for SpoolConf {
    fn default() -> Self {
        SpoolConf {
            max_bytes: Size(limits::SPOOL_BYTES),
            max_age: Seconds(limits::SPOOL_AGE.as_secs_f64()),
            sync: Sync(limits::SPOOL_SYNC),
        }
    }
}

impl Default for LimitsConf {
    fn default() -> Self {
        LimitsConf {
            runs_at_once: Count(limits::RUNS_AT_ONCE),
            runs_per_host: Count(limits::RUNS_PER_HOST),
            commands_at_once: Count(limits::CHILDREN),
        }
    }
}

impl Default for SecretsConf {
    fn default() -> Self {
        SecretsConf { refresh: Seconds(limits::SECRET_REFRESH.as_secs_f64()) }
    }
}

impl Default for LoggingConf {
    fn default() -> Self {
        LoggingConf { level: LogLevel::Warn, format: LogFormat::Text, targets: Keyed::default() }
    }
}
