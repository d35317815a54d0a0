//! A URL as browsers read it, if it is one that is fetched.

use std::net::IpAddr;

use url::{Host, Url};

use super::Refused;
use super::address::is_public;

/// The longest URL.
const LONGEST: usize = 8_192;
/// Names that are nobody's on the public internet.
const INSIDE: [&str; 10] =
    ["localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa"];

/// Where something is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) url: Url,
    pub(super) host: Known,
}

/// What a host is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// A name, to be looked up.
    Name(String),
    /// A public address.
    Address(IpAddr),
}

/// Reads a URL, by itself or as it is told by another place.
pub(super) fn read(text: &str, from: Option<&Place>) -> Result<Place, Refused> {
    if text.len() > LONGEST {
        return Err(Refused::Url("the URL is too long"));
    }
    // Browsers forgive white space and control characters in the middle; here they are taken for a trick.
    if text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Err(Refused::Url("the URL contains white space"));
    }
    let parsed = from.map_or_else(|| Url::parse(text), |place| place.url.join(text));
    let url = parsed.map_err(|_| Refused::Url("this is no URL"))?;
    if url.scheme() != "https" {
        return Err(Refused::Url("only https URLs are fetched"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::Url("a URL with a user or a password is not fetched"));
    }
    if url.port().is_some() {
        return Err(Refused::Url("a URL with a port of its own is not fetched"));
    }
    let host = match url.host() {
        Some(Host::Domain(name)) => Known::Name(outside(name)?),
        Some(Host::Ipv4(address)) => Known::Address(public(address.into())?),
        Some(Host::Ipv6(address)) => Known::Address(public(address.into())?),
        None => return Err(Refused::Url("the URL has no host")),
    };
    Ok(Place { url, host })
}

fn public(address: IpAddr) -> Result<IpAddr, Refused> {
    if is_public(address) { Ok(address) } else { Err(Refused::Host) }
}

/// A name that somebody on the internet may have.
fn outside(name: &str) -> Result<String, Refused> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let (_, last) = name.rsplit_once('.').ok_or(Refused::Host)?;
    if INSIDE.contains(&last) || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refused::Host);
    }
    Ok(name)
}
