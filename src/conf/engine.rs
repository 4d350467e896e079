//! `engine.yaml`: what the engine itself may be told. Everything has a default, and the file may be
//! absent.

use super::overrides;
use super::settings::{LimitsConf, LoggingConf, SecretsConf, SpoolConf, StatusConf};
use crate::base::diag::{Diagnostic, drop_consequences};
use crate::base::limits;
use crate::base::span::{Sources, Span};
use crate::base::value::{Text, Value};
use crate::sink::AnySink;
use crate::yaml::basic::{Keyed, OneOrMany, Placed, Raw, Seconds};
use crate::yaml::load::Loaded;
use crate::yaml::node::{Data, Entry, Node};
use crate::yaml::read::{Field, Reader, Record};

crate::words! {
    /// How grave what a rule finds is.
    pub enum LevelWord {
        /// `engine lint` fails.
        Error = "error",
        /// It is told, and fails with `--deny warnings`.
        Warning = "warning",
        /// It is told.
        Note = "note",
        /// It is not looked for.
        Off = "off",
    }
}

crate::fields! {
    /// What `engine lint` looks for.
    pub struct LintSettings, "lint" {
        /// Other levels than the usual ones, by the codes of rules: `{reserved-tag: off, no-tests: warning}`.
        pub levels: Keyed<LevelWord>;
    }
}

crate::fields! {
    /// Settings of the engine.
    pub struct EngineConf, "engine.yaml" {
        /// The name of this host in all observations; the system's where it is not given.
        pub hostname: Option<Text>;
        /// Tags of every observation.
        pub tags: Vec<Text>;
        /// Free values, for specs as `engine.vars`.
        pub vars: Option<Raw>;
        /// The collector's tick, at least 1s: instances run on multiples of it.
        pub interval: Seconds = Seconds(limits::INTERVAL_DEFAULT.as_secs_f64()), "15s";
        /// The folder of the instances; `conf.d` beside this file where it is not given.
        pub conf_dir: Option<Text>;
        /// The folders of the specs, of which the first that has a spec wins; `specs` beside this file where it is not given.
        pub spec_dirs: Option<OneOrMany<Text>>;
        /// The folder of what is remembered between runs, and of the spool; beside this file where it is relative. With sinks it is `state` beside this file where it is not given; else without it a restart forgets everything: counters begin anew, and what was sent `once` is sent again. It is the one key that needs a restart: what is remembered lies there.
        pub state_dir: Option<Text>;
        /// Where observations go: each entry is one sink, or its bare name where it needs no settings. Without any they go to standard output.
        pub sinks: Vec<Placed<AnySink>>;
        /// The durable queue before the sinks.
        pub spool: Option<SpoolConf>;
        /// The status page.
        pub status: Option<StatusConf>;
        /// Other bounds than the usual ones.
        pub limits: Option<LimitsConf>;
        /// How secret handles are read.
        pub secrets: Option<SecretsConf>;
        /// What `engine lint` looks for.
        pub lint: Option<LintSettings>;
        /// What is logged.
        pub logging: Option<LoggingConf>;
    }
}

impl Default for EngineConf {
    fn default() -> Self {
        EngineConf {
            hostname: None,
            tags: Vec::new(),
            vars: None,
            interval: Seconds(limits::INTERVAL_DEFAULT.as_secs_f64()),
            conf_dir: None,
            spec_dirs: None,
            state_dir: None,
            sinks: Vec::new(),
            spool: None,
            status: None,
            limits: None,
            secrets: None,
            lint: None,
            logging: None,
        }
    }
}

impl EngineConf {
    /// The free values.
    pub fn vars(&self) -> Value {
        self.vars.as_ref().map(|raw| raw.0.to_value()).unwrap_or_default()
    }

    /// The bounds, the usual ones where nothing is said.
    pub fn limits(&self) -> LimitsConf {
        self.limits.clone().unwrap_or_default()
    }

    /// The status page, as usual where nothing is said.
    pub fn status(&self) -> StatusConf {
        self.status.clone().unwrap_or_default()
    }

    /// The log, as usual where nothing is said.
    pub fn logging(&self) -> LoggingConf {
        self.logging.clone().unwrap_or_default()
    }

    /// The spool, as usual where nothing is said.
    pub fn spool(&self) -> SpoolConf {
        self.spool.clone().unwrap_or_default()
    }

    /// How secret handles are read, as usual where nothing is said.
    pub fn secrets(&self) -> SecretsConf {
        self.secrets.clone().unwrap_or_default()
    }
}

/// The keys that are right by themselves: where the engine keeps its state and shows its status is
/// known even while something else in the file is wrong.
fn right_part(root: &Node, sources: &Sources) -> EngineConf {
    let only = |entries: Vec<Entry>| Node { data: Data::Map(entries), ..root.clone() };
    let read = |node: &Node| EngineConf::read(node, &mut Reader::new(sources, true));
    let entries = root.as_map().unwrap_or_default().iter().filter(|entry| read(&only(vec![(*entry).clone()])).is_some());
    read(&only(entries.cloned().collect())).unwrap_or_default()
}

/// Reads engine.yaml, with the variables of the environment that stand for single keys.
pub fn read(mut loaded: Loaded, environment: &[(String, String)], sources: &mut Sources) -> (EngineConf, Vec<Diagnostic>) {
    let mut problems = overrides::apply(&mut loaded.root, &EngineConf::docs(), environment, sources);
    let mut reader = Reader::new(sources, loaded.broken);
    reader.problems = loaded.problems;
    let conf = EngineConf::read(&loaded.root, &mut reader).unwrap_or_else(|| right_part(&loaded.root, sources));
    problems.extend(reader.problems);
    problems.extend(unfit(&conf, &loaded.root));
    problems.extend(same_names(&conf.sinks));
    drop_consequences(&mut problems);
    (conf, problems)
}

