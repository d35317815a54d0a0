//! A request as it arrived, and what it addresses.

use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Query;
use axum::http::{HeaderMap, Request, Uri};
use serde_json::Value;

use crate::outlet::Framing;
use crate::refusal::{self, Refusal};
use crate::shelf::{Arriving, COLLECTIONS, Shelf};

const VERSIONS: [&str; 3] = ["v1", "v1beta", "v1alpha"];
/// Google takes 100 MB inline, a third more in base64.
const BODY_LIMIT: usize = 140 << 20;

/// One request, read to its end.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What came of a body that is not kept whole.
    pub(crate) arrived: Option<Arriving>,
}

/// What a path of the Gemini API stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `GET /models`
    List,
    /// `GET /models/{m}`
    Describe { model: String },
    /// `POST /models/{m}:{action}`
    Act { model: String, action: &'static str },
    /// `/files`, `/cachedContents/{id}` and whatever else a project has.
    Keep { collection: &'static str },
}

const ACTIONS: [&str; 6] = [
    "generateContent",
    "streamGenerateContent",
    "countTokens",
    "embedContent",
    "batchEmbedContents",
    "batchGenerateContent",
];

impl Target {
    /// The method name that errors and scripts use.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::List => "listModels",
            Self::Describe { .. } => "getModel",
            Self::Act { action, .. } => action,
            Self::Keep { collection } => collection,
        }
    }

    pub(crate) fn model(&self) -> &str {
        match self {
            Self::List | Self::Keep { .. } => "",
            Self::Describe { model } | Self::Act { model, .. } => model,
        }
    }
}

impl Call {
    pub(crate) async fn read(request: Request<Body>, shelf: &Mutex<Shelf>) -> Result<Self, Refusal> {
        if is_upload(request.uri(), request.headers()) {
            return Self::receive(request, shelf).await;
        }
        let (head, body) = request.into_parts();
        let body =
            to_bytes(body, BODY_LIMIT).await.map_err(|_| refusal::payload_too_large(400, 104_857_600))?;
        Ok(Self {
            verb: head.method.to_string(),
            path: decode(head.uri.path()),
            query: pairs(&head.uri),
            headers: head.headers,
            body,
            arrived: None,
        })
    }

    /// A file or a part of one: what is longer than a sample is counted and forgotten.
    async fn receive(request: Request<Body>, shelf: &Mutex<Shelf>) -> Result<Self, Refusal> {
        let (head, body) = request.into_parts();
        let query = pairs(&head.uri);
        let session = query.iter().find(|(key, _)| key == "upload_id").map(|(_, id)| id.as_str());
        let so_far =
            shelf.lock().unwrap_or_else(PoisonError::into_inner).arriving(session.unwrap_or_default());
        let arrived = so_far.read(Request::new(body)).await;
        let arrived = arrived.map_err(|_| Refusal::invalid("The upload broke off.").because("upload"))?;
        Ok(Self {
            verb: head.method.to_string(),
            path: decode(head.uri.path()),
            query,
            headers: head.headers,
            body: Bytes::new(),
            arrived: Some(arrived),
        })
    }

    /// The version in the path.
    pub(crate) fn version(&self) -> Option<&str> {
        self.path.split('/').find(|segment| VERSIONS.contains(segment))
    }

    /// What comes after it.
    pub(crate) fn below_version(&self) -> Option<&str> {
        let version = format!("/{}/", self.version()?);
        Some(self.path.split_once(&version)?.1)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The API version and what is addressed; nothing for paths that Google does not serve.
    pub(crate) fn target(&self) -> Option<(&'static str, Target)> {
        let path = ["/upload", "/download"].iter().find_map(|prefix| self.path.strip_prefix(prefix));
        let (version, rest) = path.unwrap_or(&self.path).strip_prefix('/')?.split_once('/')?;
        let version = VERSIONS.into_iter().find(|known| *known == version)?;
        let first = rest.split(['/', ':']).next()?;
        if let Some(collection) = COLLECTIONS.into_iter().find(|known| *known == first) {
            return Some((version, Target::Keep { collection }));
        }
        let target = match (self.verb.as_str(), rest.strip_prefix("models")?) {
            ("GET", "") => Target::List,
            ("GET", tail) => Target::Describe { model: tail.strip_prefix('/')?.to_owned() },
            ("POST", tail) => {
                let (model, action) = tail.strip_prefix('/')?.rsplit_once(':')?;
                let action = ACTIONS.into_iter().find(|known| *known == action)?;
                Target::Act { model: model.to_owned(), action }
            }
            _ => return None,
        };
        Some((version, target))
    }

    pub(crate) fn framing(&self) -> Framing {
        match (self.path.ends_with(":streamGenerateContent"), self.parameter("alt")) {
            (true, Some("sse")) => Framing::Sse,
            (true, _) => Framing::Array,
            (false, _) => Framing::Whole,
        }
    }

    /// The body as JSON, refused in Google's words when it is not.
    pub(crate) fn json(&self) -> Result<Value, Refusal> {
        if self.body.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = format!(
                "Invalid JSON payload received. Unexpected token.\n(line {}, column {})",
                error.line(),
                error.column()
            );
            Refusal::invalid(&message).because("bad-json")
        })
    }
}

/// Whether a file comes, and not what is said of it beforehand.
fn is_upload(uri: &Uri, headers: &HeaderMap) -> bool {
    let command = headers.get("x-goog-upload-command").and_then(|command| command.to_str().ok());
    uri.path().starts_with("/upload/") && !command.is_some_and(|command| command.contains("start"))
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::try_from_uri(uri).map(|query| query.0).unwrap_or_default()
}

/// Percent-decoding; clients encode the colon of `:generateContent` at times.
fn decode(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%').then(|| path.get(at + 1..at + 3)).flatten();
        let (value, length) =
            escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()).map_or((*byte, 1), |byte| (byte, 3));
        plain.push(value);
        at += length;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(verb: &str, path: &str) -> Option<Target> {
        let call = Call {
            verb: verb.to_owned(),
            path: decode(path),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            arrived: None,
        };
        call.target().map(|(_, target)| target)
    }

    #[test]
    fn paths_are_read_in_every_version_and_spelling() {
        let act = |action| Some(Target::Act { model: "m".to_owned(), action });
        for (verb, path, expected) in [
            ("GET", "/v1beta/models", Some(Target::List)),
            ("GET", "/v1/models/m", Some(Target::Describe { model: "m".to_owned() })),
            ("POST", "/v1alpha/models/m:countTokens", act("countTokens")),
            ("POST", "/v1beta/models/m%3AgenerateContent", act("generateContent")),
            ("POST", "/v1beta/models/m:explode", None),
            ("POST", "/v2/models/m:countTokens", None),
            ("DELETE", "/v1beta/models", None),
            ("GET", "/v1beta/files", Some(Target::Keep { collection: "files" })),
            ("POST", "/upload/v1beta/files", Some(Target::Keep { collection: "files" })),
            ("GET", "/v1beta/elsewhere", None),
        ] {
            assert_eq!(target(verb, path), expected, "{verb} {path}");
        }
    }
}
