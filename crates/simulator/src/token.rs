//! A tokenizer that anyone can do in their head.
//!
//! Four ASCII characters make a token, every other character is one. An image is 258, other media one per 500 bytes of
//! base64; calls, results and declarations count as their JSON text.

use serde_json::Value;

/// Input tokens of a request, by modality.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PromptTokens {
    pub(crate) text: u64,
    pub(crate) media: u64,
}

impl PromptTokens {
    pub(crate) fn total(self) -> u64 {
        self.text + self.media
    }

    fn add(&mut self, other: Self) {
        self.text += other.text;
        self.media += other.media;
    }
}

pub(crate) fn of_text(text: &str) -> u64 {
    text.chars().map(quarters).sum::<u64>().div_ceil(4)
}

fn quarters(character: char) -> u64 {
    if character.is_ascii() { 1 } else { 4 }
}

/// The longest beginning of the text that fits into this many tokens.
pub(crate) fn prefix(text: &str, tokens: u64) -> &str {
    let mut left = tokens.saturating_mul(4);
    for (at, character) in text.char_indices() {
        let cost = quarters(character);
        if cost > left {
            return text.get(..at).unwrap_or_default();
        }
        left -= cost;
    }
    text
}

/// Counts a whole generateContent body.
pub(crate) fn of_request(body: &Value) -> PromptTokens {
    let mut sum = of_contents(&body["contents"]);
    sum.add(of_content(&body["systemInstruction"]));
    if let Some(tools) = body["tools"].as_array().filter(|tools| !tools.is_empty()) {
        sum.text += tools.iter().map(|tool| of_text(&tool["functionDeclarations"].to_string())).sum::<u64>();
    }
    sum
}

/// Counts a list of contents.
pub(crate) fn of_contents(contents: &Value) -> PromptTokens {
    let mut sum = PromptTokens::default();
    for content in contents.as_array().into_iter().flatten() {
        sum.add(of_content(content));
    }
    sum
}

/// Counts one content.
pub(crate) fn of_content(content: &Value) -> PromptTokens {
    let mut sum = PromptTokens::default();
    for part in content["parts"].as_array().into_iter().flatten() {
        sum.add(of_part(part));
    }
    sum
}

fn of_part(part: &Value) -> PromptTokens {
    if let Some(text) = part["text"].as_str() {
        return PromptTokens { text: of_text(text), media: 0 };
    }
    if let Some(data) = part["inlineData"]["data"].as_str() {
        let is_image = part["inlineData"]["mimeType"].as_str().is_some_and(|mime| mime.starts_with("image/"));
        let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
        return PromptTokens { text: 0, media: if is_image { 258 } else { bytes.div_ceil(500) } };
    }
    if part["fileData"].is_object() {
        return PromptTokens { text: 0, media: 258 };
    }
    let spoken = ["functionCall", "functionResponse", "executableCode", "codeExecutionResult"];
    let text = spoken
        .iter()
        .filter(|name| part[**name].is_object())
        .map(|name| of_text(&part[*name].to_string()))
        .sum();
    PromptTokens { text, media: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ascii_counts_four_to_one_and_everything_else_one_to_one() {
        for (text, tokens) in [("", 0), ("abcd", 1), ("abcde", 2), ("你好", 2), ("ab你", 2)] {
            assert_eq!(of_text(text), tokens, "{text}");
        }
        assert_eq!(prefix("abcdefgh", 1), "abcd");
        assert_eq!(prefix("你好吗", 2), "你好");
        assert_eq!(prefix("你好吗", 0), "");
    }

    #[test]
    fn a_request_counts_text_media_and_tools() {
        let body = json!({
            "contents": [{"parts": [{"text": "abcd"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}],
            "systemInstruction": {"parts": [{"text": "efgh"}]},
        });
        assert_eq!(of_request(&body), PromptTokens { text: 2, media: 258 });
    }
}
