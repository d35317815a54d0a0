//! Which user is calling, as an argument of the handler.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use percent_encoding::percent_decode_str;

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
        let in_query = parts.uri.query().and_then(in_query);
        let key = credential(&parts.headers).or(in_query.as_deref());
        Ok(Self(gateway.access.caller(key, from)?))
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

/// The value of `key` in a query, where Google's clients may put it.
fn in_query(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("key="))?;
    Some(percent_decode_str(value).decode_utf8().ok()?.into_owned()).filter(|key| !key.is_empty())
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_query_is_found_and_nothing_like_it() {
        for (query, key) in [
            ("key=abc", Some("abc")),
            ("alt=sse&key=a%2Db", Some("a-b")),
            ("monkey=abc&alt=sse", None),
            ("key=", None),
            ("", None),
        ] {
            assert_eq!(in_query(query).as_deref(), key, "{query}");
        }
    }

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
