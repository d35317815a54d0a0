//! Takes the Markdown fence off a JSON answer, also when it comes in pieces.
//!
//! Older models wrap what should be bare JSON; OpenAI's `parse()` helpers fail on it (`gemini-2026-11.md`
//! §5.3).

use std::borrow::Cow;

/// Longest language tag that is still taken for one.
const LONGEST_TAG: usize = 16;

/// What is known of the fence so far, and the text held back until more is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fence {
    state: State,
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Undecided,
    Absent,
    Inside,
}

enum Opening {
    Perhaps,
    No,
    /// Yes; the JSON begins at this byte.
    Until(usize),
}

impl Fence {
    /// Takes text, returns what can go out.
    pub(crate) fn push<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        match self.state {
            State::Absent => Cow::Borrowed(text),
            State::Inside => Cow::Owned(self.inside(text)),
            State::Undecided => Cow::Owned(self.undecided(text)),
        }
    }

    /// The text ended: what was held back and is no fence.
    pub(crate) fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.state == State::Inside && held.contains('`') { String::new() } else { held }
    }

    fn undecided(&mut self, text: &str) -> String {
        self.held.push_str(text);
        match opening(&self.held) {
            Opening::Perhaps => String::new(),
            Opening::No => {
                self.state = State::Absent;
                std::mem::take(&mut self.held)
            }
            Opening::Until(start) => {
                self.state = State::Inside;
                self.held.drain(..start);
                self.inside("")
            }
        }
    }

    /// Everything but an end that might be the closing fence.
    fn inside(&mut self, text: &str) -> String {
        self.held.push_str(text);
        let mut json = self.held.trim_end();
        for _ in 0..3 {
            json = json.strip_suffix('`').unwrap_or(json);
        }
        let end = json.trim_end().len();
        let rest = self.held.split_off(end);
        std::mem::replace(&mut self.held, rest)
    }
}

fn opening(text: &str) -> Opening {
    let trimmed = text.trim_start();
    if "```".starts_with(trimmed) {
        return Opening::Perhaps;
    }
    let Some(rest) = trimmed.strip_prefix("```") else { return Opening::No };
    let tag = rest.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
    let tag_length = rest.len() - tag.len();
    let body = tag.trim_start();
    match body.chars().next() {
        _ if tag_length > LONGEST_TAG => Opening::No,
        None => Opening::Perhaps,
        Some(_) if tag.trim_start_matches([' ', '\t', '\r']).starts_with('\n') => {
            Opening::Until(text.len() - body.len())
        }
        Some('{' | '[') => Opening::Until(text.len() - body.len()),
        Some(_) => Opening::No,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut fence = Fence::default();
        let mut out: String = pieces.into_iter().map(|piece| fence.push(piece)).collect();
        out.push_str(&fence.finish());
        out
    }

    const TABLE: [(&str, &str); 13] = [
        ("```json\n{\"a\":1}\n```", "{\"a\":1}"),
        ("```\n[1]\n```\n", "[1]"),
        ("  \n```JSON\r\n{}\r\n```  ", "{}"),
        ("```json {\"a\":1}```", "{\"a\":1}"),
        ("{\"a\":\"```\"}", "{\"a\":\"```\"}"),
        ("```json\n{\"a\":\"``` `x`\"}\n```", "{\"a\":\"``` `x`\"}"),
        ("```json\n{\"cut\":", "{\"cut\":"),
        ("plain", "plain"),
        ("", ""),
        ("  ", "  "),
        ("``", "``"),
        ("`inline` code", "`inline` code"),
        ("```thisisaverylonglanguagetag\n{}", "```thisisaverylonglanguagetag\n{}"),
    ];

    #[test]
    fn fences_come_off_and_nothing_else_does() {
        for (text, expected) in TABLE {
            assert_eq!(run([text]), expected, "{text:?}");
        }
    }

    #[test]
    fn pieces_of_any_size_give_the_same() {
        for (text, expected) in TABLE {
            let letters: Vec<String> = text.chars().map(String::from).collect();
            assert_eq!(run(letters.iter().map(String::as_str)), expected, "{text:?}");
        }
    }

    #[test]
    fn unfenced_json_is_not_held_back() {
        assert_eq!(Fence::default().push("{\"a\""), "{\"a\"");
    }

    proptest! {
        #[test]
        fn splitting_never_matters(text in "[ \n`j{}\\[a]{0,24}", at in 0usize..24) {
            let at = at.min(text.len());
            let (left, right) = text.split_at(at);
            prop_assert_eq!(run([left, right]), run([text.as_str()]));
        }
    }
}
