//! Which files there are: specs by name, instances by the name of their spec.

use std::path::{Path, PathBuf};

/// The file of one spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpecFile {
    /// The name of the file or folder.
    pub name: String,
    /// `NAME.yaml` or `NAME/spec.yaml`.
    pub path: PathBuf,
}

impl SpecFile {
    /// The folder of the specs, where the paths of fragments start.
    pub fn specs(&self) -> PathBuf {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        if self.path.file_stem().is_none_or(|stem| stem != "spec") {
            return folder.to_path_buf();
        }
        match folder.file_name() {
            Some(_) => folder.parent().map(Path::to_path_buf).unwrap_or_default(),
            None => folder.join(".."),
        }
    }
}

/// One file that specs share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FragmentFile {
    /// Its path.
    pub path: PathBuf,
    /// The folder of the specs, where the paths of fragments start.
    pub specs: PathBuf,
}

/// The folder whose files are fragments and no specs.
const FRAGMENTS: &str = "fragments";

/// The fragment that a path is the file of: it lies in a folder `fragments`.
pub fn fragment_at(path: &Path) -> Option<FragmentFile> {
    let folder = path.ancestors().skip(1).find(|folder| folder.file_name().is_some_and(|name| name == FRAGMENTS))?;
    let above = folder.parent().unwrap_or(Path::new(""));
    let own = above.join("spec.yaml");
    let specs = if own.is_file() { SpecFile { name: String::new(), path: own }.specs() } else { above.to_path_buf() };
    is_yaml(path).then(|| FragmentFile { path: path.to_path_buf(), specs })
}

/// The fragments of a folder of specs, those beside single specs too, in order of path.
pub fn fragments_in(folder: &Path) -> Vec<FragmentFile> {
    let mut found = Vec::new();
    let inside = entries(folder).into_iter().filter(|path| path.join("spec.yaml").is_file()).map(|path| path.join(FRAGMENTS));
    let own = if folder.file_name().is_some_and(|name| name == FRAGMENTS) { folder.to_path_buf() } else { folder.join(FRAGMENTS) };
    for folder in [own].into_iter().chain(inside) {
        yaml_below(&folder, FOLDERS_DEEP, &mut found);
    }
    found.iter().filter_map(|path| fragment_at(path)).collect()
}

/// Folders of fragments in folders: a link that leads back ends here.
const FOLDERS_DEEP: usize = 8;

fn yaml_below(folder: &Path, deep: usize, out: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_dir() && deep > 0 {
            yaml_below(&path, deep - 1, out);
        } else if is_yaml(&path) {
            out.push(path);
        }
    }
}

/// One file of instances.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfFile {
    /// The name of the spec.
    pub name: String,
    /// `NAME.yaml`, or a file in `NAME.d`.
    pub path: PathBuf,
}

/// The spec that a path is the file of, by the rule of names.
pub fn spec_at(path: &Path) -> Option<SpecFile> {
    let stem = path.file_stem()?.to_str()?;
    let name = if stem == "spec" { std::path::absolute(path).ok()?.parent()?.file_name()?.to_str()?.to_owned() } else { stem.to_owned() };
    is_yaml(path).then(|| SpecFile { name, path: path.to_path_buf() })
}

/// True for `.yaml` and `.yml`.
pub fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// The specs of a folder, in order of name.
pub fn specs_in(folder: &Path) -> Vec<SpecFile> {
    let mut found = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            let file = path.join("spec.yaml");
            if file.is_file() {
                found.extend(spec_at(&file));
            }
        } else if is_yaml(&path) {
            found.extend(spec_at(&path));
        }
    }
    found
}

/// The spec of a name: the first folder that has it wins.
pub fn find_spec(folders: &[PathBuf], name: &str) -> Option<SpecFile> {
    let plain = !name.is_empty() && !name.contains(['/', '\\']) && name != "." && name != "..";
    let path = folders.iter().filter(|_| plain).flat_map(|folder| spec_files(folder, name)).next()?;
    Some(SpecFile { name: name.to_owned(), path })
}

/// The files of a folder that are the spec of a name; more than one is a slip.
pub fn spec_files(folder: &Path, name: &str) -> Vec<PathBuf> {
    let paths = [folder.join(format!("{name}.yaml")), folder.join(format!("{name}.yml")), folder.join(name).join("spec.yaml")];
    paths.into_iter().filter(|path| path.is_file()).collect()
}

/// All specs of all folders; the first folder that has a name wins.
pub fn all_specs(folders: &[PathBuf]) -> Vec<SpecFile> {
    let mut found: Vec<SpecFile> = Vec::new();
    for spec in folders.iter().flat_map(|folder| specs_in(folder)) {
        if !found.iter().any(|known| known.name == spec.name) {
            found.push(spec);
        }
    }
    found.sort();
    found
}

/// The files of instances for a spec: `NAME.yaml`, then `NAME.d/*.yaml` in order of name.
pub fn confs_of(folder: &Path, name: &str) -> Vec<ConfFile> {
    all_confs(folder).into_iter().filter(|conf| conf.name == name).collect()
}

/// All files of instances.
pub fn all_confs(folder: &Path) -> Vec<ConfFile> {
    let mut found = Vec::new();
    for path in entries(folder) {
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("").to_owned();
        if path.is_dir() && path.extension().is_some_and(|ending| ending == "d") {
            let inner = entries(&path).into_iter().filter(|p| is_yaml(p) && p.is_file());
            found.extend(inner.map(|path| ConfFile { name: stem.clone(), path }));
        } else if is_yaml(&path) && path.is_file() {
            found.push(ConfFile { name: stem, path });
        }
    }
    // A plain file stands before those of the folder of the same name.
    found.sort_by(|a, b| (&a.name, a.path.components().count(), &a.path).cmp(&(&b.name, b.path.components().count(), &b.path)));
    found
}

/// The visible entries of a folder in order of name; none for a folder that cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(read) = std::fs::read_dir(folder) else { return Vec::new() };
    let visible = |path: &PathBuf| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut found: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).filter(visible).collect();
    found.sort();
    found
}

/// The text of a file of at most `most` bytes.
///
/// # Errors
/// Why it cannot be read.
pub fn read_text(path: &Path, most: u64) -> Result<String, String> {
    let facts = std::fs::metadata(path).map_err(|error| words(&error))?;
    if facts.is_dir() {
        return Err("this is a folder".to_owned());
    }
    if facts.len() > most {
        return Err(format!("it is larger than {}", crate::net::words::size(most)));
    }
    as_text(std::fs::read(path).map_err(|error| words(&error))?, most)
}

/// Bytes as the text of a file of at most `most` bytes.
///
/// # Errors
/// Why they are none.
pub fn as_text(bytes: Vec<u8>, most: u64) -> Result<String, String> {
    if bytes.len() as u64 > most {
        return Err(format!("it is larger than {}", crate::net::words::size(most)));
    }
    String::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: the byte at {} is not", error.utf8_error().valid_up_to()))
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        _ => error.to_string(),
    }
}

/// The permission bits of a file, if it is there.
pub fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).ok().map(|facts| facts.permissions().mode())
}

/// The name of this host.
pub fn system_hostname() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}
