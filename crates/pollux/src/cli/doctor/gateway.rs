//! The running gateway, if there is one, and what stands between it and its clients.

use std::time::Duration;

use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::{Instant, timeout};

use super::Finding;
use crate::cli::health;
use crate::config::Config;

const WITHIN: Duration = Duration::from_secs(90);
/// Pieces that are sent apart and come closer together than this were gathered on the way.
const APART: Duration = Duration::from_millis(400);

/// Asks the gateway how it is, and its public address for a stream.
pub(super) async fn look(config: &Config, public: Option<&str>) -> Vec<Finding> {
    let mut findings = vec![running(config).await];
    let Some(public) = public else { return findings };
    let Some(token) = &config.admin_token else {
        findings.push(Finding::warning("proxy", "not looked at: that needs POLLUX_ADMIN_TOKEN"));
        return findings;
    };
    findings.push(match timeout(WITHIN, pieces(public, token.expose())).await {
        Ok(Ok(arrivals)) => judge(&arrivals),
        Ok(Err(error)) => Finding::bad("proxy", format!("{public} does not answer: {error:#}")),
        Err(_) => Finding::bad("proxy", format!("{public} does not answer in time")),
    });
    findings
}

async fn running(config: &Config) -> Finding {
    let address = health::reachable(config.listen);
    match timeout(Duration::from_secs(3), health::ask(config)).await {
        Ok(Ok(said)) if said.contains("\"healthy\"") => {
            Finding::good("gateway", format!("runs at {address} and is healthy"))
        }
        Ok(Ok(said)) => Finding::bad("gateway", format!("runs at {address} and says {said}")),
        Ok(Err(_)) | Err(_) => Finding::warning("gateway", format!("nothing answers at {address}")),
    }
}

/// When the pieces of a stream arrived, whose pieces are sent apart.
async fn pieces(public: &str, token: &str) -> anyhow::Result<Vec<Duration>> {
    let request = Request::get(format!("{}/admin/doctor/drip", public.trim_end_matches('/')))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Empty::<bytes::Bytes>::new())?;
    let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let mut response = client.request(request).await?;
    anyhow::ensure!(response.status().is_success(), "it answered {}", response.status());
    let (started, mut arrivals) = (Instant::now(), Vec::new());
    while let Some(frame) = response.frame().await {
        if frame?.is_data() {
            arrivals.push(started.elapsed());
        }
    }
    Ok(arrivals)
}

fn judge(arrivals: &[Duration]) -> Finding {
    let spread = match (arrivals.first(), arrivals.last()) {
        (Some(first), Some(last)) => last.saturating_sub(*first),
        _ => Duration::ZERO,
    };
    if spread >= APART {
        return Finding::good("proxy", "streams come through piece by piece");
    }
    Finding::bad(
        "proxy",
        "something between here and the gateway gathers streams: switch its buffering off (deploy/nginx/pollux.conf shows how)",
    )
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    #[test]
    fn pieces_that_come_at_once_were_gathered() {
        let grade = |arrivals: &[u64]| {
            let arrivals: Vec<_> = arrivals.iter().map(|ms| Duration::from_millis(*ms)).collect();
            judge(&arrivals).grade
        };
        assert_eq!(grade(&[0, 200, 400, 600, 800]), Grade::Good);
        assert_eq!(grade(&[800]), Grade::Bad);
        assert_eq!(grade(&[800, 801, 803]), Grade::Bad);
        assert_eq!(grade(&[]), Grade::Bad);
    }
}
