//! TLS: whom we trust, which protocol is agreed on, and handshakes that fail.
//!
//! `tls/` holds a certificate authority made for these tests, whose key was thrown away, and a server certificate of it
//! for `localhost`.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::*;

fn pem(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "src/upstream/tests/tls", name].iter().collect()
}

/// A server for `localhost` that offers `protocols`.
async fn secure_server(protocols: &[&str]) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from_pem_file(pem("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(pem("server.key")).unwrap();
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let url = serve(move |stream| {
        let accepting = acceptor.accept(stream);
        async move {
            let Ok(mut stream) = accepting.await else { return };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    respond.send_response(http::Response::new(()), true).unwrap();
                }
            } else {
                read(&mut stream).await;
                answer(&mut stream, "200 OK", "").await;
            }
        }
    })
    .await;
    url.replace("http://127.0.0.1", "https://localhost")
}

fn trusting(base_url: &str) -> Settings {
    Settings { extra_roots: Some(pem("ca.pem")), ..settings(base_url) }
}

#[tokio::test]
async fn an_added_root_is_trusted_and_http2_is_agreed_on() {
    let table = [
        (&["h2", "http/1.1"][..], HttpVersion::Auto, http::Version::HTTP_2),
        (&["http/1.1"], HttpVersion::Auto, http::Version::HTTP_11),
        (&["h2", "http/1.1"], HttpVersion::Http1, http::Version::HTTP_11),
        (&["h2", "http/1.1"], HttpVersion::Http2, http::Version::HTTP_2),
    ];
    for (offered, wanted, spoken) in table {
        let settings = Settings { http: wanted, ..trusting(&secure_server(offered).await) };
        let response = post(&Upstream::new(&settings).unwrap(), None).await.unwrap();
        assert_eq!(response.version, spoken, "{wanted:?} {offered:?}");
    }
}

#[tokio::test]
async fn strangers_and_wrong_names_are_not_trusted() {
    let url = secure_server(&["h2"]).await;
    let wrong_name = trusting(&url.replace("localhost", "127.0.0.1"));
    for settings in [settings(&url), wrong_name] {
        let error = post(&Upstream::new(&settings).unwrap(), None).await.unwrap_err();
        let facts = (error.label(), error.is_network(), error.proves_not_executed());
        assert_eq!(facts, ("tls", true, true), "{error}");
    }
}

#[tokio::test]
async fn a_handshake_that_fails_or_stalls() {
    let garbage =
        serve(|mut stream| async move { stream.write_all(b"no TLS here\r\n").await.unwrap() }).await;
    let error = post(&upstream(garbage.replace("http", "https")), None).await.unwrap_err();
    assert_eq!(error.label(), "tls", "{error}");
    let stalled = serve(|mut stream| async move { until_closed(&mut stream).await }).await;
    let settings = Settings { connect_timeout: SHORT, ..settings(&stalled.replace("http", "https")) };
    let error = post(&Upstream::new(&settings).unwrap(), None).await.unwrap_err();
    assert_eq!(error, SendError::ConnectTimeout);
}

#[test]
fn roots_that_cannot_be_read_are_a_set_up_error() {
    for path in [pem("absent.pem"), pem("server.key")] {
        let settings = Settings { extra_roots: Some(path), ..Settings::default() };
        let error = Upstream::new(&settings).unwrap_err().to_string();
        assert!(error.starts_with("the extra root certificates: "), "{error}");
    }
}
