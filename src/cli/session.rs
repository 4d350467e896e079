//! What every command begins with: where things are, and how problems are shown.

use super::redact::for_excerpts;
use super::style::Style;
use super::{Common, USAGE};
use crate::base::diag::{Diagnostic, Level};
use crate::base::render;
use crate::base::span::Sources;
use crate::base::units::parse_duration;
use crate::catalog::files::mode;
use crate::catalog::{Catalog, Places};
use crate::conf::engine::EngineConf;
use crate::disk::Lock;
use crate::state::folder::{Folder, NoLock};
use crate::yaml::basic::Seconds;
use std::path::{Path, PathBuf};

/// Finds engine.yaml, specs and conf.d, and opens the catalog.
///
/// # Errors
/// What was named and does not exist, or a setting that cannot be read.
pub fn open(common: &Common) -> Result<(Places, Catalog), String> {
    let config = find_config(common);
    let named = [&common.config, &common.conf_dir].into_iter().flatten().chain(&common.spec_dir);
    if let Some(missing) = named.into_iter().find(|path| !path.exists()) {
        return Err(format!("{}: there is no such file or folder", missing.display()));
    }
    let mut catalog = Catalog::open(config.as_deref(), common.hostname.clone());
    if let Some(interval) = &common.interval {
        catalog.conf.interval =
            Seconds(parse_duration(interval).ok().filter(|s| *s >= 1.0).ok_or("the interval must be a duration of at least 1s")?);
    }
    let base = config.as_deref().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
    let conf_dir = common.conf_dir.clone().or_else(|| catalog.conf.conf_dir.as_deref().map(|dir| base.join(dir)));
    let configured = catalog.conf.spec_dirs.as_ref().map(|dirs| dirs.0.iter().map(|dir| base.join(&**dir)).collect());
    let spec_dirs = match (&common.spec_dir[..], configured) {
        ([], Some(dirs)) => dirs,
        ([], None) => vec![base.join("specs")],
        (given, _) => given.to_vec(),
    };
    let places = Places { spec_dirs, conf_dir: conf_dir.unwrap_or_else(|| base.join("conf.d")), config };
    Ok((places, catalog))
}

/// The folder of memories that the daemon uses: of the command line or the environment, else of
/// engine.yaml; without one everything is forgotten at the end.
pub fn state_dir(common: &Common, places: &Places, conf: &EngineConf) -> Option<PathBuf> {
    let base = places.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let configured = || conf.state_dir.as_deref().map(|dir| base.join(dir));
    let given = common.state_dir.clone().or_else(|| std::env::var_os("ENGINE_STATE_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from));
    // The spool of the sinks needs a place.
    let beside = || (!conf.sinks.is_empty()).then(|| base.join("state"));
    given.or_else(configured).or_else(beside)
}

/// Takes a folder of memories for as long as the answer lives. Where nothing can be written there,
/// that is told, and everything goes on in memory.
///
/// # Errors
/// Another engine has it.
pub fn take_folder(path: Option<PathBuf>, style: Style) -> Result<Option<(Folder, Lock)>, String> {
    let Some(folder) = path.map(Folder::new) else { return Ok(None) };
    let path = folder.path().display();
    if mode(folder.path()).is_some_and(|mode| mode & 0o007 != 0) {
        tracing::warn!(target: "state", "others have rights in {path}, which holds what was measured: `chmod o-rwx {path}`");
    }
    match folder.lock() {
        Ok(lock) => Ok(Some((folder, lock))),
        Err(NoLock::InUse(why)) => Err(why),
        Err(NoLock::Unusable(why)) => {
            eprintln!("{}: state is not saved: {why}", style.bad("error"));
            Ok(None)
        }
    }
}

/// The file of the settings, as it would be read now.
pub fn find_config(common: &Common) -> Option<PathBuf> {
    if common.config.is_some() {
        return common.config.clone();
    }
    let usual = [PathBuf::from("engine.yaml"), PathBuf::from("/etc/engine/engine.yaml")];
    usual.into_iter().find(|path| path.is_file())
}

/// Says why a command cannot do what it was asked, and gives the exit code for that.
pub fn usage(why: &str, common: &Common) -> u8 {
    eprintln!("{}: {why}", Style::stderr(common.color).bad("error"));
    USAGE
}

/// Draws problems on standard error.
pub fn show(problems: &[Diagnostic], sources: &Sources, style: Style) {
    if !problems.is_empty() {
        eprint!("{}", render::human(problems, &for_excerpts(problems, sources), style.color));
    }
}

/// `2 errors and 1 warning`.
pub fn counted(problems: &[Diagnostic]) -> String {
    let count = |level| problems.iter().filter(|p| p.level == level).count();
    let words = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    let (errors, warnings, notes) = (count(Level::Error), count(Level::Warning), count(Level::Note));
    let graver = match (errors, warnings) {
        (0, 0) => "no problems".to_owned(),
        (errors, 0) => words(errors, "error"),
        (0, warnings) => words(warnings, "warning"),
        (errors, warnings) => format!("{} and {}", words(errors, "error"), words(warnings, "warning")),
    };
    if notes == 0 { graver } else { format!("{graver}, {}", words(notes, "note")) }
}
