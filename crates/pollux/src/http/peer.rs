//! Where a call comes from, as an argument of the handler.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderName;
use http::request::Parts;

use super::Gateway;
use crate::access::TrustedProxies;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client, proxies of ours seen through; none if the request came from inside the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

impl FromRequestParts<Gateway> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Infallible> {
        Ok(Self::of(parts, &gateway.fixed.trusted_proxies))
    }
}

impl ClientAddress {
    /// Where a request comes from, if these proxies are believed.
    pub(super) fn of(parts: &Parts, proxies: &TrustedProxies) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let forwarded = parts.headers.get_all(FORWARDED_FOR).iter();
        // A value that is no text is no address either.
        let forwarded = forwarded.map(|value| value.to_str().unwrap_or("?"));
        Self(peer.map(|ConnectInfo(peer)| proxies.client(peer.ip(), forwarded)))
    }
}

/// Whom a limit for one address counts together: the address, of IPv6 the network of a customer. None for addresses of
/// this machine and of private networks: behind those stand proxies and containers, whose clients are many.
pub(super) fn neighbourhood(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V4(four) if four.is_loopback() || four.is_private() || four.is_link_local() => None,
        IpAddr::V6(six) if six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local() => None,
        IpAddr::V4(four) => Some(IpAddr::V4(four)),
        IpAddr::V6(six) => Some(IpAddr::V6((six.to_bits() & (u128::MAX << 64)).into())),
    }
}

/// Whether the one at the other end of the connection is a proxy that may speak for others.
pub(super) fn is_proxied(parts: &Parts, proxies: &TrustedProxies) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|ConnectInfo(peer)| proxies.has(peer.ip()))
}
