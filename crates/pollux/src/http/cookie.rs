//! The cookie of a session.
//!
//! Over TLS it is called `__Host-pollux`: browsers take such a name only with `Secure`, from this very host and for all of
//! it, so that no neighbour under the same domain can plant one.

use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

const SECURE: &str = "__Host-pollux";
const PLAIN: &str = "pollux";

/// The cookie of a request that came as securely as `secure` says.
pub(super) fn read(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let wanted = if secure { SECURE } else { PLAIN };
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let found = pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == wanted);
    found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}

/// The header that makes a browser keep a cookie.
pub(super) fn keep(value: &str, secure: bool, keep_for: Duration) -> Option<HeaderValue> {
    write(value, secure, keep_for.as_secs())
}

/// The header that makes a browser forget it.
pub(super) fn forget(secure: bool) -> Option<HeaderValue> {
    write("", secure, 0)
}

fn write(value: &str, secure: bool, seconds: u64) -> Option<HeaderValue> {
    let (name, more) = if secure { (SECURE, "; Secure") } else { (PLAIN, "") };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{more}");
    let mut header = HeaderValue::try_from(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; pollux=plain;x".parse().unwrap());
        headers.append(COOKIE, " __Host-pollux=secure ".parse().unwrap());
        assert_eq!((read(&headers, false), read(&headers, true)), (Some("plain"), Some("secure")));
        headers.remove(COOKIE);
        headers.append(COOKIE, "pollux=; xpollux=1; Pollux=2".parse().unwrap());
        assert_eq!((read(&headers, false), read(&headers, true)), (None, None));
    }

    #[test]
    fn scripts_and_other_sites_do_not_get_it() {
        let kept = keep("abc", true, Duration::from_hours(1)).unwrap();
        assert_eq!(kept, "__Host-pollux=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=3600; Secure");
        assert_eq!(forget(false).unwrap(), "pollux=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
        assert_eq!(keep("a\nb", true, Duration::ZERO), None);
    }
}
