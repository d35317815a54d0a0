//! Reads keys out of whatever people paste. Pure: text in, keys and complaints out.
//!
//! What is understood, line by line:
//!
//! - Keys separated by commas, semicolons, bars, spaces, tabs or line ends, quoted or not, with list bullets or not.
//! - `name=key` and `name: key`: the name is the key's project, and that of the keys after it on the same line. A
//!   name that says `key` or `token` is that of a variable (`GEMINI_API_KEYS=…`, as in an `.env` file) and no project.
//!   `export ` is passed over, and so are lines that begin with `#` or `//` and whatever follows ` #`.
//! - A table, `key,project,label,note,tags` (or with semicolons or tabs), if its first line names these columns, in any order;
//!   without such a line, if every line is one key and then the same one or two cells that are not keys (a single
//!   line must have all three).
//! - JSON: a text, a list, or objects with `key` and perhaps `project`, `label`, `note` and `tags`; any other name of an object is
//!   the project of the keys below it, by the same rule.
//!
//! A key is 20 to 200 characters of `A-Z a-z 0-9 _ . -`, whatever it begins with (wire.md §1.1); OAuth tokens
//! (`ya29.`) and JSON Web Tokens (`eyJ`) are refused.
//!
//! Invariant: no complaint holds a whole key.

mod json;
mod line;
mod table;

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::words;
use crate::secret::{Secret, hint};
use crate::store::record::KeyWords;

/// The most items one import may have.
pub(super) const LIMIT: usize = 100_000;
const LENGTH: std::ops::RangeInclusive<usize> = 20..=200;
const LONGEST_NAME: usize = 100;

/// A key that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Intake {
    /// The key.
    pub key: Secret,
    /// The project it was said to belong to.
    pub project: Option<String>,
    /// What it was said to be called, and what else was said of it.
    pub words: KeyWords,
}

/// Something that stands where a key should be and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What may be shown of it.
    pub hint: String,
    /// The line it is on, from 1; in JSON, which value it is.
    pub line: usize,
    /// Why it is not a key.
    pub reason: &'static str,
}

/// A key that was in the text before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// What may be shown of it.
    pub hint: String,
    /// The line it is on again.
    pub line: usize,
    /// The line it was on first.
    pub first: usize,
}

/// What a pasted text held, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pasted {
    /// Keys, each once.
    pub keys: Vec<Intake>,
    /// What is no key.
    pub malformed: Vec<Malformed>,
    /// Keys that came again.
    pub repeated: Vec<Repeated>,
    /// There was more than [`LIMIT`] items; the rest was not read.
    pub cut_short: bool,
}

/// Reads keys out of a text.
pub(super) fn parse(text: &str) -> Pasted {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::default();
    if !json::read(text, &mut reader) && !table::read(text, &mut reader) {
        for (line, text) in lines(text) {
            line::read(line, text, None, &mut reader);
        }
    }
    reader.pasted
}

/// Collects what the readers of the different forms find.
#[derive(Default)]
struct Reader {
    pasted: Pasted,
    /// Digests of the keys (no second copy of them) and the line where each was first.
    first: HashMap<[u8; 32], usize>,
    items: usize,
}

/// Something that should be a key, as it was found.
struct Found<'a> {
    text: &'a str,
    line: usize,
    project: Option<&'a str>,
    label: Option<&'a str>,
    note: Option<&'a str>,
    tags: Option<&'a str>,
}

impl Reader {
    fn take(&mut self, found: &Found<'_>) {
        let Found { text, line, project, .. } = *found;
        if self.items >= LIMIT {
            self.pasted.cut_short = true;
            return;
        }
        self.items += 1;
        let checked = check(text).and_then(|()| Ok((name(project)?, found.words()?)));
        let (project, words) = match checked {
            Ok(names) => names,
            Err(reason) => return self.pasted.malformed.push(Malformed { hint: hint(text), line, reason }),
        };
        let digest = Sha256::digest(text).into();
        if let Some(&first) = self.first.get(&digest) {
            return self.pasted.repeated.push(Repeated { hint: hint(text), line, first });
        }
        self.first.insert(digest, line);
        self.pasted.keys.push(Intake { key: Secret::new(text), project, words });
    }
}

impl Found<'_> {
    fn words(&self) -> Result<KeyWords, &'static str> {
        let note = words::note(self.note.unwrap_or_default())?;
        let tags = words::split_tags(self.tags.unwrap_or_default())?;
        Ok(KeyWords { label: name(self.label)?.unwrap_or_default(), note, tags })
    }
}

/// Numbered lines that say something: no blank ones, no comments.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let said = |line: &str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//");
    (1..)
        .zip(text.lines().flat_map(|line| line.split('\r')))
        .map(|(at, line)| (at, line.trim()))
        .filter(move |(_, line)| said(line))
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.starts_with("ya29.") {
        return Err("is an OAuth access token, not an API key");
    }
    if text.starts_with("eyJ") {
        return Err("is a JSON Web Token, not an API key");
    }
    if !text.bytes().all(is_of_a_key) {
        return Err("has characters that no API key has");
    }
    if text.len() < *LENGTH.start() {
        return Err("is too short for an API key");
    }
    if text.len() > *LENGTH.end() {
        return Err("is too long for an API key");
    }
    Ok(())
}

fn is_of_a_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

pub(super) fn name(text: Option<&str>) -> Result<Option<String>, &'static str> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > LONGEST_NAME {
        return Err("has a project or label of more than 100 characters");
    }
    if text.contains(char::is_control) {
        return Err("has a project or label with control characters");
    }
    Ok(Some(text.to_owned()))
}

/// Whether a name before a key is that of a project, and not that of a variable or field.
fn is_project(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.contains("key") && !name.contains("token")
}

/// Whether a cell more likely holds a key, good or bad, than a project or label. Only tables without a header ask.
pub(super) fn resembles_a_key(cell: &str) -> bool {
    let known =
        |word: &str| ["AIza", "AQ.", "IQ.", "ya29.", "eyJ"].iter().any(|start| word.starts_with(start));
    let random = |word: &str| {
        check(word).is_ok()
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    cell.split(|letter: char| !u8::try_from(letter).is_ok_and(is_of_a_key))
        .any(|word| known(word) || random(word))
}

#[cfg(test)]
mod tests;
