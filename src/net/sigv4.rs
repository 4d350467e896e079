//! Signatures of requests to AWS and what speaks like it (Signature Version 4).
//!
//! The formula is that of "Create a signed AWS API request" in the IAM user guide: a canonical form
//! of the request is hashed, and the hash is signed with a key made of secret, day, region and
//! service. Signed are the host and every configured header; what the HTTP client adds by itself
//! (`accept`, `user-agent`) is not, since proxies change it.

use super::ExchangeError;
use super::hmac::hmac_sha256;
use super::redirect::Hop;
use crate::base::error_kind::ErrorKind;
use crate::base::secret::Secret;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use url::Url;

/// Who signs, and for what.
#[derive(Clone, Debug)]
pub struct SigV4 {
    /// The public half of the key.
    pub access_key: String,
    /// The secret half.
    pub secret_key: Secret,
    /// The token of temporary keys.
    pub session_token: Option<Secret>,
    /// `eu-west-1`
    pub region: String,
    /// `es`, `s3`, `execute-api`
    pub service: String,
}

/// What stays as it is in a query or a segment of a path.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl SigV4 {
    /// The request with the headers that sign it.
    ///
    /// # Errors
    /// When a key holds what no header can.
    pub fn sign(&self, hop: &Hop, now: Timestamp) -> Result<Hop, ExchangeError> {
        let utc = now.to_zoned(jiff::tz::TimeZone::UTC);
        let stamp = utc.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = utc.strftime("%Y%m%d").to_string();
        let payload = hex_hash(hop.body.as_deref().unwrap_or(b""));
        let mut hop = hop.clone();
        // A plus sign on the wire is read as a blank here and as itself there: nobody mistakes `%20`.
        if let Some(query) = hop.url.query().filter(|query| query.contains('+')).map(|query| query.replace('+', "%20")) {
            hop.url.set_query(Some(&query));
        }
        let mut set = |name: &'static str, value: &str| -> Result<(), ExchangeError> {
            hop.headers.insert(HeaderName::from_static(name), header(value)?);
            Ok(())
        };
        set("x-amz-date", &stamp)?;
        if let Some(token) = &self.session_token {
            set("x-amz-security-token", token.reveal())?;
        }
        if self.service == "s3" {
            set("x-amz-content-sha256", &payload)?;
        }
        hop.headers.remove(AUTHORIZATION);
        let headers = canonical_headers(&hop.headers, &hop.url);
        let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let request = [
            hop.method.as_str().to_owned(),
            self.canonical_path(&hop.url),
            canonical_query(&hop.url),
            headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect(),
            names.clone(),
            payload,
        ];
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex_hash(request.join("\n").as_bytes()));
        let signature = hex::encode(hmac_sha256(&self.key(&day), to_sign.as_bytes()));
        let access_key = &self.access_key;
        let value = format!("AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}");
        hop.headers.insert(AUTHORIZATION, header(&value)?);
        Ok(hop)
    }

    /// The key of one day.
    fn key(&self, day: &str) -> [u8; 32] {
        let first = hmac_sha256(format!("AWS4{}", self.secret_key.reveal()).as_bytes(), day.as_bytes());
        let steps = [self.region.as_str(), self.service.as_str(), "aws4_request"];
        steps.iter().fold(first, |key, step| hmac_sha256(&key, step.as_bytes()))
    }

    /// The path on the wire; all services but S3 encode it once more.
    fn canonical_path(&self, url: &Url) -> String {
        let encoded = |segment: &str| match self.service.as_str() {
            "s3" => encoded(&percent_decode_str(segment).collect::<Vec<u8>>()),
            _ => utf8_percent_encode(segment, UNRESERVED).to_string(),
        };
        url.path().split('/').map(encoded).collect::<Vec<_>>().join("/")
    }
}

