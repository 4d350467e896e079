//! Digests and base64 of the printed text of a value.
//!
//! Digests are for stable ids, not for passwords; lists and maps are hashed as their JSON.

use super::arg;
use super::{Cx, Function, function, needs};
use crate::base::print::{shown, text_of};
use crate::base::value::{Text, Value};
use crate::expr::fault::Fault;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

pub const TABLE: &[Function] = &[
    function(
        "md5",
        &[needs("value")],
        digest::<Md5>,
        "The MD5 digest of the printed value, in lower-case hexadecimal digits.",
        ("'a' | md5", "\"0cc175b9c0f1b6a831c399e269772661\""),
    ),
    function(
        "sha1",
        &[needs("value")],
        digest::<Sha1>,
        "The SHA-1 digest of the printed value, in lower-case hexadecimal digits.",
        ("'a' | sha1", "\"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8\""),
    ),
    function(
        "sha256",
        &[needs("value")],
        digest::<Sha256>,
        "The SHA-256 digest of the printed value, in lower-case hexadecimal digits.",
        ("'a' | sha256", "\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\""),
    ),
    function(
        "sha512",
        &[needs("value")],
        digest::<Sha512>,
        "The SHA-512 digest of the printed value, in lower-case hexadecimal digits.",
        ("sha512('a') | truncate(8, '')", "\"1f40fc92\""),
    ),
    function(
        "crc32",
        &[needs("value")],
        crc32,
        "The CRC-32 checksum of the printed value (that of gzip and zip), as a number; `'%08x' | format(…)` writes it in hexadecimal digits.",
        ("'a' | crc32", "3904355907"),
    ),
    function("base64", &[needs("value")], base64, "The printed value in base64.", ("'user:pass' | base64", "\"dXNlcjpwYXNz\"")),
    function(
        "base64_decode",
        &[needs("text")],
        base64_decode,
        "The text in base64, plain or URL-safe, padded or not; bytes that are no UTF-8 fail.",
        ("'dXNlcjpwYXNz' | base64_decode", "\"user:pass\""),
    ),
];

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

fn printed(args: &[Value], cx: &Cx<'_>) -> Result<Text, Fault> {
    let text = text_of(arg::at(args, 0)).ok_or(Fault::Missing)?;
    cx.step(text.len() / 64)?;
    Ok(text)
}

fn digest<D: Digest>(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    Ok(hex::encode(D::digest(printed(args, cx)?.as_bytes())).into())
}

fn crc32(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let mut sum = flate2::Crc::new();
    sum.update(printed(args, cx)?.as_bytes());
    Ok(Value::Int(sum.sum().into()))
}

fn base64(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    arg::answer(general_purpose::STANDARD.encode(printed(args, cx)?.as_bytes()))
}

fn base64_decode(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let mut text = arg::text(args, 0, cx)?.to_string();
    text.retain(|c| !c.is_ascii_whitespace());
    let engine = if text.contains(['-', '_']) { URL_SAFE } else { PLAIN };
    let bytes = engine.decode(&text).map_err(|_| Fault::failed(format!("{} is no base64", shown(arg::at(args, 0)))))?;
    arg::answer(String::from_utf8(bytes).map_err(|_| Fault::failed(format!("{} holds bytes that are no text", shown(arg::at(args, 0)))))?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn values_are_hashed_as_they_print() {
        check(&[
            ("md5", "[3.0]", r#""eccbc87e4b5ce2fe28308fd9f2a7baf3""#),
            ("sha1", "[[1]]", r#""f629ae44b7b3dcfed444d363e626edf411ec69a8""#),
            ("md5", "[null]", "missing"),
        ]);
    }

    #[test]
    fn base64_is_read_in_all_its_forms() {
        check(&[
            ("base64", r#"["äöü?>"]"#, r#""w6TDtsO8Pz4=""#),
            ("base64_decode", r#"["w6TDtsO8Pz4"]"#, r#""äöü?>""#),
            ("base64_decode", r#"["w6TD tsO8\nPz4="]"#, r#""äöü?>""#),
            ("base64_decode", r#"["Pz8_"]"#, r#""???""#),
            ("base64_decode", r#"["/w=="]"#, "\"/w==\" holds bytes that are no text"),
            ("base64_decode", r#"["a"]"#, "\"a\" is no base64"),
        ]);
    }
}
