//! A request as it goes out: one credential, our own headers, nothing of the caller's by accident.

use std::fmt;
use std::str::FromStr;

use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Uri};

use super::error::SendError;
use super::{Request, Sent};
use crate::secret::Secret;

const KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// What would be a second credential (`wire.md` §1.1), or would lead elsewhere.
const REFUSED: [&str; 6] =
    ["authorization", "cookie", "host", "proxy-authorization", "x-api-key", "x-goog-api-key"];

/// The address every request begins with: `http` or `https`, a host, perhaps a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    path: String,
}

impl FromStr for BaseUrl {
    type Err = String;

    /// Error texts never quote the address, since it may hold a password.
    fn from_str(url: &str) -> Result<Self, String> {
        let parts = url.parse::<Uri>().map_err(|_| "is not a web address")?.into_parts();
        let scheme = parts.scheme.ok_or("has no scheme")?;
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(String::from("is neither http nor https"));
        }
        let authority = parts.authority.ok_or("has no host")?;
        if authority.as_str().contains('@') {
            return Err(String::from("holds a user or a password"));
        }
        let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err(String::from("holds a query"));
        }
        Ok(Self { scheme, authority, path: String::from(path.path().trim_end_matches('/')) })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        let authority = Authority::from_static("generativelanguage.googleapis.com");
        Self { scheme: Scheme::HTTPS, authority, path: String::new() }
    }
}

impl BaseUrl {
    /// The request on the wire.
    pub(super) fn message(
        &self,
        request: &Request<'_>,
        body: Sent,
    ) -> Result<http::Request<Sent>, SendError> {
        let mut message = http::Request::new(body);
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = self.uri(request.path_and_query)?;
        *message.headers_mut() = headers(request)?;
        Ok(message)
    }

    fn uri(&self, path_and_query: &str) -> Result<Uri, SendError> {
        let invalid = |_| SendError::Invalid(String::from("the path is not a valid one"));
        if !path_and_query.starts_with('/') || names_a_key(path_and_query) {
            return Err(SendError::Invalid(String::from("the path is relative or holds a credential")));
        }
        let path = format!("{}{path_and_query}", self.path);
        let parts = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone());
        parts.path_and_query(path).build().map_err(invalid)
    }
}

fn names_a_key(path_and_query: &str) -> bool {
    let query = path_and_query.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|pair| matches!(pair.split('=').next(), Some("key" | "access_token")))
}

fn headers(request: &Request<'_>) -> Result<HeaderMap, SendError> {
    let mut headers = HeaderMap::new();
    headers.insert(KEY, credential(request.key)?);
    // A compressed stream would have to be inflated before its events can be seen (`wire.md` §7.1).
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("pollux/", env!("CARGO_PKG_VERSION"))));
    if !request.body.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in request.headers {
        let (name, value) = match (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            (Ok(name), Ok(value)) if !REFUSED.contains(&name.as_str()) => (name, value),
            _ => return Err(SendError::Invalid(format!("the header \"{name}\" may not be sent"))),
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

fn credential(key: &Secret) -> Result<HeaderValue, SendError> {
    let invalid = |_| SendError::Invalid(String::from("the key holds characters no header can carry"));
    let mut value = HeaderValue::from_str(key.expose()).map_err(invalid)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Method;
    use http_body_util::Either;

    use super::*;
    use crate::upstream::Payload;

    fn message(base: &str, path: &str, extra: &[(&str, &str)]) -> Result<http::Request<Sent>, SendError> {
        let key = Secret::new(String::from("canary"));
        let mut request = Request::new(Method::POST, path, &key, Bytes::from_static(b"{}"));
        request.headers = extra;
        base.parse::<BaseUrl>().unwrap().message(&request, Either::Left(Payload::default()))
    }

    #[test]
    fn the_base_may_have_a_path_and_nothing_else() {
        let sent = message("https://relay.example/google/", "/v1beta/models?pageSize=1000", &[]).unwrap();
        assert_eq!(sent.uri(), "https://relay.example/google/v1beta/models?pageSize=1000");
        for bad in ["relay.example", "ftp://x", "https://x/?key=1", "/v1beta", "https://u:hunter2@x"] {
            let error = bad.parse::<BaseUrl>().unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_second_credential_is_refused() {
        for path in ["/v1beta/models?key=abc", "/v1beta/models?a=b&access_token=x", "v1beta/models", "/a b"] {
            assert_eq!(message("http://x", path, &[]).unwrap_err().label(), "invalid", "{path}");
        }
        for name in REFUSED {
            assert_eq!(message("http://x", "/", &[(name, "x")]).unwrap_err().label(), "invalid", "{name}");
        }
        assert!(message("http://x", "/v1?keys=2&monkey=1", &[("x-goog-user-project", "p")]).is_ok());
    }

    #[test]
    fn the_key_is_marked_sensitive_and_the_type_can_be_changed() {
        let sent = message("http://x", "/", &[("Content-Type", "application/octet-stream")]).unwrap();
        assert!(sent.headers()[KEY].is_sensitive());
        assert!(!format!("{sent:?}").contains("canary"));
        assert_eq!(sent.headers()[CONTENT_TYPE], "application/octet-stream");
        assert_eq!(sent.headers().len(), 4, "{:?}", sent.headers());
    }
}
