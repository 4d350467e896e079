//! Bytes to text: byte order marks, UTF-16, and what is not UTF-8.
//!
//! Documents whose syntax could hide a fault (JSON, YAML) are read with [`strict`]. Formats of
//! independent lines are read with [`lenient`]: one stray Latin-1 byte in a log must not blind a
//! check.
//!
//! One rule says what bytes mean, the first of these that is there: a byte order mark; the `charset`
//! of an HTTP answer's content type; what the document itself declares (`xml`, `html`); UTF-8.
//! Nothing guesses encodings. Files have `encoding` instead of a content type.

use super::{DecodeError, Facts, beginning};
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;

/// The text of bytes that must be UTF-8, or UTF-16 with a byte order mark.
///
/// # Errors
/// Names the offset of the first byte that is no text.
pub fn strict(input: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    match unmark(input) {
        Body::Utf16 { text, broken: false } => Ok(Cow::Owned(text)),
        Body::Utf16 { broken: true, .. } => Err(DecodeError("not UTF-16, although its byte order mark says so".to_owned())),
        Body::Utf8(body) => match std::str::from_utf8(body) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => {
                let at = input.len() - body.len() + error.valid_up_to();
                let byte = input.get(at).copied().unwrap_or_default();
                Err(DecodeError(format!("not UTF-8: byte 0x{byte:02x} at offset {at}")))
            }
        },
    }
}

/// The text of any bytes: what is not UTF-8 becomes U+FFFD, with a warning that counts the places.
pub fn lenient<'i>(input: &'i [u8], warnings: &mut Vec<String>) -> Cow<'i, str> {
    let body = match unmark(input) {
        Body::Utf8(body) => body,
        Body::Utf16 { text, broken } => {
            if broken {
                warnings.push("parts are not UTF-16 and became U+FFFD".to_owned());
            }
            return Cow::Owned(text);
        }
    };
    match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) => {
            let n_places = body.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
            let at = input.len() - body.len() + error.valid_up_to();
            let places = if n_places == 1 { "1 place is".to_owned() } else { format!("{n_places} places are") };
            warnings.push(format!("{places} not UTF-8 and became U+FFFD, the first at byte {at}"));
            String::from_utf8_lossy(body)
        }
    }
}

/// The bytes as UTF-8 without a byte order mark, for formats that check each line by itself.
pub fn unmarked(input: &[u8]) -> Cow<'_, [u8]> {
    match unmark(input) {
        Body::Utf8(body) => Cow::Borrowed(body),
        Body::Utf16 { text, .. } => Cow::Owned(text.into_bytes()),
    }
}

/// The bytes as UTF-8 where the content type names another encoding, by any name of the web's
/// encoding standard; a byte order mark knows better. A name of no encoding is a warning and changes
/// nothing.
pub fn in_utf8<'i>(input: &'i [u8], facts: &Facts<'_>, warnings: &mut Vec<String>) -> Cow<'i, [u8]> {
    match charset(input, facts, warnings) {
        Some(encoding) if encoding != UTF_8 => Cow::Owned(converted(input, encoding, warnings).into_bytes()),
        _ => Cow::Borrowed(input),
    }
}

/// The encoding that the content type names, where no byte order mark says another.
pub fn charset(input: &[u8], facts: &Facts<'_>, warnings: &mut Vec<String>) -> Option<&'static Encoding> {
    let parameters = facts.content_type?.split(';').skip(1);
    let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, name) = named.find(|(key, _)| key.trim().eq_ignore_ascii_case("charset"))?;
    let name = name.trim().trim_matches(['"', '\'']);
    let encoding = Encoding::for_label(name.as_bytes());
    if encoding.is_none() && !name.is_empty() {
        warnings.push(format!("the content type names the charset {}, which is no encoding; read as UTF-8", beginning(name)));
    }
    encoding.filter(|_| Encoding::for_bom(input).is_none())
}

/// The text of bytes in an encoding, with a warning where they do not fit.
pub fn converted(input: &[u8], encoding: &'static Encoding, warnings: &mut Vec<String>) -> String {
    let (text, broken) = encoding.decode_without_bom_handling(input);
    if broken {
        warnings.push(format!("parts are not {} and became U+FFFD", encoding.name()));
    }
    text.into_owned()
}

