use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_model::ErrorKind;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};

use crate::error::{ClientError, Result};
use crate::home::Identity;
use crate::pin::Pin;

/// How the server proves to be the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerTrust {
    /// Its key has this pin.
    Pin(Pin),
    /// Whatever answers is believed, once: trust on first use. The pin seen is for the profile.
    FirstUse,
    /// The system's roots and the name.
    SystemRoots,
}

impl ServerTrust {
    /// From a profile: its pin, else the system's roots.
    #[must_use]
    pub fn of_profile(pin: Option<Pin>) -> Self {
        pin.map_or(Self::SystemRoots, Self::Pin)
    }
}

/// The TLS side of one connection.
pub(crate) struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    /// The pin of the server that answered, where pins are looked at.
    pub(crate) seen: Arc<SeenPin>,
}

/// ALPN of gRPC: a client that offers this alone is one, and may present a certificate.
pub(crate) const ALPN_H2: &[u8] = b"h2";

pub(crate) fn tls(trust: ServerTrust, identity: Option<&Identity>) -> Result<Tls> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let seen = Arc::new(SeenPin::default());
    let failed = |error: rustls::Error| {
        ClientError::new(ErrorKind::Internal, "tls", format!("cannot set up TLS: {error}"))
    };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = match trust {
        ServerTrust::SystemRoots => builder.with_root_certificates(system_roots()?),
        ServerTrust::Pin(_) | ServerTrust::FirstUse => {
            if let ServerTrust::Pin(pin) = trust {
                seen.expect(pin);
            }
            let verifier = PinVerifier { seen: seen.clone(), provider };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = PrivatePkcs8KeyDer::from(identity.key.to_pkcs8_der()?.to_vec());
            builder
                .with_client_auth_cert(
                    vec![CertificateDer::from(identity.x509.der.clone())],
                    PrivateKeyDer::Pkcs8(key),
                )
                .map_err(failed)?
        }
    };
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    // A resumed connection would carry the certificate of the first one.
    config.resumption = Resumption::disabled();
    Ok(Tls { config: Arc::new(config), seen })
}

/// The pin that a connection holds to: the one expected, else the first one seen.
#[derive(Debug, Default)]
pub(crate) struct SeenPin(Mutex<Option<Pin>>);

impl SeenPin {
    fn expect(&self, pin: Pin) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pin);
    }

    /// Whether this pin is the right one; the first of an unpinned connection is.
    fn accept(&self, pin: Pin) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(pin) == pin
    }

    pub(crate) fn pin(&self) -> Option<Pin> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Believes the holder of one key, whatever name and dates its certificate has. The handshake's signature is
/// checked, so that showing the certificate is not enough.
struct PinVerifier {
    seen: Arc<SeenPin>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for PinVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinVerifier").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let pin = Pin::of_certificate(end_entity).ok_or(CertificateError::BadEncoding)?;
        if self.seen.accept(pin) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whom the system trusts; the variable `SSL_CERT_FILE` goes first.
fn system_roots() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    Err(ClientError::new(
        ErrorKind::FailedPrecondition,
        "no_roots",
        "this machine has no list of trusted certificate authorities",
    )
    .with_hint(
        "install the package ca-certificates, or pass --ca-pin=sha256:… as the server prints it at start",
    ))
}

/// What a failed handshake means to a person.
pub(crate) fn explain(server: &str, error: &std::io::Error) -> ClientError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            ClientError::new(
                ErrorKind::PermissionDenied,
                "pin_mismatch",
                format!("the key of {server} is not the one that is pinned; somebody may be in between"),
            )
            .with_hint(
                "if the server's key was changed on purpose, log in again with the new --ca-pin=sha256:… that it prints at start",
            )
        }
        Some(rustls::Error::InvalidCertificate(why)) => ClientError::new(
            ErrorKind::PermissionDenied,
            "server_untrusted",
            format!("the certificate of {server} is not trusted: {}", in_words(why)),
        )
        .with_hint(
            "pass --ca-pin=sha256:… as the server prints it at start, or --insecure to believe what answers now",
        ),
        Some(rustls::Error::NoApplicationProtocol) => not_grpc(server),
        Some(other) => {
            ClientError::new(ErrorKind::Unavailable, "tls", format!("TLS with {server} failed: {other}"))
        }
        None => ClientError::new(
            ErrorKind::Unavailable,
            "server_unreachable",
            format!("the connection to {server} broke during the TLS handshake: {error}"),
        )
        .with_hint("check that the address is that of a Gatehouse server"),
    }
}

/// What is wrong with a certificate that whoever logs in has not made.
fn in_words(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "nobody whom this machine trusts has issued it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; is the clock of this machine right?".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is that of another host".to_owned()
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        other => other.to_string(),
    }
}

pub(crate) fn not_grpc(server: &str) -> ClientError {
    ClientError::new(ErrorKind::Unavailable, "not_gatehouse", format!("{server} does not speak gRPC"))
        .with_hint("check that the address is that of a Gatehouse server")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(byte: &str) -> Pin {
        format!("sha256:{}", byte.repeat(32)).parse().unwrap()
    }

    #[test]
    fn the_first_pin_seen_holds() {
        let seen = SeenPin::default();
        assert!(seen.accept(pin("aa")) && seen.accept(pin("aa")) && !seen.accept(pin("bb")));
        let expecting = SeenPin::default();
        expecting.expect(pin("cc"));
        assert!(!expecting.accept(pin("aa")) && expecting.accept(pin("cc")));
    }
}
