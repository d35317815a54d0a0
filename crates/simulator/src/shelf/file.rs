//! Files: they are there for two days, and films take a while until they can be used.

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Shelf, Thing, Visitor, iso};

/// Google keeps files for two days.
const KEPT_MS: i64 = 48 * 3_600_000;
/// Where Google says that a file is; the simulator's own address would not be taken by clients that look at it.
const HOST: &str = "https://generativelanguage.googleapis.com";

/// What came.
pub(super) struct Received<'a> {
    pub(super) said: &'a Value,
    pub(super) mime: &'a str,
    pub(super) length: u64,
    pub(super) hash: &'a [u8],
    pub(super) bytes: Bytes,
    pub(super) version: &'a str,
}

/// Puts a file on the shelf under the name it was given, or one of its own.
pub(super) fn keep(shelf: &mut Shelf, visitor: Visitor, received: &Received<'_>) -> Value {
    let Received { said, mime, length, hash, bytes, version } = received;
    let given = said["name"].as_str().filter(|name| name.starts_with("files/")).map(str::to_owned);
    let name = given.unwrap_or_else(|| format!("files/{}", shelf.id(visitor)));
    let state = if mime.starts_with("video/") { "PROCESSING" } else { "ACTIVE" };
    let mut file = json!({
        "name": name,
        "mimeType": mime,
        "sizeBytes": length.to_string(),
        "createTime": iso(visitor.now_ms),
        "updateTime": iso(visitor.now_ms),
        "expirationTime": iso(visitor.now_ms + KEPT_MS),
        "sha256Hash": STANDARD.encode(hash),
        "uri": format!("{HOST}/{version}/{name}"),
        "state": state,
        "source": "UPLOADED",
    });
    if let Some(display) = said["displayName"].as_str() {
        file["displayName"] = json!(display);
    }
    let expires_ms = Some(visitor.now_ms + KEPT_MS);
    shelf.put(
        visitor,
        &name,
        Thing { value: file.clone(), expires_ms, bytes: bytes.clone(), ..Thing::default() },
    );
    file
}

/// A film is ready when it has been asked for once.
pub(super) fn ripen(thing: &mut Thing) {
    if thing.value["state"] == "PROCESSING" && thing.looks > 1 {
        thing.value["state"] = json!("ACTIVE");
    }
}
