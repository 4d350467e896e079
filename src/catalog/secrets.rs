//! Secret handles of conf.d: `env:NAME`, `file:/path`, `exec:/path/to/program`.

use crate::base::limits;
use crate::conf::secrets::SecretStore;
use std::path::Path;

/// The environment, files and programs of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Outside;

impl SecretStore for Outside {
    fn fetch(&self, handle: &str) -> Result<String, String> {
        match handle.split_once(':') {
            Some(("env", name)) => std::env::var(name).map_err(|_| format!("the environment has no variable `{name}`")),
            Some(("file", path)) => {
                super::files::read_text(Path::new(path), limits::SPEC_BYTES).map(|text| text.trim_end_matches(['\n', '\r']).to_owned())
            }
            Some(("exec", program)) => output(program),
            _ => Err("it begins with none of env:, file:, exec:".to_owned()),
        }
    }
}

/// What a program prints, with an empty environment.
fn output(program: &str) -> Result<String, String> {
    if !Path::new(program).is_absolute() {
        return Err("the program must be an absolute path".to_owned());
    }
    let run =
        std::process::Command::new(program).env_clear().stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null()).output();
    let output = run.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("the program ended with {}", output.status));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| "the program's output is not UTF-8".to_owned())?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
