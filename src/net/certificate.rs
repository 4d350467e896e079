//! What a server's certificate says of itself.
//!
//! Nobody's trust depends on this: the certificate was checked (or not, where `tls.verify` is off)
//! before. A field that cannot be read is missing.

use jiff::Timestamp;
use std::str::FromStr;
use std::time::Duration;
use x509_cert::der::asn1::{BitString, GeneralizedTime, ObjectIdentifier};
use x509_cert::der::{Decode, Encode};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};
use x509_cert::{Certificate as Parsed, TbsCertificate, Version};

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

    /// A certificate in DER that says this and proves nothing; none for names or times that no
    /// certificate can have.
    pub fn write(&self) -> Option<Vec<u8>> {
        let after = Duration::from_secs(u64::try_from(self.not_after.as_second()).ok()?);
        let time = |since: Duration| GeneralizedTime::from_unix_duration(since).ok().map(Time::GeneralTime);
        // The number of "no signature" of the standard that names algorithms (RFC 8017's arc).
        let algorithm = AlgorithmIdentifierOwned { oid: ObjectIdentifier::new("1.2.840.113549.1.1.1").ok()?, parameters: None };
        let nothing = || BitString::from_bytes(&[0]).ok();
        let facts = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(&[1]).ok()?,
            signature: algorithm.clone(),
            issuer: Name::from_str(&self.issuer).ok()?,
            validity: Validity { not_before: time(Duration::ZERO)?, not_after: time(after)? },
            subject: Name::from_str(&self.subject).ok()?,
            subject_public_key_info: SubjectPublicKeyInfoOwned { algorithm: algorithm.clone(), subject_public_key: nothing()? },
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: None,
        };
        Parsed { tbs_certificate: facts, signature_algorithm: algorithm, signature: nothing()? }.to_der().ok()
    }

    /// Days from `now` to its end, with their fraction; negative after it.
    pub fn days_left(&self, now: Timestamp) -> f64 {
        self.not_after.duration_since(now).as_secs_f64() / 86_400.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let written = Certificate {
            not_after: "2031-05-06T07:08:09Z".parse().unwrap(),
            subject: "CN=example.org,O=Example".to_owned(),
            issuer: "CN=Test CA".to_owned(),
        };
        assert_eq!(Certificate::read(&written.write().unwrap()).as_ref(), Some(&written));
        assert_eq!(Certificate { subject: "no name".to_owned(), ..written }.write(), None);
    }
}
