//! One file of conf.d for one spec: its instances, typed, with defaults.

use super::convert::Converter;
use super::fallback::Filler;
use super::secrets::SecretStore;
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::map::Map;
use crate::base::secret_names::logs_in;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::FromValue;
use crate::expr::frame::Frame;
use crate::expr::names::{INIT_CONFIG, INSTANCE, STANDARD_KEYS};
use crate::spec::Spec;
use crate::spec::config::{Bound, ConfigField, ConfigType, FieldType};
use crate::yaml::load::Loaded;
use crate::yaml::node::{Data, Node};
use crate::yaml::read::unknown_key;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// One set of settings for a spec.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its place in its file, from 0.
    pub number: usize,
    /// Where it stands.
    pub span: Span,
    /// Its settings after defaults and type checks.
    pub config: Value,
    /// The settings that all instances of the file share.
    pub init_config: Value,
    /// Its tags, `service:` included; a check takes them over.
    pub tags: Vec<Text>,
    /// The host its observations are about.
    pub hostname: Option<Text>,
    /// Its name, a part of its identity.
    pub name: Option<Text>,
    /// It runs on a tick if at least that long has passed since its last run.
    pub min_interval: Duration,
    /// The deadline of a run; none for the usual one.
    pub run_timeout: Option<Duration>,
    /// How many samples one run may report.
    pub max_samples: u32,
}

impl Instance {
    /// The texts of all secrets in its settings, at any depth: those that are declared or come from a
    /// handle, passwords in addresses, and headers that log in.
    pub fn secrets(&self) -> Vec<String> {
        let mut out = Vec::new();
        [&self.init_config, &self.config].into_iter().for_each(|settings| secrets_in("", settings, &mut out));
        out
    }
}

fn secrets_in(key: &str, value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Secret(secret) => {
            of_address(secret.reveal(), out);
            out.push(secret.reveal().to_owned());
        }
        Value::List(items) => items.iter().for_each(|item| secrets_in(key, item, out)),
        Value::Map(map) => map.iter().for_each(|(key, value)| secrets_in(key, value, out)),
        Value::Text(text) => {
            of_address(text, out);
            if logs_in(key) {
                // `Bearer TOKEN`: the scheme is no part of the secret.
                out.extend(text.rsplit(' ').next().map(str::to_owned));
            }
        }
        _ => {}
    }
}

/// The password of an address, as it stands there and as it is sent.
fn of_address(text: &str, out: &mut Vec<String>) {
    let address = text.contains("://").then(|| url::Url::parse(text).ok()).flatten();
    if let Some(password) = address.as_ref().and_then(url::Url::password) {
        out.push(percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned());
        out.push(password.to_owned());
    }
}

/// What one file gave: the instances that are right, and how many there are in all.
#[derive(Debug, Default)]
pub struct Instances {
    /// Those that can run.
    pub instances: Vec<Instance>,
    /// Those that say `enabled: false`.
    pub disabled: usize,
    /// Those that have errors.
    pub broken: usize,
    /// All problems.
    pub problems: Vec<Diagnostic>,
}

/// Reads a conf.d file for a spec. An instance with errors is left out, the others are there.
pub fn read(loaded: Loaded, spec: &Spec, folder: &Path, secrets: &dyn SecretStore, frame: &mut Frame) -> Instances {
    let mut out = read_all(loaded, spec, folder, secrets, frame);
    crate::base::diag::drop_consequences(&mut out.problems);
    out
}

fn read_all(loaded: Loaded, spec: &Spec, folder: &Path, secrets: &dyn SecretStore, frame: &mut Frame) -> Instances {
    let mut out = Instances { problems: loaded.problems, ..Instances::default() };
    let root = loaded.root;
    if root.as_map().is_none() && !root.is_null() {
        out.problems.push(no_map(&root));
        return out;
    }
    for entry in root.as_map().unwrap_or(&[]).iter().take(limits::PROBLEMS) {
        if !["init_config", "instances", "logs", "ad_identifiers"].contains(&&*entry.key) && !entry.key.starts_with("x-") {
            let problem = unknown_key(entry, "a conf.d file", ["init_config", "instances"].into_iter());
            let declared = spec.config.instance.iter().any(|field| field.key == entry.key) || STANDARD_KEYS.contains(&&*entry.key);
            out.problems.push(if declared && problem.edit.is_none() {
                let help = format!("write it in an item of `instances:`, as in `- {}: …`", entry.key);
                problem.label("this is a key of an instance").help(help)
            } else {
                problem
            });
        }
    }
    let mut converter = Converter { secrets, folder, problems: Vec::new() };
    let init = root.entry("init_config").map(|e| e.value.clone()).unwrap_or_else(|| Node::null(root.span));
    let init_standard = standard_fields(&["min_collection_interval", "service", "tags"]);
    let mut init_config = converter.fields("`init_config`", &init, &merged(&spec.config.init_config, &init_standard), &[]);
    let broken_init = crate::base::diag::has_errors(&converter.problems);
    frame.set(INSTANCE, Value::Missing);
    frame.set(INIT_CONFIG, Value::map(init_config.clone()));
    let mut filler = Filler { name: INIT_CONFIG, span: init.span, frame, problems: &mut converter.problems };
    filler.fill(&mut init_config, &spec.config.init_config, &spec.config.init_config_order);
    let init_config = Value::map(init_config);
    out.problems.append(&mut converter.problems);
    let standard = standard_fields(STANDARD_KEYS);
    let fields = merged(&spec.config.instance, &standard);
    let Some(instances) = taken(root, "instances") else { return out };
    if instances.as_list().is_none() && !instances.is_null() {
        let problem = Diagnostic::error("wrong-type", "expected a list for `instances`", instances.span);
        out.problems.push(problem.label(format!("found {}", instances.describe())).help("begin each instance with `- `, as in `- url: …`"));
    }
    // Each tree goes once it is read, so that the next instance can stand where it was.
    let items = if let Data::List(items) = instances.data { items } else { Vec::new() };
    for (number, node) in items.into_iter().enumerate() {
        let read = one(number, &node, spec, &fields, &init_config, &mut converter, frame);
        let errors = broken_init || crate::base::diag::has_errors(&converter.problems);
        out.problems.append(&mut converter.problems);
        match read {
            Some(None) => out.disabled += 1,
            Some(Some(instance)) if !errors => out.instances.push(instance),
            _ => out.broken += 1,
        }
    }
    out
}

