//! An egress proxy as it is written: `http`, `https` or `socks5`, with `user:password@` if it wants them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use crate::secret::Secret;

/// A proxy between us and Google.
#[derive(Clone)]
pub struct EgressProxy {
    pub(super) kind: Kind,
    pub(super) address: Uri,
    pub(super) login: Option<Login>,
}

/// What the proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// HTTP `CONNECT`, over TCP or over TLS.
    Connect,
    /// SOCKS 5; names are looked up by the proxy, so that local DNS learns and spoils nothing.
    Socks5,
}

/// Who we are to the proxy.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Secret,
}

impl EgressProxy {
    /// The address without user and password; may be shown.
    pub fn label(&self) -> String {
        let scheme = match self.kind {
            Kind::Connect => self.address.scheme_str().unwrap_or("http"),
            Kind::Socks5 => "socks5",
        };
        format!("{scheme}://{}", self.address.authority().map_or("", Authority::as_str))
    }
}

impl Login {
    fn parse(text: &str) -> Result<Self, String> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let plain = |text: &str| percent_decode_str(text).decode_utf8().map(String::from);
        let (Ok(user), Ok(password)) = (plain(user), plain(password)) else {
            return Err(String::from("user or password is not percent-encoded UTF-8"));
        };
        Ok(Self { user, password: Secret::new(password) })
    }

    /// The value of `proxy-authorization`.
    pub(super) fn basic(&self) -> Option<HeaderValue> {
        let encoded = STANDARD.encode(format!("{}:{}", self.user, self.password.expose()));
        let mut value = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl FromStr for EgressProxy {
    type Err = String;

    /// Error texts never quote the address, since it may hold a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("has no scheme")?;
        let (kind, scheme, port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Kind::Connect, Scheme::HTTP, 80),
            "https" => (Kind::Connect, Scheme::HTTPS, 443),
            "socks5" | "socks5h" => (Kind::Socks5, Scheme::HTTP, 1080),
            other => return Err(format!("speaks \"{other}\", which is not known here")),
        };
        let rest = rest.trim_end_matches('/');
        let (login, host) = match rest.rsplit_once('@') {
            Some((login, host)) => (Some(Login::parse(login)?), host),
            None => (None, rest),
        };
        let authority: Authority = host.parse().map_err(|_| String::from("has no valid host"))?;
        let bare = authority.host();
        let named = authority.port_u16().map_or_else(|| String::from(bare), |port| format!("{bare}:{port}"));
        if bare.is_empty() || named != authority.as_str() {
            return Err(String::from("has no valid host and port"));
        }
        let authority = format!("{bare}:{}", authority.port_u16().unwrap_or(port));
        let address = Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
        Ok(Self { kind, address: address.map_err(|error| error.to_string())?, login })
    }
}

impl fmt::Debug for EgressProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_credentials() {
        let table = [
            ("http://10.0.0.1:3128", "http://10.0.0.1:3128", None),
            ("https://proxy.example", "https://proxy.example:443", None),
            ("socks5h://u:p%40ss@[::1]:9050/", "socks5://[::1]:9050", Some(("u", "p@ss"))),
            ("SOCKS5://only@host", "socks5://host:1080", Some(("only", ""))),
        ];
        for (text, label, login) in table {
            let proxy: EgressProxy = text.parse().unwrap();
            assert_eq!(proxy.label(), label);
            assert_eq!(format!("{proxy:?}"), label);
            let read = proxy.login.as_ref().map(|login| (login.user.as_str(), login.password.expose()));
            assert_eq!(read, login, "{text}");
        }
    }

    #[test]
    fn errors_never_quote_the_password() {
        for text in [
            "proxy:1",
            "ftp://u:hunter2@h",
            "http://u:hunter2@",
            "http://u:hunter2@h:99999",
            "http://%FF:hunter2@h",
        ] {
            let error = text.parse::<EgressProxy>().unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
