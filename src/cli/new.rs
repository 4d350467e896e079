//! `engine new NAME`: a spec to begin with, an instance and a test, made of a real answer.

use super::record::{keep, save};
use super::session::{open, show, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED};
use crate::base::diag;
use crate::base::error_kind::ErrorKind;
use crate::base::secret_names::logs_in;
use crate::base::time::{Clock, SystemClock};
use crate::catalog::files::{ConfFile, SpecFile};
use crate::catalog::{Catalog, Places, secrets};
use crate::conf::secrets::SecretStore;
use crate::net::{Answer, ExchangeError};
use crate::propose::ask::{Ask, Http, Part, Setting};
use crate::propose::write::{Proposal, empty, propose};
use crate::run::exchanger::{Answers, Exchanger, Live, Pause};
use crate::source::{Outside, Request, exchange};
use crate::trial::find::folder_of;
use crate::trial::record::{Times, record};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Arguments of `new`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine new shop                                            a spec to begin with
  engine new shop --from http://localhost:8080/status.json   look at an address and propose a spec
  engine new shop --from https://shop.test/api --user monitor --password env:SHOP_PASSWORD
  engine new shop --from https://shop.test/api --bearer file:/run/secrets/shop
  engine new shop --from https://shop.test/api --header 'X-Token: env:SHOP_TOKEN'
  engine new mounts --command df -P -k                       look at what a command prints
  engine new jobs --file /var/lib/jobs/state.json            look at a file

It writes specs/NAME.yaml, conf.d/NAME.yaml and a test with the answer, secrets masked, and sends nothing else.")]
pub struct Arguments {
    /// The name of the spec: letters, digits and `_`.
    #[arg(value_parser = name)]
    name: String,
    /// Looks at the answer of this address.
    #[arg(long, value_name = "URL", conflicts_with_all = ["command", "file"])]
    from: Option<String>,
    /// Looks at the output of this program; all that follows are its arguments.
    #[arg(long, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true, conflicts_with = "file")]
    command: Vec<String>,
    /// Looks at this file.
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// A header of the request; may be given several times. A secret is named: env:NAME, file:PATH or exec:PROGRAM.
    #[arg(long, value_name = "NAME: VALUE", requires = "from", value_parser = pair(':'))]
    header: Vec<(String, String)>,
    /// A secret parameter of the address, likewise: token=env:NAME.
    #[arg(long, value_name = "NAME=HANDLE", requires = "from", value_parser = pair('='))]
    query: Vec<(String, String)>,
    /// The user of the request.
    #[arg(long, value_name = "NAME", requires = "from")]
    user: Option<String>,
    /// The name of the user's password: env:NAME, file:PATH or exec:PROGRAM.
    #[arg(long, value_name = "HANDLE", requires = "user")]
    password: Option<String>,
    /// The name of a token that is sent as `Authorization: Bearer …`.
    #[arg(long, value_name = "HANDLE", requires = "from", conflicts_with = "user")]
    bearer: Option<String>,
    /// Replaces files that are there.
    #[arg(long)]
    force: bool,
}

fn name(text: &str) -> Result<String, String> {
    let fine = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fine {
        Ok(text.to_owned())
    } else {
        Err("a name of small letters, digits and `_`, a letter first: names of metrics begin with it".to_owned())
    }
}

fn pair(separator: char) -> impl Fn(&str) -> Result<(String, String), String> + Clone + Send + Sync + 'static {
    move |text: &str| {
        let split = text.split_once(separator).map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        split.filter(|(name, value)| !name.is_empty() && !value.is_empty()).ok_or_else(|| format!("a name, `{separator}` and a value"))
    }
}

/// Looks, proposes, writes and tells.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    let style = Style::stderr(common.color);
    let made = open(common).and_then(|(places, _)| {
        let paths = Paths::of(&arguments.name, &places);
        paths.are_free(arguments.force)?;
        Ok((places, paths, ask(arguments)?))
    });
    let (places, paths, ask) = match made {
        Ok(made) => made,
        Err(why) => return usage(&why, common),
    };
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() else {
        return usage("the runtime cannot be started", common);
    };
    let seen = match ask.as_ref().map(|ask| runtime.block_on(look(ask))).transpose() {
        Ok(seen) => seen,
        Err(why) => {
            eprintln!("{}: {why}; nothing was written", style.bad("error"));
            return FAILED;
        }
    };
    let proposal = match (&ask, &seen) {
        (Some(ask), Some(answer)) => propose(&arguments.name, ask, answer),
        _ => empty(&arguments.name),
    };
    let written = paths.write(&proposal).and_then(|()| tests(&paths, &places, common, &runtime, ask.as_ref(), seen));
    match written {
        Ok(passes) => {
            told(arguments, &proposal, &paths);
            if passes { CLEAN } else { FAILED }
        }
        Err(why) => usage(&why, common),
    }
}

