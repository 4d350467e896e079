//! Who else may write what the engine reads, and read its secrets.
//!
//! Whoever may change a spec, an instance or engine.yaml decides what the engine runs and where it
//! sends; whoever may read the file of a secret has it. Both are warnings, in `lint`, in the log and in
//! the status, and not errors: files that are mounted into a container often have all rights, and
//! nobody else is there. A program that gives secrets is another matter: one that everybody may change
//! is not run.

use super::files::mode;
use super::secrets::program_of;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::conf::secrets::handle_of;
use crate::yaml::node::Node;
use std::path::{Path, PathBuf};

const OTHERS_WRITE: u32 = 0o002;
const OTHERS_READ: u32 = 0o004;
/// Only the owner of a file may rename it in such a folder.
const STICKY: u32 = 0o1000;

/// A file or folder that everybody may write.
pub fn of_path(path: &Path, span: Span) -> Option<Diagnostic> {
    let mode = mode(path).filter(|mode| mode & OTHERS_WRITE != 0 && (mode & STICKY == 0 || !path.is_dir()))?;
    let problem = Diagnostic::warning("writable-by-others", format!("everybody may write `{}`", path.display()), span);
    let text = format!("Its mode is {:04o}: whoever changes it decides what the engine runs and where it sends.", mode & 0o7777);
    Some(problem.text(text).help(format!("take that right away: `chmod o-w {}`", path.display())))
}

/// Files of secret handles that everybody may read or write. A relative path starts at `folder`.
pub fn of_handles(node: &Node, folder: &Path, out: &mut Vec<Diagnostic>) {
    node.as_map().unwrap_or_default().iter().for_each(|entry| of_handles(&entry.value, folder, out));
    node.as_list().unwrap_or_default().iter().for_each(|item| of_handles(item, folder, out));
    let Some(path) = node.as_scalar().and_then(|scalar| handle_of(&scalar.text)?.strip_prefix("file:")) else { return };
    let path = folder.join(path);
    if mode(&path).is_some_and(|mode| mode & (OTHERS_READ | OTHERS_WRITE) != 0) {
        let problem = Diagnostic::warning("readable-secret", format!("everybody may read the secret in `{}`", path.display()), node.span);
        out.push(problem.help(format!("leave it to the user of the engine: `chmod 600 {}`", path.display())));
    }
}

/// Why the program of a handle is not run.
pub fn of_program(handle: &str) -> Option<String> {
    let program = program_of(handle).ok()?;
    let folder = program.parent().map(Path::to_path_buf).unwrap_or_default();
    let open = |path: &PathBuf| mode(path).is_some_and(|mode| mode & OTHERS_WRITE != 0 && (mode & STICKY == 0 || !path.is_dir()));
    [program, folder].iter().find(|path| open(path)).map(|path| format!("everybody may write `{}`, so it is not run", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Sources;
    use crate::catalog::secrets::Outside;
    use crate::conf::secrets::SecretStore;
    use crate::yaml::load::load;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn made(path: &Path, mode: u32) -> PathBuf {
        fs::write(path, "#!/bin/sh\necho secret\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        path.to_path_buf()
    }

    #[test]
    fn what_everybody_may_write_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let told = |path: &Path| of_path(path, Span::default()).map(|problem| problem.title);
        assert_eq!(told(&made(&folder.path().join("fine"), 0o664)), None);
        let open = made(&folder.path().join("open"), 0o646);
        assert_eq!(told(&open), Some(format!("everybody may write `{}`", open.display())));
        for (mode, expected) in [(0o777, true), (0o1777, false), (0o755, false)] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(told(folder.path()).is_some(), expected, "{mode:o}");
        }
    }

    #[test]
    fn a_secret_that_everybody_may_read_is_told_at_its_handle() {
        let folder = tempfile::tempdir().unwrap();
        made(&folder.path().join("token"), 0o644);
        made(&folder.path().join("fine"), 0o640);
        let mut sources = Sources::default();
        let file = sources.add("x.yaml", "a: [\"{{ secret('file:token') }}\"]\nb: {c: \"{{ secret('file:fine') }}\"}\n");
        let mut problems = Vec::new();
        of_handles(&load(&sources, file).root, folder.path(), &mut problems);
        let told: Vec<_> = problems.iter().map(|problem| (problem.code, sources.origin(problem.span()))).collect();
        assert_eq!(told, [("readable-secret", "x.yaml:1".to_owned())]);
    }

    #[test]
    fn a_program_that_everybody_may_change_gives_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let program = made(&folder.path().join("program"), 0o755);
        let handle = format!("exec:{}", program.display());
        assert_eq!(Outside.fetch(&handle, Path::new("/")).as_deref(), Ok("secret"));
        fs::set_permissions(&program, fs::Permissions::from_mode(0o757)).unwrap();
        assert!(Outside.fetch(&handle, Path::new("/")).unwrap_err().contains("everybody may write"));
    }
}
