//! Plain words: an echo of what was asked, long or short as wished, Chinese for Chinese.

use serde_json::Value;

use super::Prompt;
use crate::noise::Dice;
use crate::turn;

/// Enough for the longest hop of all, and no danger to memory.
const MOST_WORDS: u64 = 2_000_000;

const ENGLISH: [&str; 6] = [
    "The stars Castor and Pollux are twins in the sky.",
    "A project has one quota however many keys it has.",
    "Minutes come back by themselves, days end at midnight in Los Angeles.",
    "This text was composed without any model at all.",
    "Whoever counts tokens should count them once.",
    "A stream that ends without a reason was cut.",
];

const CHINESE: [&str; 6] = [
    "北河二和北河三是天上的双子。",
    "一个项目无论有多少密钥，都只有一份配额。",
    "分钟配额会自行恢复，日配额在洛杉矶午夜重置。",
    "这段文字完全不是由模型写成的。",
    "每个令牌只应计算一次。",
    "没有结束原因的流就是被截断的流。",
];

/// The number after a word like `words:` in the text.
pub(super) fn number_after(text: &str, word: &str) -> Option<u64> {
    let (_, rest) = text.split_once(word)?;
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

/// The answer: tool results are quoted, otherwise the user is.
pub(super) fn plain(prompt: Prompt<'_>, salt: u64) -> String {
    let asked = prompt.last_text();
    let sentences = if is_chinese(&asked) { CHINESE } else { ENGLISH };
    let mut dice = Dice::new(salt);
    if let Some(words) = number_after(&asked, "words:") {
        return long(&sentences, words, &mut dice);
    }
    let opening = results(prompt).unwrap_or_else(|| quote(&asked));
    let gap = if is_chinese(&asked) { "" } else { " " };
    format!("{opening}{gap}{}{gap}{}", dice.pick(&sentences), dice.pick(&sentences))
}

fn quote(asked: &str) -> String {
    let short: String = asked.chars().take(2_000).collect();
    if is_chinese(asked) {
        format!("你说的是：“{short}”。")
    } else {
        format!("You said: \"{short}\".")
    }
}

/// Names each tool result of the last content, or nothing when there is none.
fn results(prompt: Prompt<'_>) -> Option<String> {
    let answers = turn::parts(prompt.contents().last()?, "functionResponse");
    if answers.is_empty() {
        return None;
    }
    let each: Vec<String> = answers
        .iter()
        .map(|answer| {
            format!("{} returned {}", answer["name"].as_str().unwrap_or_default(), answer["response"])
        })
        .collect();
    Some(if is_chinese(&prompt.last_text()) {
        format!("工具结果：{}。", each.join("；"))
    } else {
        format!("{}.", each.join("; "))
    })
}

/// Exactly this many words, numbered so that a lost or doubled stretch shows.
fn long(sentences: &[&str; 6], words: u64, dice: &mut Dice) -> String {
    let filler: Vec<&str> = dice.pick(sentences).split_whitespace().collect();
    let mut text = String::new();
    for at in 0..words.min(MOST_WORDS) {
        let index = usize::try_from(at).unwrap_or(0) % filler.len().max(1);
        if at > 0 {
            text.push(' ');
        }
        if at % 10 == 0 {
            text.push_str(&(at + 1).to_string());
        } else {
            text.push_str(filler.get(index).copied().unwrap_or("word"));
        }
    }
    text
}

/// Thought summaries, in the form Google gives them.
pub(super) fn thoughts(asked: &str) -> Vec<String> {
    let topic: String = asked.chars().take(60).collect();
    vec![
        format!("**Reading the request**\n\nThe user writes \"{topic}\". I look for what is asked.\n\n\n"),
        "**Composing the answer**\n\nI repeat the words and add a sentence that is true.\n\n\n".to_owned(),
    ]
}

/// Cuts a text into the pieces of a stream: about five, none longer than 400 characters.
pub(super) fn cut(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let size = (letters.len() / 5).clamp(8, 400);
    letters.chunks(size).map(|piece| piece.iter().collect()).collect()
}

/// Words of a text in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The text of a part, when it has one.
pub(super) fn of(part: &Value) -> &str {
    part["text"].as_str().unwrap_or_default()
}