enum Body<'i> {
    Utf8(&'i [u8]),
    Utf16 { text: String, broken: bool },
}

fn unmark(input: &[u8]) -> Body<'_> {
    let Some((encoding, length)) = Encoding::for_bom(input) else { return Body::Utf8(input) };
    let body = input.get(length..).unwrap_or_default();
    if encoding == UTF_8 {
        return Body::Utf8(body);
    }
    let (text, broken) = encoding.decode_without_bom_handling(body);
    Body::Utf16 { text: text.into_owned(), broken }
}

/// The lines of a text with their numbers from 1; ends are LF or CRLF, and the end of the last line
/// begins no further one.
pub fn lines(text: &str) -> NumberedLines<'_> {
    NumberedLines { rest: text, number: 0 }
}

/// See [`lines`].
#[derive(Debug)]
pub struct NumberedLines<'t> {
    rest: &'t str,
    number: usize,
}

impl<'t> Iterator for NumberedLines<'t> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest.as_bytes()).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest.strip_prefix('\n').unwrap_or(rest);
        self.number += 1;
        Some((self.number, line.strip_suffix('\r').unwrap_or(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_go_and_utf16_is_read() {
        assert_eq!(strict(b"\xef\xbb\xbfa").unwrap(), "a");
        assert_eq!(strict(b"\xff\xfea\0\xe9\0").unwrap(), "aé");
        assert_eq!(strict(b"\xfe\xff\0a").unwrap(), "a");
        assert!(strict(b"\xff\xfea").is_err());
        assert_eq!(&*unmarked(b"\xff\xfea\0"), b"a");
    }

    #[test]
    fn a_charset_of_the_content_type_holds_unless_a_mark_says_otherwise() {
        let read = |input: &[u8], content_type| {
            let mut warnings = Vec::new();
            let facts = Facts { content_type: Some(content_type), ..Facts::default() };
            let text = String::from_utf8_lossy(&in_utf8(input, &facts, &mut warnings)).into_owned();
            (text, warnings.len())
        };
        assert_eq!(read(b"\xe9", "text/plain; charset=ISO-8859-1"), ("é".to_owned(), 0));
        assert_eq!(read(b"\x80", "text/plain;Charset=\"windows-1252\""), ("€".to_owned(), 0));
        assert_eq!(read(b"\x82\xa0", "text/csv; header=present; charset=shift_jis"), ("あ".to_owned(), 0));
        assert_eq!(read(b"a\0", "text/plain; charset=utf-16le"), ("a".to_owned(), 0));
        assert_eq!(read("é".as_bytes(), "application/json; charset=utf-8"), ("é".to_owned(), 0));
        assert_eq!(read(b"\xef\xbb\xbf\xc3\xa9", "text/plain; charset=latin1"), ("\u{feff}é".to_owned(), 0));
        assert_eq!(read(b"a", "text/plain; charset=klingon"), ("a".to_owned(), 1));
        assert_eq!(read(b"\x82", "text/plain; charset=shift_jis"), ("\u{fffd}".to_owned(), 1));
        assert_eq!(read("é".as_bytes(), "text/plain"), ("é".to_owned(), 0));
    }

    #[test]
    fn a_byte_that_is_no_text_is_named_or_counted() {
        assert_eq!(strict(b"\xef\xbb\xbfab\xff").unwrap_err().0, "not UTF-8: byte 0xff at offset 5");
        let mut warnings = Vec::new();
        assert_eq!(lenient(b"a\xffb\xe9 c", &mut warnings), "a\u{fffd}b\u{fffd} c");
        assert_eq!(warnings, ["2 places are not UTF-8 and became U+FFFD, the first at byte 1"]);
    }

    #[test]
    fn lines_end_with_lf_or_crlf() {
        let found = |text| lines(text).map(|(n, line)| format!("{n}{line}")).collect::<Vec<_>>();
        assert_eq!(found("a\r\n\nb"), ["1a", "2", "3b"]);
        assert_eq!(found("a\n"), ["1a"]);
        assert_eq!(found("\n"), ["1"]);
        assert!(found("").is_empty());
    }
}
