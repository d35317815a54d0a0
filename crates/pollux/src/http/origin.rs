//! Whether a request was made by a page of another site, and whether it came encrypted.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::request::Parts;

use super::peer;
use crate::access::TrustedProxies;

/// Says that a connection is encrypted up to us. Put beside each request of such a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encrypted;

/// Whether the client speaks TLS: with us, or with a proxy that we believe.
pub(super) fn is_secure(parts: &Parts, trusted: &TrustedProxies) -> bool {
    let forwarded = || text(&parts.headers, "x-forwarded-proto").is_some_and(|proto| last(proto) == "https");
    parts.extensions.get::<Encrypted>().is_some() || (peer::is_proxied(parts, trusted) && forwarded())
}

/// Whether a page of another site is behind the request. Browsers say so; other programs say nothing.
pub(super) fn is_foreign(parts: &Parts, trusted: &TrustedProxies) -> bool {
    match text(&parts.headers, "sec-fetch-site") {
        Some("same-origin" | "none") => false,
        Some(_) => true,
        None => match parts.headers.get(ORIGIN) {
            None => false,
            Some(origin) => {
                let ours = authority(parts, trusted);
                let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
                origin.is_none_or(|(_, named)| ours.is_none_or(|ours| !named.eq_ignore_ascii_case(&ours)))
            }
        },
    }
}

/// Whether the request names this machine by a name that cannot be made to mean it: what a page that has its own name
/// resolve to 127.0.0.1 cannot do. A request without a host is no browser's.
pub(super) fn is_for_loopback(parts: &Parts) -> bool {
    let Some(authority) = authority(parts, &TrustedProxies::default()) else { return true };
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whom the request was meant for: `gateway.example:8000`.
fn authority(parts: &Parts, trusted: &TrustedProxies) -> Option<String> {
    let forwarded = || text(&parts.headers, "x-forwarded-host").map(last);
    let forwarded = if peer::is_proxied(parts, trusted) { forwarded() } else { None };
    let host = || parts.headers.get(HOST).and_then(|value| value.to_str().ok());
    let found = forwarded.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).or_else(host);
    found.map(|found| found.trim().to_owned())
}

/// Our own address, as the client knows it: `https://gateway.example`.
pub(super) fn address(parts: &Parts, trusted: &TrustedProxies) -> String {
    let scheme = if is_secure(parts, trusted) { "https" } else { "http" };
    format!("{scheme}://{}", authority(parts, trusted).unwrap_or_else(|| "localhost".to_owned()))
}

/// What the nearest proxy said.
fn last(list: &str) -> &str {
    list.rsplit(',').next().unwrap_or_default().trim()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use http::Request;

    use super::*;

    fn nobody() -> TrustedProxies {
        TrustedProxies::default()
    }

    fn ours() -> TrustedProxies {
        TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let request = headers
            .iter()
            .fold(Request::get("/admin/keys"), |request, (name, value)| request.header(*name, *value));
        let peer = ConnectInfo("10.0.0.1:5000".parse::<SocketAddr>().unwrap());
        request.extension(peer).body(()).unwrap().into_parts().0
    }

    #[test]
    fn pages_of_other_sites_are_told_from_our_own() {
        let cases: [(&[(&str, &str)], bool); 12] = [
            (&[], false),
            (&[("host", "gw.example")], false),
            (&[("host", "gw.example"), ("sec-fetch-site", "same-origin")], false),
            (&[("host", "gw.example"), ("sec-fetch-site", "none")], false),
            (&[("host", "gw.example"), ("sec-fetch-site", "same-site")], true),
            (
                &[("host", "gw.example"), ("sec-fetch-site", "cross-site"), ("origin", "http://gw.example")],
                true,
            ),
            (&[("host", "gw.example"), ("origin", "https://gw.example")], false),
            (&[("host", "gw.example:8000"), ("origin", "http://GW.example:8000")], false),
            (&[("host", "gw.example:8000"), ("origin", "http://gw.example:9000")], true),
            (&[("host", "gw.example"), ("origin", "https://gw.example.evil.example")], true),
            (&[("host", "gw.example"), ("origin", "null")], true),
            (&[("origin", "https://gw.example")], true),
        ];
        for (headers, expected) in cases {
            assert_eq!(is_foreign(&parts(headers), &nobody()), expected, "{headers:?}");
        }
        let behind = parts(&[
            ("host", "10.0.0.9:8000"),
            ("x-forwarded-host", "gw.example"),
            ("origin", "https://gw.example"),
        ]);
        assert!(is_foreign(&behind, &nobody()) && !is_foreign(&behind, &ours()));
    }

    #[test]
    fn only_a_trusted_proxy_makes_a_request_secure() {
        let https = parts(&[("x-forwarded-proto", "https")]);
        assert!(is_secure(&https, &ours()) && !is_secure(&https, &nobody()));
        assert!(!is_secure(&parts(&[("x-forwarded-proto", "https, http")]), &ours()));
        let mut direct = parts(&[]);
        assert!(!is_secure(&direct, &ours()));
        direct.extensions.insert(Encrypted);
        assert!(is_secure(&direct, &nobody()));
    }

    #[test]
    fn names_that_others_can_point_at_us_are_not_ours() {
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1:8000",
            "127.1.2.3",
            "[::1]:8000",
            "[::1]",
            "app.localhost",
            "localhost.:1",
        ] {
            assert!(is_for_loopback(&parts(&[("host", host)])), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "[2001:db8::1]",
            "",
        ] {
            assert!(!is_for_loopback(&parts(&[("host", host)])), "{host}");
        }
        assert!(is_for_loopback(&parts(&[])));
    }
}
