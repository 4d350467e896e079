//! The file of cursors: how far each receiver is.
//!
//! ```text
//! engine-spool 1 5f0e9c12 131
//! {"engine":"00a1…","next":1700,"state":1650,"receivers":{"datadog":{"acknowledged":1690,"dropped":{…}}}}
//! ```
//!
//! The first line names the form, and the CRC32C and length of what follows. The file is written
//! aside, synced and renamed, and the folder is synced.

use super::weight::Weight;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file, and where it is written first.
pub const FILE: &str = "cursors";
pub const ASIDE: &str = "cursors.new";
const FORM: &str = "engine-spool ";
const VERSION: &str = "1";

/// How far a receiver is, and what it never got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The receiver needs nothing up to this sequence number.
    pub acknowledged: u64,
    /// What was dropped before the receiver had acknowledged it.
    #[serde(default)]
    pub dropped: Weight,
    /// Records that were dropped whole.
    #[serde(default)]
    pub dropped_records: u64,
}

/// All that the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursors {
    /// Hexadecimal: a 64-bit number is more than JSON readers agree on.
    pub engine: String,
    /// No record with this number or a later one was appended when the file was written.
    pub next: u64,
    /// What records up to this number have changed is in the files of the checks.
    pub state: u64,
    /// Records up to this number were dropped; a segment with them that is still there is a left-over.
    #[serde(default)]
    pub floor: u64,
    /// This segment is without its metrics; if it has some, the last step is missing.
    #[serde(default)]
    pub lightening: Option<u64>,
    pub receivers: BTreeMap<String, Cursor>,
}

pub(super) fn encode(cursors: &Cursors) -> Vec<u8> {
    // Plain numbers and names, and keys that are texts: nothing here can fail.
    let body = serde_json::to_vec(cursors).unwrap_or_default();
    let head = format!("{FORM}{VERSION} {:08x} {}\n", crc32c::crc32c(&body), body.len());
    [head.into_bytes(), body].concat()
}

/// # Errors
/// What is wrong with the file.
pub(super) fn decode(bytes: &[u8]) -> Result<Cursors, String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("it has no first line")?;
    let (head, body) = bytes.split_at_checked(end).ok_or("it has no first line")?;
    let body = body.get(1..).unwrap_or(&[]);
    let head = std::str::from_utf8(head).ok().and_then(|head| head.strip_prefix(FORM));
    let head = head.ok_or_else(|| format!("it does not begin with `{FORM}`"))?;
    let (version, told) = head.split_once(' ').ok_or("its first line is not whole")?;
    if version != VERSION {
        return Err(format!("it is of version {version} and this engine reads version {VERSION}"));
    }
    if told != format!("{:08x} {}", crc32c::crc32c(body), body.len()) {
        return Err("its content does not fit its checksum".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| format!("its content is of another form: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Cursors {
        let cursor = Cursor { acknowledged: u64::MAX, dropped: Weight { metrics: 3, ..Weight::default() }, dropped_records: 1 };
        Cursors {
            engine: format!("{:016x}", 5),
            next: 9,
            state: 2,
            floor: 1,
            lightening: Some(4),
            receivers: [("a \"b\"".to_owned(), cursor)].into(),
        }
    }

    #[test]
    fn cursors_come_back_as_they_were() {
        assert_eq!(decode(&encode(&sample())), Ok(sample()));
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_noticed() {
        let whole = encode(&sample());
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "cut to {length}");
        }
        for bit in 0..whole.len() * 8 {
            let mut broken = whole.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&broken).is_err(), "bit {bit}");
        }
    }
}