/// Where everything goes.
struct Paths {
    spec: SpecFile,
    conf: PathBuf,
    name: String,
}

/// The names of the tests: of the answer that was seen, and of its absence.
const FIRST: &str = "first";
const DOWN: &str = "down";

impl Paths {
    fn of(name: &str, places: &Places) -> Paths {
        let specs = places.spec_dirs.first().cloned().unwrap_or_else(|| PathBuf::from("specs"));
        let spec = SpecFile { name: name.to_owned(), path: specs.join(format!("{name}.yaml")) };
        Paths { spec, conf: places.conf_dir.join(format!("{name}.yaml")), name: name.to_owned() }
    }

    fn test(&self, name: &str) -> PathBuf {
        folder_of(&self.spec).join(format!("{name}.yaml"))
    }

    fn are_free(&self, force: bool) -> Result<(), String> {
        let folder = self.spec.specs().join(&self.name).join("spec.yaml");
        if folder.exists() {
            return Err(format!("{} is there already; take another name", folder.display()));
        }
        let there = [self.spec.path.clone(), self.conf.clone(), self.test(FIRST), self.test(DOWN)].into_iter().find(|path| path.exists());
        match there.filter(|_| !force) {
            Some(there) => Err(format!("{} is there already; take another name, or `--force` to replace it", there.display())),
            None => Ok(()),
        }
    }

    fn write(&self, proposal: &Proposal) -> Result<(), String> {
        for (path, text) in [(&self.spec.path, &proposal.spec), (&self.conf, &proposal.conf)] {
            save(path, text.as_bytes())?;
            println!("wrote {}", path.display());
        }
        Ok(())
    }
}

/// What the arguments ask for; nothing for a spec without a look.
fn ask(arguments: &Arguments) -> Result<Option<Ask>, String> {
    if let Some(path) = &arguments.file {
        return Ok(Some(Ask::File(std::path::absolute(path).map_err(|error| error.to_string())?)));
    }
    if !arguments.command.is_empty() {
        return Ok(Some(Ask::Command(arguments.command.clone())));
    }
    let Some(address) = &arguments.from else { return Ok(None) };
    let url = url::Url::parse(address).map_err(|why| format!("`{address}` is no address: {why}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a login in an address is readable by all: write `--user NAME --password env:NAME`".to_owned());
    }
    if let Some((name, _)) = url.query_pairs().find(|(name, _)| logs_in(name)) {
        return Err(format!("the parameter `{name}` is a secret: leave it out of the address and write `--query {name}=env:NAME`"));
    }
    let mut settings = Vec::new();
    for (name, value) in &arguments.header {
        settings.push(setting(Part::Header(name.clone()), value, logs_in(name))?);
    }
    for (name, value) in &arguments.query {
        settings.push(setting(Part::Parameter(name.clone()), value, true)?);
    }
    if let Some(user) = &arguments.user {
        settings.push(setting(Part::User, user, false)?);
        settings.push(setting(Part::Password, arguments.password.as_deref().ok_or("`--user` without `--password`")?, true)?);
    }
    if let Some(handle) = &arguments.bearer {
        settings.push(setting(Part::Bearer, handle, true)?);
    }
    Ok(Some(Ask::Url(Http { url: address.clone(), settings })))
}

/// A part of the request; a secret is given by its name, so that neither the spec nor the history of the
/// shell has it.
fn setting(part: Part, text: &str, secret: bool) -> Result<Setting, String> {
    let is_handle = ["env:", "file:", "exec:"].iter().any(|kind| text.starts_with(kind));
    if is_handle {
        let value = secrets::Outside.fetch(text, Path::new("")).map_err(|why| format!("`{text}` gives nothing: {why}"))?;
        return Ok(Setting { part, value, handle: Some(text.to_owned()) });
    }
    if secret {
        return Err("a secret is given by its name: `env:NAME`, `file:PATH` or `exec:PROGRAM`".to_owned());
    }
    Ok(Setting { part, value: text.to_owned(), handle: None })
}

