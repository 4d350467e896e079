//! `engine flare`: everything that somebody who helps wants to see, in one file, without secrets.
//!
//! What goes in is a list: nothing is taken because it lies there. Settings and specs go through
//! [`Redaction`]; after that every text is searched for all secrets of all instances and sinks, and for
//! what was hidden. The running engine is asked for its status and log; where none runs, the rest is
//! there all the same.

use super::redact::{Redaction, declared_secrets};
use super::session::{open, state_dir, usage};
use super::status::ask_engine;
use super::{CLEAN, Common, FAILED, lint};
use crate::agent::load::load;
use crate::base::limits;
use crate::base::masks::Masks;
use crate::base::print::cut_bytes;
use crate::base::value::Text;
use crate::catalog::files::{all_confs, find_spec};
use crate::catalog::secrets::Outside;
use crate::catalog::{Catalog, Places};
use crate::conf::secrets::{SecretStore, handle_of};
use crate::spec::print::print;
use crate::yaml::node::Node;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Arguments of `flare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine flare                    engine-flare-HOST-TIME.tar.gz in this folder
  engine flare --out x.tar.gz     in that file
  engine flare --out x            in a folder, to look through before it is sent")]
pub struct Arguments {
    /// The archive (`.tar.gz`, `.tgz`), or the folder that is made.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

/// Longer names of hosts and specs are cut.
const NAME_CHARS: usize = 40;
/// Even a short secret must not be in what leaves the machine.
const LEAST_BYTES: usize = 4;

const README: &str = "What `engine flare` has collected. Look through it before you send it.

about.json        the engine, the machine, the process, the bounds that the system sets
status.json       what the running engine knows of itself, with its sinks and the spool
log.txt           its last lines, those of the level info included
lint.txt          what `engine lint` says, without excerpts
files.txt         settings, specs and state: names, sizes, modes, owners
limits.md         the bounds of this version
settings/         engine.yaml and conf.d, without secrets and without the notes of their authors
specs/            the specs that conf.d names, as a whole, likewise

Passwords, keys and tokens are shown as ****: what is declared as a secret, what a key or a header is named
like, users and queries of addresses, and every text that is the secret of an instance or a sink.
";

/// What is collected.
struct Bundle {
    files: Vec<(String, String)>,
    secrets: Vec<String>,
}

/// Collects and writes.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    let (bundle, hostname) = match collect(common) {
        Ok(collected) => collected,
        Err(why) => return usage(&why, common),
    };
    let now = Timestamp::now();
    let name = format!("engine-flare-{}-{}", plain(&hostname), now.strftime("%Y%m%dT%H%M%SZ"));
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.tar.gz")));
    let files = bundle.masked();
    if let Err(why) = write(&out, &name, &files, now) {
        eprintln!("error: {} cannot be written: {why}", out.display());
        return FAILED;
    }
    for (name, content) in &files {
        println!("{:>9}  {name}", content.len());
    }
    println!("{}", out.display());
    CLEAN
}

fn collect(common: &Common) -> Result<(Bundle, String), String> {
    let (places, catalog) = open(common)?;
    let hostname = catalog.engine.member("hostname").as_text().unwrap_or_default().to_owned();
    let state = state_dir(common, &places, &catalog.conf);
    let mut bundle = Bundle { files: Vec::new(), secrets: Vec::new() };
    bundle.add("README.txt", README.to_owned());
    bundle.add("about.json", format!("{:#}", about(&places, state.as_deref(), &hostname)));
    for (name, path) in [("status.json", "/status.json"), ("log.txt", "/log")] {
        let answer = ask_engine(common, &places, &catalog.conf, path).unwrap_or_else(|why| format!("{why}\n"));
        let pretty = serde_json::from_str::<Json>(&answer).map(|json| format!("{json:#}"));
        bundle.add(name, pretty.unwrap_or(answer));
    }
    bundle.add("lint.txt", lint::told(common).unwrap_or_else(|why| format!("{why}\n")));
    bundle.add("files.txt", listed(&places, state.as_deref()));
    bundle.add("limits.md", crate::manual::limits::limits());
    bundle.settings(&places, &mut open(common)?.1);
    let loaded = load(&places, catalog, lint::no_spec);
    let secrets = loaded.checks.iter().flat_map(|check| check.instance.secrets());
    bundle.secrets.extend(secrets);
    Ok((bundle, hostname))
}

impl Bundle {
    fn add(&mut self, name: &str, content: String) {
        let mut content = content;
        if content.len() > limits::FLARE_FILE_BYTES {
            content = format!("{}\n[the rest was left out]\n", cut_bytes(&content, limits::FLARE_FILE_BYTES));
        }
        self.files.push((name.to_owned(), content));
    }

    /// engine.yaml, conf.d and the specs that it names.
    fn settings(&mut self, places: &Places, catalog: &mut Catalog) {
        let mut specs = BTreeSet::new();
        let confs = all_confs(&places.conf_dir);
        for conf in confs.iter().take(limits::FLARE_FILES) {
            let mut declared = BTreeSet::new();
            if let Some(spec) = find_spec(&places.spec_dirs, &conf.name) {
                let mut hidden = Vec::new();
                let text = catalog.print(&spec, |root| {
                    declared_secrets(root, &mut declared);
                    hidden = redacted(root, declared.clone());
                });
                self.secrets.append(&mut hidden);
                if specs.insert(conf.name.clone()) {
                    self.add(&format!("specs/{}.yaml", plain(&conf.name)), text.unwrap_or_default());
                }
            }
            let below = conf.path.strip_prefix(&places.conf_dir).unwrap_or(&conf.path);
            self.tree(&format!("settings/conf.d/{}", below.display()), &conf.path, declared, catalog);
        }
        if let Some(config) = &places.config {
            self.tree("settings/engine.yaml", config, BTreeSet::new(), catalog);
        }
    }

    /// One file of settings without its secrets.
    fn tree(&mut self, name: &str, path: &Path, declared: BTreeSet<Text>, catalog: &mut Catalog) {
        let Some((_, mut loaded)) = catalog.load(path, limits::CONF_BYTES) else { return };
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        handles(&loaded.root, &mut |handle| self.secrets.extend(Outside.fetch(handle, &folder)));
        let mut hidden = redacted(&mut loaded.root, declared);
        self.secrets.append(&mut hidden);
        // A file that breaks off may hold anything in what is left of it.
        let text =
            if loaded.broken { "# the file is no YAML, see lint.txt\n".to_owned() } else { print(&loaded.root, &[], &catalog.sources) };
        self.add(name, text);
    }

    /// All files, without anything that is known to be a secret.
    fn masked(self) -> Vec<(String, String)> {
        let words = self.secrets.iter().filter(|text| !is_word(text));
        let masks = Masks::from(LEAST_BYTES, words.map(String::as_str));
        self.files.into_iter().map(|(name, content)| (masks.mask(name), masks.mask(content))).collect()
    }
}

/// What stands everywhere is hidden where it is a secret, and nowhere else.
fn is_word(text: &str) -> bool {
    matches!(text, "true" | "false" | "null" | "none" | "admin" | "root" | "user" | "localhost") || text.parse::<u16>().is_ok()
}

/// Hides the secrets of a tree, and says which there were.
fn redacted(root: &mut Node, declared: BTreeSet<Text>) -> Vec<String> {
    match Redaction::new(declared) {
        Some(mut redaction) => {
            redaction.redact(root);
            redaction.found
        }
        None => {
            *root = Node::null(root.span);
            Vec::new()
        }
    }
}

fn handles(node: &Node, found: &mut impl FnMut(&str)) {
    node.as_map().unwrap_or_default().iter().for_each(|entry| handles(&entry.value, found));
    node.as_list().unwrap_or_default().iter().for_each(|item| handles(item, found));
    node.as_scalar().and_then(|scalar| handle_of(&scalar.text)).into_iter().for_each(found);
}

/// The engine, the machine and the process.
fn about(places: &Places, state: Option<&Path>, hostname: &str) -> Json {
    use rustix::process::{Resource, getegid, geteuid, getrlimit};
    let system = rustix::system::uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    let first_lines =
        |path: &str, n: usize| fs::read_to_string(path).unwrap_or_default().lines().take(n).map(str::to_owned).collect::<Vec<_>>();
    let shown = |path: &Path| path.display().to_string();
    let files = getrlimit(Resource::Nofile);
    let variables = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).filter(|name| name.starts_with("ENGINE_"));
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "target": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        "collected": Timestamp::now(),
        "hostname": hostname,
        "kernel": [text(system.sysname()), text(system.release()), text(system.version()), text(system.machine())],
        "distribution": first_lines("/etc/os-release", 3),
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": first_lines("/proc/meminfo", 3),
        "load": first_lines("/proc/loadavg", 1),
        "user": geteuid().as_raw(),
        "group": getegid().as_raw(),
        "open_files": {"now": files.current, "most": files.maximum},
        "cgroup": first_lines("/proc/self/cgroup", 3),
        "time_zone": std::env::var("TZ").ok().or_else(|| fs::read_link("/etc/localtime").ok().map(|path| shown(&path))),
        "variables": variables.collect::<Vec<_>>(),
        "config": places.config.as_deref().map(shown),
        "conf_dir": shown(&places.conf_dir),
        "spec_dirs": places.spec_dirs.iter().map(|dir| shown(dir)).collect::<Vec<_>>(),
        "state_dir": state.map(shown),
    })
}

/// Names, sizes, modes and owners.
fn listed(places: &Places, state: Option<&Path>) -> String {
    let mut out = String::new();
    let mut files: Vec<PathBuf> = places.config.iter().cloned().collect();
    let folders = places.spec_dirs.iter().map(PathBuf::as_path).chain([places.conf_dir.as_path()]).chain(state);
    folders.for_each(|folder| below(folder, 3, &mut files));
    for path in &files {
        let facts = match fs::symlink_metadata(path) {
            Ok(facts) => facts,
            Err(why) => {
                let _ = writeln!(out, "{}: {why}", path.display());
                continue;
            }
        };
        let changed = Timestamp::from_second(facts.mtime()).map(|time| time.to_string()).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ =
            writeln!(out, "{:06o} {:>5}:{:<5} {:>10} {changed} {}", facts.mode(), facts.uid(), facts.gid(), facts.len(), path.display());
    }
    out
}

fn below(folder: &Path, deep: usize, out: &mut Vec<PathBuf>) {
    out.push(folder.to_path_buf());
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths.into_iter().take(limits::FLARE_FILES) {
        if deep > 0 && path.is_dir() && !path.is_symlink() {
            below(&path, deep - 1, out);
        } else {
            out.push(path);
        }
    }
}

/// A text as a part of a file's name.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).take(NAME_CHARS).collect()
}

/// Writes an archive or a folder that only its owner may read. What is there already is left alone.
fn write(out: &Path, name: &str, files: &[(String, String)], now: Timestamp) -> io::Result<()> {
    let create = |path: &Path| fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    if out.extension().is_some_and(|ending| ending == "gz" || ending == "tgz") {
        return archive(create(out)?, name, files, now)?.sync_all();
    }
    fs::DirBuilder::new().mode(0o700).create(out)?;
    for (file, content) in files {
        let path = out.join(file);
        let folder = path.parent().unwrap_or(out);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        create(&path)?.write_all(content.as_bytes())?;
    }
    Ok(())
}

/// The files in a folder of that name, of that time, packed with gzip.
fn archive<W: io::Write>(out: W, name: &str, files: &[(String, String)], time: Timestamp) -> io::Result<W> {
    let mut archive = tar::Builder::new(GzEncoder::new(out, Compression::default()));
    for (file, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(time.as_second().try_into().unwrap_or_default());
        archive.append_data(&mut header, format!("{name}/{file}"), content.as_bytes())?;
    }
    archive.into_inner()?.finish()
}
