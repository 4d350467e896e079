//! `gzip`: unpacks, for the decoder after it in a list; alone it gives the text.
//!
//! For files and bodies that are packed themselves; what HTTP packs on the way is unpacked there.
//! Several members one after the other are one text, as `zcat` does it. A small file can unpack to
//! any size, so the output has the limit of a body.
//!
//! ```yaml
//! decode: [gzip, json]
//! ```

use super::raw::Raw;
use super::{DecodeError, Decoded, Decoder, Facts, Options, Unpacker};
use crate::base::limits;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::sync::Arc;

crate::fields! {
    /// Unpacks gzip, for the decoder after it in a list; alone it gives the text.
    pub struct Gzip, "decoder `gzip`" {}
}

impl Options for Gzip {
    const NAME: &'static str = "gzip";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(self))
    }
}

impl Decoder for Gzip {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        Raw {}.decode(&self.unpack(input)?)
    }

    fn decode_answer(&self, input: &[u8], facts: &Facts<'_>) -> Result<Decoded, DecodeError> {
        Raw {}.decode_answer(&self.unpack(input)?, facts)
    }

    fn unpacker(self: Arc<Self>) -> Option<Arc<dyn Unpacker>> {
        Some(self)
    }
}

impl Unpacker for Gzip {
    fn unpack(&self, input: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let mut output = Vec::new();
        let bounded = MultiGzDecoder::new(input).take(limits::BODY_BYTES + 1).read_to_end(&mut output);
        bounded.map_err(|error| DecodeError(format!("not gzip: {error}")))?;
        if output.len() as u64 > limits::BODY_BYTES {
            return Err(DecodeError(format!("it unpacks to more than {} MiB, which is the limit", limits::BODY_BYTES >> 20)));
        }
        Ok(output)
    }
}

/// Packs bytes, for tests.
#[cfg(test)]
pub fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::{document, fault};

    #[test]
    fn members_are_unpacked_one_after_the_other() {
        let two = [packed(b"a"), packed(b"b")].concat();
        assert_eq!(document("gzip", two), r#""ab""#);
    }

    #[test]
    fn what_is_not_packed_cut_off_or_too_large_is_an_error() {
        assert!(fault("gzip", b"{}").starts_with("not gzip: "));
        assert!(fault("gzip", b"").starts_with("not gzip: "));
        let whole = packed(b"some text");
        assert!(fault("gzip", &whole[..whole.len() - 9]).starts_with("not gzip: "));
        let bomb = packed(&vec![0; (limits::BODY_BYTES + 1) as usize]);
        assert_eq!(fault("gzip", bomb), "it unpacks to more than 64 MiB, which is the limit");
    }
}