/// Pairs by their encoded names, then values.
fn canonical_query(url: &Url) -> String {
    let parts = url.query().unwrap_or("").split('&').filter(|part| !part.is_empty());
    let again = |text: &str| encoded(&percent_decode_str(text).collect::<Vec<u8>>());
    let mut pairs: Vec<(String, String)> =
        parts.map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(name, value)| (again(name), again(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Names in order with their values, blanks made one; several values of a name stand in one line.
fn canonical_headers(headers: &HeaderMap, url: &Url) -> Vec<(String, String)> {
    let plain = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).split_whitespace().collect::<Vec<_>>().join(" ");
    let values = |name: &HeaderName| headers.get_all(name).iter().map(plain).collect::<Vec<_>>().join(",");
    let mut out: Vec<(String, String)> = headers.keys().map(|name| (name.as_str().to_owned(), values(name))).collect();
    if !headers.contains_key(HOST) {
        let host = url.host_str().unwrap_or_default();
        out.push(("host".to_owned(), url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"))));
    }
    out.sort();
    out
}

fn encoded(bytes: &[u8]) -> String {
    percent_encoding::percent_encode(bytes, UNRESERVED).to_string()
}

fn hex_hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn header(value: &str) -> Result<HeaderValue, ExchangeError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| ExchangeError::new(ErrorKind::Auth, "a key of `aws_sigv4` has characters that no header can hold"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;

    /// The keys of the published examples.
    fn signed(service: &str, method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> HeaderMap {
        let s3 = service == "s3";
        let keys = SigV4 {
            access_key: if s3 { "AKIAIOSFODNN7EXAMPLE" } else { "AKIDEXAMPLE" }.to_owned(),
            secret_key: Secret::new(if s3 {
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
            } else {
                "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
            }),
            session_token: None,
            region: "us-east-1".to_owned(),
            service: service.to_owned(),
        };
        let hop = hop(method, url, headers, body);
        let now = if s3 { "2013-05-24T00:00:00Z" } else { "2015-08-30T12:36:00Z" };
        keys.sign(&hop, now.parse().unwrap()).unwrap().headers
    }

    fn hop(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Hop {
        Hop {
            url: Url::parse(url).unwrap(),
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            headers: headers.iter().map(|(n, v)| (HeaderName::from_bytes(n.as_bytes()).unwrap(), v.parse().unwrap())).collect(),
            body: body.map(|body| body.to_owned().into()),
            foreign: false,
        }
    }

    fn signature(headers: &HeaderMap) -> String {
        headers[AUTHORIZATION].to_str().unwrap().rsplit_once('=').unwrap().1.to_owned()
    }

    #[test]
    fn signatures_are_those_of_the_public_test_suite() {
        let of = |method, url, headers: &[_], body| signature(&signed("service", method, url, headers, body));
        assert_eq!(
            of("GET", "https://example.amazonaws.com/", &[], None),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        assert_eq!(
            of("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", &[], None),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        );
        assert_eq!(
            of("POST", "https://example.amazonaws.com/", &[], None),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }

    #[test]
    fn the_example_of_the_user_guide_comes_out() {
        let url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
        let content = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let headers = signed("iam", "GET", url, &content, None);
        assert_eq!(signature(&headers), "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
        let value = headers[AUTHORIZATION].to_str().unwrap();
        assert!(value.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, "
        ));
    }

    #[test]
    fn the_examples_of_s3_come_out() {
        let of = |path: &str, headers: &[_]| {
            signature(&signed("s3", "GET", &format!("https://examplebucket.s3.amazonaws.com/{path}"), headers, None))
        };
        assert_eq!(of("test.txt", &[("range", "bytes=0-9")]), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        assert_eq!(of("?lifecycle", &[]), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
        assert_eq!(of("?max-keys=2&prefix=J", &[]), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    }

    #[test]
    fn temporary_keys_send_their_token_signed() {
        let keys = SigV4 {
            access_key: "A".to_owned(),
            secret_key: Secret::new("s"),
            session_token: Some(Secret::new("temporary")),
            region: "eu-west-1".to_owned(),
            service: "es".to_owned(),
        };
        let signed =
            keys.sign(&hop("GET", "https://h.test/a%20b?x=1+1&x=%2b", &[("authorization", "old")], None), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(signed.headers["x-amz-security-token"], "temporary");
        let value = signed.headers[AUTHORIZATION].to_str().unwrap();
        assert!(value.contains("SignedHeaders=host;x-amz-date;x-amz-security-token"), "{value}");
        assert_eq!(keys.canonical_path(&signed.url), "/a%2520b");
        assert_eq!((signed.url.query(), canonical_query(&signed.url).as_str()), (Some("x=1%201&x=%2b"), "x=%2B&x=1%201"));
    }
}
