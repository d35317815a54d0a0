//! Things that live in one Google project: files, caches, batches, stores and their like.
//!
//! How they are called in paths and bodies, and which of them an answer tells of. Who owns them is not known here.
//!
//! Sources: `gemini-2026-11.md` §2, `wire.md` §8.

mod made;
mod named;
mod target;

pub use made::{Made, kind_of, made, results};
pub use named::{named_by, named_in};
pub use target::{Target, encode};

/// A list of things that a project has.
#[derive(Debug, PartialEq, Eq)]
pub struct Collection {
    /// As it is in paths: `files`.
    pub name: &'static str,
    /// The field of a list in which they are; none if Google does not list them.
    pub field: Option<&'static str>,
    /// Whether the body that makes one names a model.
    pub has_model: bool,
}

const fn listed(name: &'static str, field: &'static str) -> Collection {
    Collection { name, field: Some(field), has_model: false }
}

/// The collections that a user may have something in. Google has more: interactions, agents, triggers and their like, which use
/// models in ways that nobody has counted beforehand.
pub const COLLECTIONS: [Collection; 5] = [
    listed("files", "files"),
    Collection { name: "cachedContents", field: Some("cachedContents"), has_model: true },
    listed("batches", "operations"),
    Collection { name: "operations", field: None, has_model: false },
    listed("fileSearchStores", "fileSearchStores"),
];

/// The collection of this name.
pub fn collection(name: &str) -> Option<&'static Collection> {
    COLLECTIONS.iter().find(|collection| collection.name == name)
}

/// Where Google's own addresses of files begin.
const HOST: &str = "generativelanguage.googleapis.com";

/// The file that a `fileUri` means, as `files/…`; none if it is something else: a page, a video, a bucket's object.
pub fn file_of_uri(uri: &str) -> Option<String> {
    let path = match uri.split_once("://") {
        Some((_, rest)) => {
            let (host, path) = rest.split_once('/')?;
            if !host.eq_ignore_ascii_case(HOST) {
                return None;
            }
            let (version, path) = path.split_once('/')?;
            version.starts_with("v1").then_some(path)?
        }
        None => uri.trim_start_matches('/'),
    };
    let id = path.strip_prefix("files/")?;
    let id = id.split(['?', '#', '/', ':']).next().filter(|id| !id.is_empty())?;
    Some(format!("files/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_every_address_it_has() {
        let google = "https://generativelanguage.googleapis.com";
        for (uri, file) in [
            (format!("{google}/v1beta/files/abc"), Some("files/abc")),
            (format!("{google}/v1/files/abc:download?alt=media"), Some("files/abc")),
            (format!("{google}/v1main/files/abc"), Some("files/abc")),
            ("files/abc".to_owned(), Some("files/abc")),
            ("HTTPS://GenerativeLanguage.googleapis.com/v1beta/files/abc".to_owned(), Some("files/abc")),
            (format!("{google}/v1beta/files/"), None),
            (format!("{google}/v1beta/models/abc"), None),
            ("https://example.com/v1beta/files/abc".to_owned(), None),
            ("https://www.youtube.com/watch?v=abc".to_owned(), None),
            ("gs://bucket/files/abc".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(file_of_uri(&uri).as_deref(), file, "{uri}");
        }
    }
}
