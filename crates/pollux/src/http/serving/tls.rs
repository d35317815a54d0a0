//! TLS from files that may be replaced while the gateway runs.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::http::doors::TlsFiles;

/// Certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be used for TLS: {reason}")]
pub struct TlsError {
    file: String,
    reason: String,
}

impl TlsError {
    fn new(path: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self { file: path.display().to_string(), reason: reason.to_string() }
    }
}

/// What is shown to clients at present.
#[derive(Debug)]
pub(super) struct Tls {
    files: TlsFiles,
    now: Mutex<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    config: Arc<ServerConfig>,
    stamps: Stamps,
}

type Stamps = [Option<SystemTime>; 2];

impl Tls {
    /// Reads the files.
    pub(super) fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let now = Mutex::new(read(&files)?);
        Ok(Self { files, now })
    }

    /// What a new connection gets.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.now.lock().unwrap_or_else(PoisonError::into_inner).config)
    }

    /// Reads the files again if they changed, or if `asked`. What cannot be used leaves all as it is. Says whether
    /// something new holds.
    pub(super) fn refresh(&self, asked: bool) -> Result<bool, TlsError> {
        let known = self.now.lock().unwrap_or_else(PoisonError::into_inner).stamps;
        if !asked && known == stamps(&self.files) {
            return Ok(false);
        }
        let fresh = read(&self.files);
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        // A broken file is complained about once, not at every look.
        now.stamps = stamps(&self.files);
        *now = fresh?;
        Ok(true)
    }
}

fn read(files: &TlsFiles) -> Result<Loaded, TlsError> {
    // Before the files: what is written meanwhile is noticed at the next look.
    let stamps = stamps(files);
    let TlsFiles { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| TlsError::new(certificate, &error))?;
    if chain.is_empty() {
        return Err(TlsError::new(certificate, &"it holds no certificate"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::new(key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret));
    let mut config = config.map_err(|error| TlsError::new(certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Loaded { config: Arc::new(config), stamps })
}

fn stamps(files: &TlsFiles) -> Stamps {
    [&files.certificate, &files.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
}
