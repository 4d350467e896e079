//! `engine status`: what the running daemon knows.

use super::session::{open, state_dir, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED};
use crate::base::print::one_line;
use crate::catalog::Places;
use crate::conf::engine::EngineConf;
use crate::status::socket::{NoAnswer, ask, place};
use clap::ValueEnum;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine status                   everything; exit code 1 if something is in error, 2 if no engine runs
  engine status http              the instances of one check
  engine status --format json     as JSON, for programs")]
pub struct Arguments {
    /// One check, or one instance as in `http[0]`; everything where none is given.
    name: Option<String>,
    /// How it is written.
    #[arg(long, default_value = "human")]
    format: Format,
}

/// How the status is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
}

/// Asks and shows.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    let (places, catalog) = match open(common) {
        Ok(opened) => opened,
        Err(why) => return usage(&why, common),
    };
    let name = arguments.name.as_deref().unwrap_or_default();
    let query: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let text = match ask_engine(common, &places, &catalog.conf, &format!("/status.json?check={query}")) {
        Ok(text) => text,
        Err(why) => return usage(&why, common),
    };
    let Ok(status) = serde_json::from_str::<Json>(&text) else {
        return usage("the engine's answer is not understood: is it of another version?", common);
    };
    let instances = list(&status, "/instances");
    if !name.is_empty() && instances.is_empty() {
        return usage(&format!("the running engine has no check or instance `{name}`"), common);
    }
    match arguments.format {
        Format::Json => println!("{status:#}"),
        Format::Human => human(&status, instances, name, Style::stdout(common.color)),
    }
    if in_error(&status, instances, name) { FAILED } else { CLEAN }
}

/// What the daemon with these settings answers.
///
/// # Errors
/// None is running, or it did not answer.
pub fn ask_engine(common: &Common, places: &Places, conf: &EngineConf, path: &str) -> Result<String, String> {
    let socket = socket_of(state_dir(common, places, conf).as_deref(), places);
    // While engine.yaml is broken, it does not say where the daemon keeps its state, or if it has any.
    let base = places.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let others = [socket_of(Some(&base.join("state")), places), socket_of(None, places)];
    for socket in std::iter::once(&socket).chain(&others) {
        match ask(socket, path) {
            Ok(text) => return Ok(text),
            Err(NoAnswer::NotRunning) => {}
            Err(NoAnswer::Failed(why)) => return Err(format!("the engine at {} did not answer: {why}", socket.display())),
        }
    }
    Err(format!("no engine is running here: nothing listens at {}", socket.display()))
}

/// Where the socket of the daemon with these settings is.
pub fn socket_of(state_dir: Option<&Path>, places: &Places) -> PathBuf {
    let runtime_dir = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    place(state_dir, &places.conf_dir, runtime_dir)
}

fn in_error(status: &Json, instances: &[Json], name: &str) -> bool {
    let failing = instances.iter().any(|instance| instance["status"] == "error");
    let files = list(status, "/configuration/problems").iter().any(|problem| problem["level"] == "error");
    let sinks = list(status, "/sinks").iter().any(|sink| sink["status"] == "failing");
    let spool = status.pointer("/spool/trouble").is_some_and(|trouble| !trouble.is_null());
    failing || (name.is_empty() && (files || sinks || spool))
}

fn human(status: &Json, instances: &[Json], name: &str, style: Style) {
    if name.is_empty() {
        let (host, version) = (text(&status["hostname"]), text(&status["version"]));
        println!("engine {version} on {host}, process {}, since {}", status["pid"], time(&status["started"]));
        let by = &status["by_status"];
        println!("{} ok, {} warning, {} error, {} waiting for their first run", by["ok"], by["warning"], by["error"], by["waiting"]);
        let totals = &status["totals"];
        println!("{} runs, {} with an error, {} ticks skipped", totals["runs"], totals["errors"], totals["skipped"]);
        sinks(status, style);
        files(&status["configuration"], style);
        if instances.is_empty() {
            let folder = status.pointer("/configuration/conf_dir").map(text).unwrap_or_default();
            println!("{}", style.warn(&format!("nothing runs: {folder} holds no usable instance")));
        }
        println!();
    }
    let width = instances.iter().map(|instance| text(&instance["instance"]).chars().count()).max().unwrap_or(0);
    for instance in instances {
        line(instance, width, style);
    }
    if instances.len() > AT_A_GLANCE {
        last_word(instances, style);
    }
}

/// More instances than this push what is wrong out of sight.
const AT_A_GLANCE: usize = 15;

