//! Keys never leave: what looks like one is blotted out of any text (`wire.md` §10.4).
//!
//! A hand-written scanner; a text without secrets, the normal case, comes back as it is. It would rather blot too
//! much than too little: a key need not have the usual length, and need not stand at the start of a word.

use std::borrow::Cow;
use std::ops::Range;

#[cfg(test)]
mod tests;

/// What stands in place of a secret.
const BLOT: &str = "***";

/// How `=`, `?` and `&` look: plain, escaped in JSON, escaped in a URL. All in lower case.
const EQUALS: [&[u8]; 4] = [b"=", b"\\u003d", b"u003d", b"%3d"];
const SEPARATORS: [&[u8]; 8] = [b"?", b"&", b"\\u0026", b"u0026", b"\\u003f", b"u003f", b"%26", b"%3f"];

/// With which bytes a secret, or the name of one, begins.
static BEGINS: [bool; 256] = {
    let (mut begins, letters, mut place) = ([false; 256], b"AIskKpP", 0);
    while place < letters.len() {
        begins[letters[place] as usize] = true;
        place += 1;
    }
    begins
};

/// Blots out keys, project numbers and our own user keys.
pub fn redact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let Some(first) = next_secret(bytes, 0) else { return Cow::Borrowed(text) };
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    let mut found = Some(first);
    while let Some(secret) = found {
        clean.push_str(text.get(done..secret.start).unwrap_or_default());
        clean.push_str(BLOT);
        done = secret.end;
        found = next_secret(bytes, done);
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(clean)
}

/// The next secret at or after `from`. Its ends are always next to ASCII, hence on character boundaries.
fn next_secret(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    while let Some(skipped) = bytes.get(at..)?.iter().position(|byte| BEGINS[usize::from(*byte)]) {
        at += skipped;
        let rest = bytes.get(at..)?;
        let range = match rest.first()? {
            b'A' | b'I' => google_key(bytes, at),
            b's' => own_key(rest),
            b'k' | b'K' => named_key(bytes, at),
            b'p' | b'P' => project(rest),
            _ => None,
        };
        if let Some(range) = range {
            return Some(at + range.start..at + range.end);
        }
        at += 1;
    }
    None
}

/// `AIza…`, `AQ.…`, `IQ.…`.
fn google_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = bytes.get(at..)?;
    let prefix = rest.get(1..).filter(|after| after.starts_with(b"Iza") || after.starts_with(b"Q."))?;
    let is_standard = prefix.starts_with(b"Iza");
    if is_standard && !rest.starts_with(b"A") {
        return None;
    }
    let body = rest.get(if is_standard { 4 } else { 3 }..)?;
    let length = body.iter().take_while(|&&byte| is_key_byte(byte) || (!is_standard && byte == b'.')).count();
    // A short run after `AQ.` inside a word is prose (`see the FAQ.Section`), at the start of a word a cut key.
    let in_a_word =
        at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric);
    let least = match (is_standard, in_a_word) {
        (true, _) => 4,
        (false, false) => 8,
        (false, true) => 20,
    };
    (length >= least).then(|| 0..rest.len() - body.len() + length)
}

/// `sk-pollux-…`, as we issue them.
fn own_key(rest: &[u8]) -> Option<Range<usize>> {
    const PREFIX: &[u8] = b"sk-pollux-";
    let body = rest.strip_prefix(PREFIX)?;
    let length = body.iter().take_while(|&&byte| is_key_byte(byte)).count();
    (length > 0).then_some(0..PREFIX.len() + length)
}

/// The value in `api_key:…`, `"api-key": "…"`, `?key=…` and their escaped forms.
fn named_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let (before, rest) = bytes.split_at_checked(at)?;
    let after = rest.get(3..).filter(|_| starts_with(rest, b"key"))?;
    let value = if ends_with_any(before, &[b"api_", b"api-", b"api"]) {
        any_prefix(after, &EQUALS).or_else(|| colon(after))
    } else if ends_with_any(before, &SEPARATORS) {
        any_prefix(after, &EQUALS)
    } else {
        None
    }?;
    let start = rest.len() - value.len();
    let length = value.iter().take_while(|&&byte| !ends_value(byte)).count();
    let is_blotted = value.starts_with(BLOT.as_bytes());
    (length > 0 && !is_blotted).then_some(start..start + length)
}

/// A colon, with the quotes and the space that JSON and headers put around it.
fn colon(after: &[u8]) -> Option<&[u8]> {
    let after = skip(after, b"\\\"'");
    let after = after.strip_prefix(b":")?;
    Some(skip(after.strip_prefix(b" ").unwrap_or(after), b"\\\"'"))
}

/// The digits in `projects/123`, also with an escaped slash.
fn project(rest: &[u8]) -> Option<Range<usize>> {
    const NAME: &[u8] = b"projects";
    let after = rest.get(NAME.len()..).filter(|_| starts_with(rest, NAME))?;
    let number = any_prefix(after, &[b"/", b"\\/", b"%2f"])?;
    let start = rest.len() - number.len();
    let length = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (length > 0).then_some(start..start + length)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn ends_value(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"&'\"\\<>`,;)]}".contains(&byte)
}

fn skip<'a>(bytes: &'a [u8], these: &[u8]) -> &'a [u8] {
    let length = bytes.iter().take_while(|byte| these.contains(byte)).count();
    bytes.get(length..).unwrap_or_default()
}

fn starts_with(bytes: &[u8], lower: &[u8]) -> bool {
    bytes.get(..lower.len()).is_some_and(|head| head.eq_ignore_ascii_case(lower))
}

fn any_prefix<'a>(bytes: &'a [u8], forms: &[&[u8]]) -> Option<&'a [u8]> {
    forms.iter().find(|form| starts_with(bytes, form)).and_then(|form| bytes.get(form.len()..))
}

fn ends_with_any(bytes: &[u8], forms: &[&[u8]]) -> bool {
    forms.iter().any(|form| {
        let tail = bytes.len().checked_sub(form.len()).and_then(|from| bytes.get(from..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(form))
    })
}