/// The place of a sink in the queue is found by its name, so two must not share one.
fn same_names(sinks: &[Placed<AnySink>]) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (at, sink) in sinks.iter().enumerate() {
        let name = sink.value.0.name();
        if let Some(first) = sinks.iter().take(at).find(|earlier| earlier.value.0.name() == name) {
            let problem = Diagnostic::error("same-sink", format!("two sinks of the name `{name}`"), sink.span);
            let problem = problem.label("the second one").also(first.span, "the first one");
            problems.push(problem.help("give one of them another `name`, which tells their places in the queue apart"));
        }
    }
    problems
}

fn place(root: &Node, keys: &[&str]) -> Span {
    keys.iter().try_fold(root, |node, key| node.entry(key).map(|entry| &entry.value)).map_or(root.span, |node| node.span)
}

/// Values of the right type that cannot be.
fn unfit(conf: &EngineConf, root: &Node) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut least = |keys: &[&str], given: f64, least: f64, written: &str| {
        if given < least {
            let title = format!("`{}` is less than {written}", keys.join("."));
            let problem = Diagnostic::error("out-of-range", title, place(root, keys));
            out.push(problem.label("too short").help(format!("write `{written}` or more")));
        }
    };
    least(&["interval"], conf.interval.0, limits::INTERVAL_LEAST.as_secs_f64(), "1s");
    if let Some(spool) = &conf.spool {
        least(&["spool", "max_bytes"], spool.max_bytes.0 as f64, limits::SPOOL_BYTES_LEAST as f64, "1MiB");
        least(&["spool", "max_age"], spool.max_age.0, 60.0, "1m");
        if !spool.sync.0.is_zero() {
            least(&["spool", "sync"], spool.sync.0.as_secs_f64(), 0.01, "10ms");
        }
    }
    if let Some(secrets) = conf.secrets.as_ref().filter(|secrets| secrets.refresh.0 != 0.0) {
        least(&["secrets", "refresh"], secrets.refresh.0, limits::SECRET_REFRESH_LEAST.as_secs_f64(), "10s");
    }
    if let Some(status) = conf.status.as_ref().filter(|status| status.listen.value.is_open()) {
        let problem = Diagnostic::warning("open-status", "the status page can be reached from other machines", status.listen.span);
        let problem =
            problem.label("this is no address of the loopback").text("The page needs no login. It shows names, addresses and errors.");
        out.push(problem.help("write `127.0.0.1` in place of the address, and let a proxy with a login stand before it"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::render;
    use crate::conf::settings::Listen;
    use crate::yaml::load::load;

    fn read_with(text: &str, environment: &[(&str, &str)]) -> (EngineConf, String) {
        let mut sources = Sources::default();
        let file = sources.add("engine.yaml", text);
        let loaded = load(&sources, file);
        let environment: Vec<_> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (conf, problems) = read(loaded, &environment, &mut sources);
        (conf, render::human(&problems, &sources, false))
    }

    #[test]
    fn a_variable_stands_for_a_single_key() {
        let variables =
            [("ENGINE_STATUS_LISTEN", "off"), ("ENGINE_TAGS", "[a, b]"), ("ENGINE_SPOOL_MAX_BYTES", "2MiB"), ("ENGINE_TOKEN", "x")];
        let (conf, said) = read_with("tags: [c]\nspool: {sync: always}\n", &variables);
        assert_eq!(said, "");
        assert_eq!((conf.status().listen.value, conf.tags.len()), (Listen::Off, 2));
        let spool = conf.spool.unwrap();
        assert_eq!((spool.max_bytes.0, spool.sync.0.is_zero(), spool.max_age.0), (2 << 20, true, 48.0 * 3600.0));
    }

    #[test]
    fn what_is_right_counts_beside_what_is_wrong() {
        let (conf, said) = read_with("state_dir: s\nsinks: [{datadog: {}}]\nstatus: {listen: off}\nintervall: 3\n", &[]);
        assert!(said.contains("`url`") && said.contains("intervall"), "{said}");
        assert_eq!((conf.state_dir.as_deref(), conf.status().listen.value, conf.sinks.len()), (Some("s"), Listen::Off, 0));
    }

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        for (text, variables, expected) in [
            ("status: {listen: 7660}", &[][..], "engine.yaml:1:18"),
            ("status: {listn: off}", &[], "did you mean `listen`?"),
            ("spool: {max_bytes: 3}", &[], "`spool.max_bytes` is less than 1MiB"),
            ("interval: 0.2s", &[], "`interval` is less than 1s"),
            ("logging: {level: wrn}", &[], "did you mean `warn`?"),
            ("status: {listen: '0.0.0.0:80'}", &[], "can be reached from other machines"),
            ("", &[("ENGINE_LOGGING_FORMAT", "yaml")], "variable ENGINE_LOGGING_FORMAT:1:1"),
            ("", &[("ENGINE_LOGING_FORMAT", "json")], "did you mean `ENGINE_LOGGING_FORMAT`?"),
            ("limits: 3", &[("ENGINE_LIMITS_RUNS_AT_ONCE", "9")], "engine.yaml:1:9"),
        ] {
            let (_, said) = read_with(text, variables);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
