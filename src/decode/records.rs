//! Records of several lines, each decoded by itself.
//!
//! A log may have records that go over lines, like a message with a stack trace. Who reads the log
//! tells where each ends. Then no decoder may see the end of one record and the beginning of the
//! next as one text, and a decoder of lines takes each record for a line.

use super::{DecodeError, Decoded, Decoder};
use crate::base::value::Value;

/// The documents of all records in one list; `ends` says where each ends in the input. The rows of a
/// record that has several are rows of the whole.
///
/// # Errors
/// That of the first record that cannot be decoded, with its number.
pub fn records(decoder: &dyn Decoder, input: &[u8], ends: &[usize]) -> Result<Decoded, DecodeError> {
    let (mut rows, mut warnings, mut n_warnings) = (Vec::new(), Vec::new(), 0);
    let mut from = 0;
    for (end, number) in ends.iter().zip(1..) {
        let record = input.get(from..*end).unwrap_or_default();
        from = *end;
        let decoded = decoder.decode_record(without_end(record), number);
        let decoded = decoded.map_err(|error| DecodeError(format!("record {number}: {}", error.0)))?;
        match decoded.rows.unwrap_or(decoded.doc) {
            Value::Missing => {}
            Value::List(items) => rows.extend(items.iter().cloned()),
            other => rows.push(other),
        }
        n_warnings += decoded.warnings.len();
        // Every record may say the same: the first one stands for all.
        if warnings.is_empty() {
            warnings = decoded.warnings;
            n_warnings -= warnings.len();
        }
    }
    if n_warnings > 0 {
        warnings.push(format!("{n_warnings} more of this sort in other records"));
    }
    Ok(Decoded::with(Value::list(rows), warnings))
}

fn without_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::to_json;
    use crate::decode::testing::decoder;

    fn rows(yaml: &str) -> String {
        let decoded = records(&*decoder(yaml), b"1 a\n at b\r\n2 c\n", &[11, 15]).unwrap();
        to_json(&decoded.doc).to_string()
    }

    #[test]
    fn a_record_is_a_line_to_decoders_of_lines() {
        assert_eq!(rows("lines"), r#"[{"line":"1 a\n at b","number":1},{"line":"2 c","number":2}]"#);
        assert_eq!(rows("{regex: {pattern: '(?s)^(?P<n>\\d) (?P<text>.*)$'}}"), r#"[{"n":"1","text":"a\n at b"},{"n":"2","text":"c"}]"#);
        assert_eq!(rows("raw"), r#"["1 a\n at b","2 c"]"#);
    }

    #[test]
    fn a_record_that_cannot_be_decoded_is_named() {
        let error = records(&*decoder("json"), b"{}\n{\n", &[3, 5]).unwrap_err();
        assert!(error.0.starts_with("record 2: "), "{error}");
        let decoded = records(&*decoder("lines"), b"\xff\n\xff\n\xff\n", &[2, 4, 6]).unwrap();
        assert_eq!(decoded.warnings.len(), 2);
        assert_eq!(decoded.warnings[1], "2 more of this sort in other records");
    }
}
