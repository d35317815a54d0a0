//! Reads the project's own source files, so that tests can hold them to the house rules.
//!
//! Invariant: looks at text only; builds and runs nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file below the project's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path relative to the root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Rust file of the workspace, sorted by path; build output is left out.
pub fn rust_files() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for folder in ["crates", "bench"] {
        collect(&root.join(folder), &root, &mut found);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn collect(folder: &Path, root: &Path, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, root, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && let (Ok(text), Ok(relative)) = (fs::read_to_string(&path), path.strip_prefix(root))
        {
            let path = relative.to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

impl Source {
    /// Is this file test code as a whole?
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("/contract.rs")
            || self.path.contains("/contract/")
    }

    /// The text before the test module.
    pub fn production(&self) -> &str {
        self.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(&self.text)
    }

    /// The top-level module of crate `pollux` that this file belongs to: `relay` for `src/relay/call.rs`.
    pub fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("crates/pollux/src/")?;
        let end = inside.find('/').or_else(|| inside.strip_suffix(".rs").map(str::len))?;
        inside.get(..end)
    }

    /// The rooms of crate `pollux` that this file's production code names by `crate::…`.
    pub fn imports(&self) -> Vec<String> {
        let mut rooms = Vec::new();
        for line in self.production().lines().filter(|line| !line.trim_start().starts_with("//")) {
            for piece in line.split("crate::").skip(1) {
                if let Some(inner) = piece.strip_prefix('{') {
                    rooms.extend(inner.split(',').map(first_word));
                } else {
                    rooms.push(first_word(piece));
                }
            }
        }
        rooms.retain(|room| !room.is_empty());
        rooms.sort();
        rooms.dedup();
        rooms
    }
}

fn first_word(text: &str) -> String {
    let word = text.trim_start().chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_');
    word.collect()
}