async fn look(ask: &Ask) -> Result<Answer, String> {
    let _ = crate::net::reaper::become_subreaper();
    let request = ask.request();
    let answers = exchange(&Outside::default(), &request, &SystemClock).await;
    crate::net::reaper::end_strays().await;
    let told = |error: ExchangeError| match error.answer.as_ref().and_then(|answer| answer.status) {
        Some(401 | 403) => format!("{}: {error}; give a login with `--user` and `--password`, or with `--header`", request.describe()),
        _ => format!("{}: {error}", request.describe()),
    };
    answers.map_err(told)?.into_iter().next().ok_or_else(|| format!("{}: there is no answer", request.describe()))
}

/// Answers every request alike, so that nobody is asked twice.
struct Same(Result<Answer, ExchangeError>);

impl Exchanger for Same {
    fn exchange<'a>(&'a self, _: &'a str, _: &'a Request) -> Answers<'a> {
        Box::pin(std::future::ready(self.0.clone().map(|answer| vec![answer])))
    }

    fn pause(&self, _: Duration) -> Pause<'_> {
        Box::pin(std::future::ready(()))
    }
}

/// Writes a test of the answer that was seen, and one of its absence; true if they pass.
fn tests(
    paths: &Paths,
    places: &Places,
    common: &Common,
    runtime: &Runtime,
    ask: Option<&Ask>,
    seen: Option<Answer>,
) -> Result<bool, String> {
    let mut catalog = Catalog::open(places.config.as_deref(), common.hostname.clone());
    let checks = catalog.plan(&paths.spec).map(|plan| {
        let conf = ConfFile { name: paths.name.clone(), path: paths.conf.clone() };
        catalog.checks(&plan, &[conf])
    });
    diag::sort(&mut catalog.problems);
    show(&catalog.problems, &catalog.sources, Style::stderr(common.color));
    let check = checks.as_ref().and_then(|checks| checks.checks.first()).ok_or("the proposal has errors; change what they say")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // The reader of files does more than to give what was seen: it follows what grows.
    let real = || Box::new(Live { outside: Outside::default(), clock: clock.clone() }) as Box<dyn Exchanger>;
    let outside = match seen.filter(|_| !matches!(ask, Some(Ask::File(_)))) {
        Some(answer) => Box::new(Same(Ok(answer))),
        None => real(),
    };
    let absent = |ask: &Ask| {
        let kind = if matches!(ask, Ask::Url(_)) { ErrorKind::Connect } else { ErrorKind::NotFound };
        Box::new(Same(Err(ExchangeError::new(kind, "")))) as Box<dyn Exchanger>
    };
    let times = Times { runs: 1, pause: Duration::ZERO, interval: catalog.conf.interval.duration() };
    let mut passes = true;
    for (name, outside) in [(FIRST, Some(outside)), (DOWN, ask.map(absent))] {
        let Some(outside) = outside else { continue };
        let recording = runtime.block_on(record(check, &*outside, &*clock, &catalog.engine, times));
        passes &= keep(name, &paths.spec, check, &recording, &mut catalog)?.tell(common);
    }
    Ok(passes)
}

/// What a person does next.
fn told(arguments: &Arguments, proposal: &Proposal, paths: &Paths) {
    let name = &arguments.name;
    if !proposal.decoder.is_empty() {
        let metrics = if proposal.n_metrics == 1 { "1 metric".to_owned() } else { format!("{} metrics", proposal.n_metrics) };
        println!("\nread as {}, {metrics} proposed", proposal.decoder);
    }
    proposal.left.iter().for_each(|left| println!("not proposed: {left}"));
    let spec = paths.spec.path.display();
    println!(
        "\nnext:\n  engine check {name}{:width$}run it once and see what it would send",
        "",
        width = 20usize.saturating_sub(name.len())
    );
    println!("  edit {spec}: take away what nobody needs, name what its name does not say\n  engine lint {spec}\n  engine test {spec}");
}
