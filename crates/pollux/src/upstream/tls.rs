//! Whom we trust: the public web's roots, and those the operator adds.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::error::SetupError;

/// The public roots and those in the PEM file `extra`.
pub(super) fn roots(extra: Option<&Path>) -> Result<Arc<RootCertStore>, SetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = extra {
        let bad = |reason: String| SetupError::Roots(format!("{}: {reason}", path.display()));
        let before = roots.len();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))? {
            let certificate = certificate.map_err(|error| bad(error.to_string()))?;
            roots.add(certificate).map_err(|error| bad(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(bad(String::from("holds no certificate")));
        }
    }
    Ok(Arc::new(roots))
}

/// A client that trusts `roots`. The provider is named because two in one build would make rustls panic.
pub(super) fn config(roots: &Arc<RootCertStore>) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth())
}
