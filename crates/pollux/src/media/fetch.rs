//! From a URL to bytes: look up, judge, connect, ask, and again where it redirects to.

use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use super::address::is_public;
use super::network::{Network, Wire};
use super::place::{self, Known, Place};
use super::{Fetched, Refused};

/// How often a URL may lead to another.
const REDIRECTS: usize = 3;
const AGENT: &str = concat!("pollux/", env!("CARGO_PKG_VERSION"));

/// What one host answered.
enum Answer {
    Media(Fetched),
    Elsewhere(String),
}

/// Fetches, following redirects.
pub(super) async fn follow(network: &dyn Network, url: &str, most: usize) -> Result<Fetched, Refused> {
    let mut place = place::read(url, None)?;
    for _ in 0..=REDIRECTS {
        let address = judged(network, &place).await?;
        let host = place.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let wire = network.connect(address, &host).await.map_err(|_| Refused::Broken)?;
        match ask(wire, &place, most).await? {
            Answer::Media(fetched) => return Ok(fetched),
            Answer::Elsewhere(location) => place = place::read(&location, Some(&place))?,
        }
    }
    Err(Refused::Redirects(REDIRECTS))
}

/// The address that is connected to. A name of which one address is not public is not trusted with the others.
async fn judged(network: &dyn Network, place: &Place) -> Result<IpAddr, Refused> {
    let name = match &place.host {
        Known::Address(address) => return Ok(*address),
        Known::Name(name) => name,
    };
    // A name that is not there is told like one that is inside.
    let addresses = network.look_up(name).await.map_err(|_| Refused::Host)?;
    if !addresses.iter().all(|address| is_public(*address)) {
        return Err(Refused::Host);
    }
    addresses.first().copied().ok_or(Refused::Host)
}

/// Asks one host, over a connection that ends with the answer.
async fn ask(wire: Box<dyn Wire>, place: &Place, most: usize) -> Result<Answer, Refused> {
    let request = Request::get(path(place))
        .header(header::HOST, place.url.host_str().unwrap_or_default())
        .header(header::USER_AGENT, AGENT)
        .header(header::ACCEPT, "image/*, audio/*, video/*, application/pdf, text/plain;q=0.5")
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| Refused::Url("this is no URL"))?;
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(wire)).await;
    let (mut sender, connection) = shaken.map_err(|_| Refused::Broken)?;
    let mut asking = Box::pin(async move {
        let response = sender.send_request(request).await.map_err(|_| Refused::Broken)?;
        read(response, most).await
    });
    tokio::select! {
        biased;
        answered = &mut asking => answered,
        _ended = connection => asking.await,
    }
}

fn path(place: &Place) -> String {
    let url = &place.url;
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

async fn read(response: Response<Incoming>, most: usize) -> Result<Answer, Refused> {
    let status = response.status();
    let text = |name: header::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(location) = text(header::LOCATION).filter(|_| is_redirect(status)) {
        return Ok(Answer::Elsewhere(location.to_owned()));
    }
    if status != StatusCode::OK {
        return Err(Refused::Status(status.as_u16()));
    }
    let mime = text(header::CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default();
    let mime = mime.trim().to_ascii_lowercase();
    if !is_media(&mime) && !Fetched::is_vague(&mime) {
        return Err(Refused::Type(mime.chars().take(100).collect()));
    }
    // A packed body would have to be unpacked, and nobody knows how large it would be then.
    if text(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refused::Broken);
    }
    let announced = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(Refused::Large(most));
    }
    let mut body = response.into_body();
    let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refused::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(Refused::Large(most));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Answer::Media(Fetched { mime, bytes }))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// What Gemini reads. Pages are not among it: they are read by URL context, and their text is others' to see.
fn is_media(mime: &str) -> bool {
    let kinds = ["image/", "audio/", "video/"];
    let single = ["application/pdf", "text/plain", "text/csv", "text/markdown"];
    kinds.iter().any(|kind| mime.starts_with(kind)) || single.contains(&mime)
}
