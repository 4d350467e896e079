//! Fields of protobuf that are written by hand. A message is nothing but its fields one after the other, in
//! any order, so what many messages share is written once and copied.

/// The key before field 1 of a message, if a length follows: texts, messages, bytes.
pub const FIRST: u8 = 1 << 3 | 2;
/// The same of field 2.
pub const SECOND: u8 = 2 << 3 | 2;

/// The bytes of a field of so many bytes, with its key and its length.
pub fn length(content: usize) -> usize {
    1 + prost::length_delimiter_len(content) + content
}

/// What stands before a field whose length follows: its key and its length.
pub fn head(key: u8, length: usize, out: &mut Vec<u8>) {
    out.push(key);
    // Memory has room.
    let _ = prost::encode_length_delimiter(length, out);
}
