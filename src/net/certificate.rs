//! What a server's certificate says of itself.
//!
//! Nobody's trust depends on this: the certificate was checked (or not, where `tls.verify` is off)
//! before. A field that cannot be read is missing.

use jiff::Timestamp;
use x509_cert::Certificate as Parsed;
use x509_cert::der::Decode;

/// The facts of a certificate that people watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The end of its time.
    pub not_after: Timestamp,
    /// Whose it is, as RFC 4514 writes names: `CN=example.org,O=Example`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
}

impl Certificate {
    /// Reads a certificate in DER; none where that fails.
    pub fn read(der: &[u8]) -> Option<Certificate> {
        let parsed = Parsed::from_der(der).ok()?.tbs_certificate;
        let not_after = parsed.validity.not_after.to_unix_duration();
        Some(Certificate {
            not_after: Timestamp::from_second(i64::try_from(not_after.as_secs()).ok()?).ok()?,
            subject: parsed.subject.to_string(),
            issuer: parsed.issuer.to_string(),
        })
    }

    /// Days from `now` to its end, with their fraction; negative after it.
    pub fn days_left(&self, now: Timestamp) -> f64 {
        self.not_after.duration_since(now).as_secs_f64() / 86_400.0
    }
}
