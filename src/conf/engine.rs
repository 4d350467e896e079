//! `engine.yaml`: what the engine itself may be told. Everything has a default, and the file may be
//! absent.

use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::span::Sources;
use crate::base::value::{Text, Value};
use crate::yaml::basic::{Keyed, OneOrMany, Raw, Seconds};
use crate::yaml::load::Loaded;
use crate::yaml::read::{Field, Reader};

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
        /// The collector's tick: instances run on multiples of it.
        pub interval: Seconds = Seconds(limits::INTERVAL_DEFAULT.as_secs_f64()), "15s";
        /// The folder of the instances; `conf.d` beside this file where it is not given.
        pub conf_dir: Option<Text>;
        /// The folders of the specs, of which the first that has a spec wins; `specs` beside this file where it is not given.
        pub spec_dirs: Option<OneOrMany<Text>>;
        /// The folder of what is remembered between runs, beside this file where it is relative. Without it a restart forgets everything: counters begin anew, and what was sent `once` is sent again.
        pub state_dir: Option<Text>;
        /// Where observations go besides standard output; not read by this version.
        pub sinks: Option<Raw>;
        /// The status page; not read by this version.
        pub status: Option<Raw>;
        /// Other bounds than the usual ones; not read by this version.
        pub limits: Option<Raw>;
        /// Where secrets come from; not read by this version, handles in conf.d are.
        pub secrets: Option<Raw>;
        /// What `engine lint` looks for.
        pub lint: Option<LintSettings>;
        /// What is logged; not read by this version, the variable ENGINE_LOG is.
        pub logging: Option<Raw>;
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
            sinks: None,
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
}

/// Reads engine.yaml.
pub fn read(loaded: Loaded, sources: &Sources) -> (EngineConf, Vec<Diagnostic>) {
    let mut reader = Reader::new(sources, loaded.broken);
    reader.problems = loaded.problems;
    let conf = EngineConf::read(&loaded.root, &mut reader).unwrap_or_default();
    let mut problems = reader.problems;
    if conf.interval.0 < limits::INTERVAL_LEAST.as_secs_f64() {
        let problem = Diagnostic::error(
            "out-of-range",
            "`interval` is less than 1s",
            loaded.root.entry("interval").map_or(loaded.root.span, |e| e.value.span),
        );
        problems.push(problem.label("too short").help("write `1s` or more"));
    }
    problems.extend(not_read(&conf));
    (conf, problems)
}

/// Nothing that a person writes is passed over in silence.
fn not_read(conf: &EngineConf) -> Vec<Diagnostic> {
    let keys = [
        ("sinks", &conf.sinks),
        ("status", &conf.status),
        ("limits", &conf.limits),
        ("secrets", &conf.secrets),
        ("logging", &conf.logging),
    ];
    let given = keys.into_iter().filter_map(|(key, raw)| raw.as_ref().map(|raw| (key, raw)));
    let warning = |(key, raw): (&str, &Raw)| {
        let problem = Diagnostic::warning("not-read", format!("`{key}` is not read by this version"), raw.0.span);
        problem.label("this has no effect").help(format!("remove `{key}`, or use a version that reads it"))
    };
    given.map(warning).collect()
}
