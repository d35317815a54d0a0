//! Keys never leave: what looks like one is blotted out of any text (`wire.md` §10.4).

use std::borrow::Cow;

/// `text` with everything that looks like a Google key replaced by `***`.
pub fn redact(text: &str) -> Cow<'_, str> {
    let (mut clean, mut rest) = (String::new(), text);
    while let Some(at) = ["AIza", "AQ.", "IQ."].iter().filter_map(|prefix| rest.find(prefix)).min() {
        let (before, from) = rest.split_at(at);
        let word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let end = from.find(|c| !word(c)).unwrap_or(from.len());
        let (found, after) = from.split_at(end);
        clean.push_str(before);
        clean.push_str(if found.len() > 20 { "***" } else { found });
        rest = after;
    }
    if clean.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(clean + rest) }
}