/// What is wrong once more, where the eye is after a long list.
fn last_word(instances: &[Json], style: Style) {
    let failing: Vec<String> = instances.iter().filter(|one| one["status"] == "error").map(|one| text(&one["instance"])).collect();
    let (n, all) = (failing.len(), instances.len());
    let names = crate::base::suggest::listed(failing.iter().map(String::as_str), AT_A_GLANCE);
    match n {
        0 => println!("\n{}", style.good(&format!("none of {all} instances is in error"))),
        _ => println!("\n{}", style.bad(&format!("{n} of {all} instances in error: {names}"))),
    }
}

/// Each sink in a line, and what the spool has to say.
fn sinks(status: &Json, style: Style) {
    for sink in list(status, "/sinks") {
        let failing = sink["status"] == "failing";
        let word = if failing { style.bad("FAILING") } else { style.good("OK") };
        let waits = match sink["oldest"].as_str() {
            Some(_) => format!("what waits is from {} on", time(&sink["oldest"])),
            None => "nothing waits".to_owned(),
        };
        println!(
            "sink {}  {word}  {} items delivered, last {}; {waits}",
            text(&sink["name"]),
            sink["delivered"],
            time(&sink["last_delivery"])
        );
        if let Some(error) = sink["last_error"].as_str().filter(|_| failing) {
            println!("    {}", style.bad(&one_line(error)));
        }
        if let Some(dropped) = sink["last_dropped"].as_str() {
            println!(
                "    {}",
                style.warn(&format!("{} items were refused for good, the last one: {}", sink["dropped"], one_line(dropped)))
            );
        }
        let by_spool: Vec<String> =
            sink["dropped_by_spool"].as_object().into_iter().flatten().map(|(kind, n)| format!("{n} {kind}")).collect();
        if !by_spool.is_empty() {
            println!(
                "    {}",
                style.warn(&format!("dropped before it was delivered, since the spool is bounded: {}", by_spool.join(", ")))
            );
        }
    }
    let Some(spool) = status["spool"].as_object() else { return };
    let figure = |key: &str| spool.get(key).and_then(Json::as_u64).unwrap_or(0);
    println!("spool  {} bytes in {} files", figure("bytes"), figure("segments"));
    if let Some(trouble) = spool.get("trouble").and_then(Json::as_str) {
        println!("    {}", style.bad(&format!("the disk is in trouble, records wait in memory: {}", one_line(trouble))));
    }
    if figure("damaged") > 0 {
        println!("    {}", style.warn(&format!("{} damaged pieces were passed over", figure("damaged"))));
    }
    for said in list(status, "/spool/said") {
        println!("    {}: {}", time(&said["at"]), style.warn(&text(&said["text"])));
    }
}

fn files(configuration: &Json, style: Style) {
    if configuration["kept_old"] == true {
        println!("{}", style.bad("some files have errors, and what they describe stayed as it was"));
    }
    for what in list(configuration, "/needs_restart") {
        println!("{}", style.warn(&format!("{} was changed and needs a restart", text(what))));
    }
    for problem in list(configuration, "/problems") {
        let level = text(&problem["level"]);
        let level = if level == "error" { style.bad(&level) } else { style.warn(&level) };
        println!("{}: {level}: {}", text(&problem["place"]), text(&problem["title"]));
    }
    for hidden in list(configuration, "/hidden") {
        println!("{}", style.dim(&format!("{} hides {}", text(&hidden["used"]), text(&hidden["hidden"]))));
    }
}

fn line(instance: &Json, width: usize, style: Style) {
    let status = text(&instance["status"]);
    let padded = format!("{:<7}", status.to_uppercase());
    let shown = match status.as_str() {
        "ok" => style.good(&padded),
        "warning" => style.warn(&padded),
        "error" => style.bad(&padded),
        _ => style.dim(&padded),
    };
    let took = instance["duration_s"].as_f64().map_or_else(|| "-".to_owned(), |seconds| format!("{:.0} ms", seconds * 1e3));
    let name = text(&instance["instance"]);
    println!(
        "{name:<width$}  {shown}  {:>5} metrics  {took:>8}  last {}  next {}{}",
        instance.pointer("/last/metrics").and_then(Json::as_u64).unwrap_or(0),
        time(&instance["last_run"]),
        time(&instance["next_run"]),
        instance["skipped"].as_u64().filter(|n| *n > 0).map(|n| format!("  {n} skipped")).unwrap_or_default()
    );
    if let Some(error) = instance["error"].as_str() {
        println!("    {}", style.bad(&format!("since {}: {}", time(&instance["since"]), one_line(error))));
    }
    for warning in list(instance, "/warnings") {
        println!("    {}", style.warn(&text(warning)));
    }
}

/// The list at a place; empty where there is none.
fn list<'j>(json: &'j Json, pointer: &str) -> &'j [Json] {
    json.pointer(pointer).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Json) -> String {
    one_line(value.as_str().unwrap_or_default())
}

/// A time without its fraction.
fn time(value: &Json) -> String {
    match value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
        Some(time) => format!("{time:.0}"),
        None => "-".to_owned(),
    }
}
