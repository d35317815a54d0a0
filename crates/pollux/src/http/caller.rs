//! Which user is calling, as an argument of the handler.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::Gateway;
use super::failed::Failed;
use super::peer::ClientAddress;
use crate::access;

/// A user with a valid key.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) access::Caller);

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Failed> {
        let ClientAddress(from) = ClientAddress::of(parts, &gateway.fixed.trusted_proxies);
        Ok(Self(gateway.access.caller(credential(&parts.headers), from)?))
    }
}

/// The credential of a request: `Authorization: Bearer …`, or the headers that Gemini's and Anthropic's clients send.
pub(crate) fn credential(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    bearer
        .or_else(|| text("x-api-key"))
        .or_else(|| text("x-goog-api-key"))
        .map(str::trim)
        .filter(|key| !key.is_empty())
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_case_insensitive_and_space_is_forgiven() {
        let cases = [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("Bearer ", None),
        ];
        for (header, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, header.parse().unwrap());
            assert_eq!(credential(&headers), expected, "{header:?}");
        }
    }
}
