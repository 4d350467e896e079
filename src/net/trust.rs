//! Which servers TLS trusts: the system's authorities, or those of one file, or nobody asked.
//!
//! One verifier covers all cases, because three wishes of operators have no switch elsewhere: a
//! self-signed certificate given as its own authority (refused otherwise as an authority that acts
//! as a server), another name than the URL's, and `verify: false`. Signatures of the handshake are
//! checked even then. TLS 1.2 is the oldest version; ring is the only provider of cryptography.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a server proves who it is, and how we do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsSettings {
    /// `false` takes any certificate.
    pub verify: bool,
    /// Authorities in PEM, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate chain in PEM; needs `key_file` unless the key is in the same file.
    pub cert_file: Option<PathBuf>,
    /// Its private key in PEM.
    pub key_file: Option<PathBuf>,
    /// The name that the certificate must hold, where it is not the URL's host.
    pub server_name: Option<String>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        TlsSettings { verify: true, ca_file: None, cert_file: None, key_file: None, server_name: None }
    }
}

impl TlsSettings {
    /// All files that the configuration is made of.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.ca_file, &self.cert_file, &self.key_file].into_iter().filter_map(|file| file.as_deref())
    }
}

/// A configuration that trusts nobody: for clients that never speak TLS. It reads no file.
///
/// # Errors
/// When the provider of cryptography knows no protocol version.
pub fn no_trust() -> Result<ClientConfig, String> {
    config_with(&TlsSettings::default(), RootCertStore::empty().into(), Vec::new())
}

/// The configuration for these settings; `system` gives the system's authorities when they are
/// needed.
///
/// # Errors
/// A sentence that names the file at fault.
pub fn config(tls: &TlsSettings, system: impl FnOnce() -> Arc<RootCertStore>) -> Result<ClientConfig, String> {
    match &tls.ca_file {
        _ if !tls.verify => config_with(tls, RootCertStore::empty().into(), Vec::new()),
        None => config_with(tls, system(), Vec::new()),
        Some(file) => {
            let given = certificates(file)?;
            let mut roots = RootCertStore::empty();
            for certificate in &given {
                roots
                    .add(certificate.clone())
                    .map_err(|error| format!("`{}` holds a certificate that cannot be read: {error}", file.display()))?;
            }
            config_with(tls, roots.into(), given)
        }
    }
}

fn config_with(tls: &TlsSettings, roots: Arc<RootCertStore>, given: Vec<CertificateDer<'static>>) -> Result<ClientConfig, String> {
    let provider: Arc<CryptoProvider> = rustls::crypto::ring::default_provider().into();
    let name =
        tls.server_name.clone().map(ServerName::try_from).transpose().map_err(|_| "the server name for TLS is no host name".to_owned())?;
    let trust = Trust { verify: tls.verify, roots, given, name, algorithms: provider.signature_verification_algorithms };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    let Some(cert_file) = &tls.cert_file else { return Ok(builder.with_no_client_auth()) };
    let key_file = tls.key_file.as_ref().unwrap_or(cert_file);
    let key = PrivateKeyDer::from_pem_file(key_file).map_err(|error| unreadable("private key", key_file, &error))?;
    builder
        .with_client_auth_cert(certificates(cert_file)?, key)
        .map_err(|error| format!("the certificate in `{}` and its key do not work: {error}", cert_file.display()))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    match all {
        Ok(all) if all.is_empty() => Err(format!("`{}` holds no certificate in PEM", file.display())),
        Ok(all) => Ok(all),
        Err(error) => Err(unreadable("certificate", file, &error)),
    }
}

fn unreadable(what: &str, file: &Path, error: &rustls::pki_types::pem::Error) -> String {
    match error {
        rustls::pki_types::pem::Error::Io(error) => format!("`{}` cannot be read: {}", file.display(), super::failure::io_words(error)),
        rustls::pki_types::pem::Error::NoItemsFound => format!("`{}` holds no {what} in PEM", file.display()),
        _ => format!("`{}` holds no readable {what} in PEM", file.display()),
    }
}

/// The system's authorities. Files that cannot be read are left out: a server whose authority is
/// missing is reported as such.
pub fn system_roots() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.into()
}

#[derive(Debug)]
struct Trust {
    verify: bool,
    roots: Arc<RootCertStore>,
    given: Vec<CertificateDer<'static>>,
    name: Option<ServerName<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Trust {
    fn check(
        &self,
        server: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(server)?;
        match verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, chain, now, self.algorithms.all) {
            // It was given to us by name of file, its dates hold, and it is not asked for more than itself.
            Err(error) if is_authority_as_server(&error) && self.given.iter().any(|given| given == server) => {}
            other => other?,
        }
        verify_server_name(&parsed, self.name.as_ref().unwrap_or(host))
    }
}

/// The library reports this after the dates were found good, and without a variant of its own.
fn is_authority_as_server(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(other)) if other.0.to_string() == "CaUsedAsEndEntity")
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.verify {
            self.check(end_entity, intermediates, server_name, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
