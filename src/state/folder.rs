//! The folder of memories: one file for each check.
//!
//! ```text
//! engine-state 1 9f86d081884c7d65… 5321
//! {"check":"servicenow","id":"0a1b…","memory":{…}}
//! ```
//!
//! The first line names the form, and the SHA-256 and length of what follows. A file is written
//! aside, synced and renamed, so that there is always a whole one. The folder itself is not synced:
//! after a power cut the earlier file may be back, which repeats data and loses none.
//!
//! A file that is damaged is set aside under another name and told of, and the check begins with an
//! empty memory. One that cannot be read for other reasons stays where it is and is not written to.

use super::{Kept, Memory};
use crate::base::limits;
use crate::base::value::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What the first line begins with: the name of the form and its version.
const FORM: &str = "engine-state 1";
/// The longest first line.
const HEAD_BYTES: usize = 128;
/// The readable part of a file's name.
const NAME_CHARS: usize = 60;

/// Whose memory it is.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The name of the spec, with that of the instance where it has one.
    pub name: Text,
    /// The id of the check, stable over restarts.
    pub id: u64,
}

/// Where memories lie.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// The part of a file below its first line.
#[derive(Serialize, Deserialize)]
struct Body<M> {
    check: String,
    id: String,
    memory: M,
}

/// A memory that was loaded, and what was wrong with its file.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The memory; empty at first, and where its file was damaged.
    pub memory: Memory,
    /// What a person should know.
    pub warning: Option<String>,
}

impl Folder {
    /// A folder, which is made when the first file is written.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Folder { path: path.into() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of a check: a readable name and the id.
    pub fn file(&self, owner: &Owner) -> PathBuf {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
        let name: String = owner.name.chars().take(NAME_CHARS).map(plain).collect();
        self.path.join(format!("{name}.{:016x}.state", owner.id))
    }

    /// The memory of a check; empty where there is no file.
    pub fn load(&self, owner: &Owner, now: Timestamp) -> Loaded {
        let path = self.file(owner);
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Loaded::default(),
            Err(error) => {
                let path = path.display();
                let warning = format!("{path} cannot be read ({error}): the check begins with an empty memory, which is not written there");
                return Loaded { memory: Memory { kept: None, detached: true }, warning: Some(warning) };
            }
        };
        match decoded(&bytes, owner) {
            Ok(kept) => Loaded { memory: Memory { kept: Some(Box::new(kept)), detached: false }, warning: None },
            Err(why) => set_aside(&path, &why, now),
        }
    }

    /// Writes the memory of a check. A memory whose file could not be read is left as it is.
    ///
    /// # Errors
    /// Why it was not written, with the path.
    pub fn save(&self, owner: &Owner, memory: &Memory) -> Result<(), String> {
        let (Some(kept), false) = (&memory.kept, memory.detached) else { return Ok(()) };
        let path = self.file(owner);
        let bytes = encoded(kept, owner)?;
        self.write(&path, &bytes).map_err(|error| format!("{} cannot be written: {error}", path.display()))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let aside = path.with_extension("state.new");
        let open = || OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside);
        let mut file = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
                open()?
            }
            opened => opened?,
        };
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is allowed, so that a file that is too large is known for one.
    File::open(path)?.take(limits::STATE_FILE_BYTES + HEAD_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn encoded(kept: &Kept, owner: &Owner) -> Result<Vec<u8>, String> {
    let body = Body { check: owner.name.to_string(), id: format!("{:016x}", owner.id), memory: kept };
    let body = serde_json::to_vec(&body).map_err(|error| format!("the memory of {} cannot be written: {error}", owner.name))?;
    if body.len() as u64 > limits::STATE_FILE_BYTES {
        let (size, most) = (body.len(), limits::STATE_FILE_BYTES);
        return Err(format!("the memory of {} takes {size} bytes, and {most} are the limit: it is not written", owner.name));
    }
    let head = format!("{FORM} {} {}\n", hex::encode(Sha256::digest(&body)), body.len());
    Ok([head.into_bytes(), body].concat())
}

/// # Errors
/// What is wrong with the file.
fn decoded(bytes: &[u8], owner: &Owner) -> Result<Kept, String> {
    let end = bytes.iter().take(HEAD_BYTES).position(|byte| *byte == b'\n').ok_or("it has no first line")?;
    let (head, rest) = bytes.split_at_checked(end).ok_or("it has no first line")?;
    let body = rest.get(1..).unwrap_or(&[]);
    let head = std::str::from_utf8(head).map_err(|_| "its first line is no text")?;
    let sum = head.strip_prefix(FORM).and_then(|rest| rest.strip_prefix(' '));
    let Some(sum) = sum else { return Err(format!("it does not begin with `{FORM}`: another version has written it, or something else")) };
    if sum != format!("{} {}", hex::encode(Sha256::digest(body)), body.len()) {
        return Err("its content does not fit its checksum".to_owned());
    }
    let body: Body<Kept> = serde_json::from_slice(body).map_err(|error| format!("its content is of another form: {error}"))?;
    if body.id != format!("{:016x}", owner.id) {
        return Err(format!("it is the memory of another check: {}", body.check));
    }
    Ok(body.memory)
}

fn set_aside(path: &Path, why: &str, now: Timestamp) -> Loaded {
    let aside = path.with_extension(format!("state.broken-{}", now.as_second()));
    let renamed = fs::rename(path, &aside);
    let (path, place) = (path.display(), aside.display());
    let warning = match renamed {
        Ok(()) => format!("{path} is damaged ({why}): it was set aside as {place}, and the check begins with an empty memory"),
        Err(error) => format!("{path} is damaged ({why}) and cannot be set aside ({error}): the check begins with an empty memory"),
    };
    Loaded { memory: Memory::default(), warning: Some(warning) }
}
