//! Where a request comes from, as far as that can be known.
//!
//! `X-Forwarded-For` is believed only as far as it was written by proxies that the operator named.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderMap;
use http::request::Parts;

use super::Gateway;
use crate::access::Network;

/// The address of the client; none if the request came from inside the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

impl FromRequestParts<Gateway> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts, &gateway.settings.trusted_proxies))
    }
}

impl ClientAddress {
    /// Where a request comes from, if these proxies are believed.
    pub(super) fn of(parts: &Parts, trusted: &[Network]) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Self(peer.map(|ConnectInfo(peer)| behind(peer.ip().to_canonical(), &parts.headers, trusted)))
    }
}

/// From the right: each proxy adds whom it heard from, so that the first who is not trusted is the client.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let said = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let said: Vec<&str> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut client = peer;
    for hop in said.into_iter().rev() {
        if !is_trusted(client, trusted) {
            return client;
        }
        let Some(hop) = read(hop) else { return client };
        client = hop;
    }
    client
}

/// An address as proxies write it: some add the port.
fn read(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim_matches('"');
    let bare =
        hop.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    bare.map(|address| address.to_canonical())
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_proxies_are_believed() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "127.0.0.1"].map(|text| text.parse().unwrap()).to_vec();
        let cases: [(&str, &[&str], &str); 9] = [
            ("203.0.113.1", &[], "203.0.113.1"),
            ("203.0.113.1", &["198.51.100.9"], "203.0.113.1"),
            ("10.0.0.1", &["198.51.100.9"], "198.51.100.9"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.9, 10.0.0.2"], "198.51.100.9"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.9:4711"], "198.51.100.9"),
            ("10.0.0.1", &["10.0.0.3"], "10.0.0.3"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("127.0.0.1", &["[2001:db8::1]:99"], "2001:db8::1"),
        ];
        for (peer, said, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in said {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let found = behind(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {said:?}");
        }
    }
}
