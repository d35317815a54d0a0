//! What operators say of keys: a label, a note, tags. Pure: what may be said, and what a change makes of it.

use dialect::gemini::redact::redact;

use super::intake;
use crate::store::record::KeyWords;

/// The most characters of a note.
const LONGEST_NOTE: usize = 500;
/// The most tags of a key.
const MOST_TAGS: usize = 16;
/// The most characters of a tag.
const LONGEST_TAG: usize = 32;

/// What is to be said otherwise; none stays as it is, nothing takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordsChange {
    /// Its name.
    pub label: Option<String>,
    /// Free text.
    pub note: Option<String>,
    /// Its tags, all of them.
    pub tags: Option<Vec<String>>,
    /// Tags it gets besides.
    pub tagged: Vec<String>,
    /// Tags it loses.
    pub untagged: Vec<String>,
}

/// A field that cannot be said so, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {reason}")]
pub struct Unsaid {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it, and what would be right.
    pub reason: &'static str,
}

/// What is said after a change.
///
/// # Errors
/// When it may not be said.
pub(super) fn reworded(words: KeyWords, change: &WordsChange) -> Result<KeyWords, Unsaid> {
    let WordsChange { label, note: noted, tags, tagged, untagged } = change;
    let unsaid = |field| move |reason| Unsaid { field, reason };
    let label = match label {
        Some(label) => checked_label(label).map_err(unsaid("label"))?,
        None => words.label,
    };
    let noted = match noted {
        Some(text) => note(text).map_err(unsaid("note"))?,
        None => words.note,
    };
    let kept = tags.as_ref().unwrap_or(&words.tags).iter().filter(|tag| !untagged.contains(tag));
    let tags = checked_tags(kept.chain(tagged).map(String::as_str)).map_err(unsaid("tags"))?;
    Ok(KeyWords { label, note: noted, tags })
}

fn checked_label(text: &str) -> Result<String, &'static str> {
    let label =
        intake::name(Some(text)).map_err(|_| "must be at most 100 characters, none of them a control")?;
    let label = label.unwrap_or_default();
    if intake::resembles_a_key(&label) {
        return Err("looks like a key; it is shown to everybody who reads this API");
    }
    Ok(label)
}

/// A note, checked.
pub(super) fn note(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.chars().count() > LONGEST_NOTE {
        return Err("has a note of more than 500 characters");
    }
    if text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        return Err("has a note with control characters");
    }
    if redact(text) != text {
        return Err("has a note with a key in it; it is shown to everybody who reads this API");
    }
    Ok(text.to_owned())
}

/// The tags of a text: between them stand commas, semicolons, bars or spaces.
pub(super) fn split_tags(text: &str) -> Result<Vec<String>, &'static str> {
    let separator = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '|');
    checked_tags(text.split(separator).filter(|tag| !tag.is_empty()))
}

fn checked_tags<'a>(tags: impl Iterator<Item = &'a str>) -> Result<Vec<String>, &'static str> {
    let mut checked: Vec<String> = Vec::new();
    for tag in tags {
        if !is_tag(tag) {
            return Err("has a tag that is not 1 to 32 of a-z, 0-9, _ and -");
        }
        if !checked.iter().any(|known| known == tag) {
            checked.push(tag.to_owned());
        }
    }
    if checked.len() > MOST_TAGS { Err("has more than 16 tags") } else { Ok(checked) }
}

/// Whether a text may be a tag.
pub fn is_tag(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (1..=LONGEST_TAG).contains(&text.len()) && text.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    fn words() -> KeyWords {
        KeyWords { label: "first".into(), note: "of Ann".into(), tags: tags(&["blue", "spare"]) }
    }

    #[test]
    fn what_is_not_mentioned_stays() {
        assert_eq!(reworded(words(), &WordsChange::default()), Ok(words()));
        let change = WordsChange {
            note: Some(String::new()),
            tagged: tags(&["new", "blue"]),
            untagged: tags(&["spare", "never"]),
            ..WordsChange::default()
        };
        let after = KeyWords { note: String::new(), tags: tags(&["blue", "new"]), ..words() };
        assert_eq!(reworded(words(), &change), Ok(after));
        let change = WordsChange { tags: Some(Vec::new()), ..WordsChange::default() };
        assert_eq!(reworded(words(), &change).unwrap().tags, tags(&[]));
    }

    #[test]
    fn what_may_not_be_said_is_named() {
        let many: Vec<String> = (0..17).map(|number| format!("t{number}")).collect();
        let key = format!("AIzaSy{}", "a1B".repeat(11));
        let cases = [
            ("label", WordsChange { label: Some("x".repeat(101)), ..WordsChange::default() }),
            ("label", WordsChange { label: Some(key.clone()), ..WordsChange::default() }),
            ("note", WordsChange { note: Some("é".repeat(501)), ..WordsChange::default() }),
            ("note", WordsChange { note: Some("a\0b".into()), ..WordsChange::default() }),
            ("note", WordsChange { note: Some(format!("it was {key}")), ..WordsChange::default() }),
            ("tags", WordsChange { tags: Some(many), ..WordsChange::default() }),
            ("tags", WordsChange { tagged: tags(&["Blue"]), ..WordsChange::default() }),
            ("tags", WordsChange { tagged: vec!["t".repeat(33)], ..WordsChange::default() }),
        ];
        for (field, change) in cases {
            assert_eq!(reworded(words(), &change).unwrap_err().field, field, "{change:?}");
        }
        assert!(note(&"é".repeat(500)).is_ok() && note("two\nlines").is_ok());
    }

    #[test]
    fn tags_of_a_text_are_told_apart() {
        assert_eq!(split_tags(" a, b;c|a  d_1"), Ok(tags(&["a", "b", "c", "d_1"])));
        assert_eq!(split_tags(""), Ok(Vec::new()));
        assert!(split_tags("a B").is_err() && split_tags("蓝").is_err());
    }
}
