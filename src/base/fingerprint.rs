//! Short stand-ins for texts: one for ever, the same on every machine and in every version, and one for the
//! tables of a process.

use sha2::{Digest, Sha256};

/// The first 64 bits of the SHA-256 of a text.
pub fn fingerprint(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Mixes bytes into a number, quickly: for tables in memory that compare what they find. The upper half is
/// mixed best.
pub fn mix(number: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let last = rest.iter().fold(rest.len() as u64, |last, byte| last << 8 | u64::from(*byte));
    let words = words.iter().map(|word| u64::from_le_bytes(*word)).chain([last]);
    words.fold(number, |mixed, word| (mixed.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What lies on disk is found by it, so it may never change.
    #[test]
    fn it_is_what_it_was() {
        assert_eq!(fingerprint("abc"), 0xba78_16bf_8f01_cfea);
    }
}