/// The value of a key, without the rest of the map.
fn taken(map: Node, key: &str) -> Option<Node> {
    let Data::Map(entries) = map.data else { return None };
    entries.into_iter().find(|entry| &*entry.key == key).map(|entry| entry.value)
}

fn no_map(root: &Node) -> Diagnostic {
    let problem = Diagnostic::error("wrong-type", "expected a map with `instances`", root.span).label(format!("found {}", root.describe()));
    problem.help("write `instances:` and a list below it")
}

/// The instance; `Some(None)` for one that is switched off.
fn one(
    number: usize,
    node: &Node,
    spec: &Spec,
    fields: &[ConfigField],
    init_config: &Value,
    converter: &mut Converter<'_>,
    frame: &mut Frame,
) -> Option<Option<Instance>> {
    if node.as_map().is_none() && !node.is_null() {
        let problem = Diagnostic::error("wrong-type", "expected a map for an instance", node.span);
        converter.problems.push(problem.label(format!("found {}", node.describe())).help("write `- url: …`"));
        return None;
    }
    let mut config = converter.fields("the instance", node, fields, &[]);
    frame.set(INIT_CONFIG, init_config.clone());
    frame.set(INSTANCE, Value::map(config.clone()));
    let mut filler = Filler { name: INSTANCE, span: node.span, frame, problems: &mut converter.problems };
    filler.fill(&mut config, &spec.config.instance, &spec.config.instance_order);
    if config.get("enabled") == Some(&Value::Bool(false)) {
        return Some(None);
    }
    let seconds = |key: &str| {
        let own = config.get(key).cloned().or_else(|| init_config.as_map().and_then(|init| init.get(key).cloned()));
        own.and_then(|v| v.as_number()).map(|n| Duration::try_from_secs_f64(n.as_f64().max(0.0)).unwrap_or(limits::RUN_TIME_MOST))
    };
    let text = |key: &str| config.get(key).and_then(Value::as_text).map(Text::from);
    let mut tags = tag_list(init_config.as_map().and_then(|init| init.get("tags")));
    tags.extend(tag_list(config.get("tags")));
    let service =
        text("service").or_else(|| init_config.as_map().and_then(|init| init.get("service")).and_then(Value::as_text).map(Text::from));
    tags.extend(service.map(|service| Text::from(format!("service:{service}"))));
    let max_samples = match config.get("max_returned_metrics").and_then(|most| usize::from_value(most).ok()) {
        None => limits::SERIES,
        Some(0) => limits::SERIES_MOST,
        Some(most) => most.min(limits::SERIES_MOST),
    };
    Some(Some(Instance {
        max_samples: u32::try_from(max_samples).unwrap_or(u32::MAX),
        number,
        span: node.span,
        tags,
        hostname: text("hostname"),
        name: text("name"),
        min_interval: seconds("min_collection_interval").unwrap_or_default(),
        run_timeout: seconds("run_timeout").map(|t| t.min(limits::RUN_TIME_MOST)),
        config: Value::map(config),
        init_config: init_config.clone(),
    }))
}

fn tag_list(value: Option<&Value>) -> Vec<Text> {
    match value {
        Some(Value::List(items)) => items.iter().filter_map(crate::base::print::text_of).collect(),
        _ => Vec::new(),
    }
}

/// Declared fields first: a spec's own declaration of a standard key replaces the usual one.
fn merged(declared: &[ConfigField], standard: &[ConfigField]) -> Vec<ConfigField> {
    let extra = standard.iter().filter(|s| !declared.iter().any(|d| d.key == s.key));
    declared.iter().chain(extra).cloned().collect()
}

fn standard_fields(keys: &[&str]) -> Vec<ConfigField> {
    let field = |key: &&str| {
        let config_type = match *key {
            "min_collection_interval" | "run_timeout" => ConfigType::Duration,
            "tags" => ConfigType::List,
            "enabled" => ConfigType::Bool,
            "max_returned_metrics" => ConfigType::Int,
            _ => ConfigType::String,
        };
        let mut field = FieldType::plain(config_type);
        if *key == "tags" {
            field.items = Some(Box::new(FieldType::plain(ConfigType::String)));
        }
        if *key == "run_timeout" {
            field.min = Some(Bound { least_or_most: 0.001, written: "1ms".into() });
        }
        if ["min_collection_interval", "max_returned_metrics"].contains(key) {
            field.min = Some(Bound { least_or_most: 0.0, written: "0".into() });
        }
        if *key == "max_returned_metrics" {
            field.max = Some(Bound { least_or_most: limits::SERIES_MOST as f64, written: limits::SERIES_MOST.to_string().into() });
        }
        ConfigField { key: Text::from(*key), span: Span::default(), field }
    };
    keys.iter().map(field).collect()
}

/// A shared empty map: most files have no `init_config`.
pub fn empty() -> Value {
    Value::Map(Arc::new(Map::default()))
}
