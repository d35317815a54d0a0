//! What a path of the Gemini API is about: `files/abc:download`, `fileSearchStores/s/documents/d`.

use std::fmt::Write;

use super::{Collection, collection};

/// A path below the version, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The collection it begins with.
    pub collection: &'static Collection,
    /// The thing that has an owner: `files/abc`, `models/m/operations/o`. None for the collection itself.
    pub name: Option<String>,
    /// What comes after it: `/documents/d`, or nothing.
    pub below: String,
    /// What is to be done: `download`, or nothing.
    pub verb: Option<String>,
}

impl Target {
    /// Reads a path as it was sent, from behind the version's slash on. None if it is about nothing that has an owner, or if it
    /// could be read in two ways.
    pub fn read(path: &str) -> Option<Self> {
        let path = decode(path)?;
        if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return None;
        }
        let (path, verb) = match path.rsplit_once(':') {
            Some((path, verb)) if !verb.is_empty() && verb.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                (path, Some(verb.to_owned()))
            }
            _ => (path.as_str(), None),
        };
        let mut segments = path.split('/');
        let first = segments.next()?;
        if first == "models" {
            return operation(path, verb);
        }
        let collection = collection(first)?;
        let Some(id) = segments.next() else {
            return Some(Self { collection, name: None, below: String::new(), verb });
        };
        let below: String = segments.flat_map(|segment| ["/", segment]).collect();
        Some(Self { collection, name: Some(format!("{first}/{id}")), below, verb })
    }

    /// The path again, encoded so that it can be read in one way only.
    pub fn path(&self) -> String {
        let Self { collection, name, below, verb } = self;
        let mut path = encode(name.as_deref().unwrap_or(collection.name));
        path.push_str(&encode(below));
        if let Some(verb) = verb {
            path.push(':');
            path.push_str(verb);
        }
        path
    }
}

/// `models/m/operations/o`: what a model is asked to do in its own time.
fn operation(path: &str, verb: Option<String>) -> Option<Target> {
    let segments: Vec<&str> = path.split('/').collect();
    let ["models", _, "operations", _] = segments.as_slice() else { return None };
    let collection = collection("operations")?;
    Some(Target { collection, name: Some(path.to_owned()), below: String::new(), verb })
}

/// Percent-encodes what would mean something else in a path; slashes stay.
pub fn encode(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~=@+,!$()'*".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decode(path: &str) -> Option<String> {
    let bytes = path.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let hex = path.get(at + 1..at + 3)?;
            plain.push(u8::from_str_radix(hex, 16).ok()?);
            at += 3;
        } else {
            plain.push(*byte);
            at += 1;
        }
    }
    let plain = String::from_utf8(plain).ok()?;
    (!plain.chars().any(char::is_control)).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Apart = (&'static str, Option<String>, String, Option<String>);

    fn read(path: &str) -> Option<Apart> {
        Target::read(path).map(|target| (target.collection.name, target.name, target.below, target.verb))
    }

    fn apart(collection: &'static str, name: &str, below: &str, verb: &str) -> Apart {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (collection, text(name), below.to_owned(), text(verb))
    }

    #[test]
    fn paths_are_taken_apart() {
        for (path, expected) in [
            ("files", apart("files", "", "", "")),
            ("files:register", apart("files", "", "", "register")),
            ("files/abc", apart("files", "files/abc", "", "")),
            ("files/abc:download", apart("files", "files/abc", "", "download")),
            ("files/abc%3Adownload", apart("files", "files/abc", "", "download")),
            (
                "fileSearchStores/s/documents/d",
                apart("fileSearchStores", "fileSearchStores/s", "/documents/d", ""),
            ),
            (
                "fileSearchStores/s:importFile",
                apart("fileSearchStores", "fileSearchStores/s", "", "importFile"),
            ),
            ("batches/b:cancel", apart("batches", "batches/b", "", "cancel")),
            ("models/m/operations/o", apart("operations", "models/m/operations/o", "", "")),
            ("files/my%20notes.txt==", apart("files", "files/my notes.txt==", "", "")),
        ] {
            assert_eq!(read(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_has_no_owner_or_two_meanings_is_no_target() {
        for path in [
            "",
            "/",
            "files/",
            "files//abc",
            "files/../models",
            "files/%2e%2e/x",
            "files/%2E%2E",
            "files/a%2F%2Fb",
            "models",
            "models/m",
            "models/m/operations",
            "tunedModels/x",
            "auth_tokens",
            "files/%zz",
            "files/%",
            "files/a%00b",
            "files/%ff",
            "files/a%0d%0aHost:%20x",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn a_slash_in_disguise_does_not_change_the_owner() {
        let target = Target::read("files/mine%2F..%2Fyours");
        assert_eq!(target, None);
        let target = Target::read("files/mine%2Fdocuments").unwrap();
        assert_eq!((target.name.as_deref(), target.below.as_str()), (Some("files/mine"), "/documents"));
        assert_eq!(target.path(), "files/mine/documents");
    }

    #[test]
    fn what_is_written_again_reads_the_same() {
        for path in ["files/abc:download", "fileSearchStores/s/documents/a b?c#d%e.txt", "files/v1_a=="] {
            let once = Target::read(&encode(path)).unwrap();
            assert_eq!(Target::read(&once.path()), Some(once), "{path}");
        }
    }
}
