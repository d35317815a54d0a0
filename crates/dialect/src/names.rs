//! Model names of an operator's own: aliases and patterns, and options that hang on a name.
//!
//! `gpt-*` may mean `gemini-3.8-flash`, and `gemini-3.8-flash-search` the same model with Google Search.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use crate::gemini::request::{GenerateContentRequest, Tool};
use crate::model::{Capabilities, Catalogue, Family, Thinking};
use crate::openai::chat::request::reasoning::{Effort, Wish};
use crate::openai::chat::translate::thinking::amount;

/// What names mean, by name or pattern; in lower case. A `*` stands for any letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases(BTreeMap<String, String>);

impl Aliases {
    /// Whether this can be a name or a pattern.
    pub fn is_pattern(text: &str) -> bool {
        let legal = |letter: char| letter.is_ascii_alphanumeric() || "-._:/@*".contains(letter);
        !text.is_empty() && text.len() <= 200 && text.chars().all(legal)
    }

    /// Whether a name can be what an alias means: a model of the catalogue, or one that looks like Google's.
    pub fn is_target(name: &str) -> bool {
        let resolved = Catalogue::builtin().resolve(name, "");
        resolved.known || resolved.effective.family != Family::Other
    }

    /// These names with what they mean.
    pub fn new(entries: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(entries.into_iter().map(|(name, target)| (name.to_ascii_lowercase(), target)).collect())
    }

    /// All of them, patterns included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, target)| (name.as_str(), target.as_str()))
    }

    /// What is exactly this name.
    pub fn exact(&self, name: &str) -> Option<&str> {
        self.0.get(&name.trim().to_ascii_lowercase()).filter(|_| !name.contains('*')).map(String::as_str)
    }

    /// What the closest pattern means that fits: the one with the most letters.
    pub fn fitting(&self, name: &str) -> Option<&str> {
        let name = name.trim().to_ascii_lowercase();
        let patterns = self.iter().filter(|(pattern, _)| pattern.contains('*') && fits(pattern, &name));
        let closest = patterns.max_by_key(|(pattern, _)| pattern.len() - pattern.matches('*').count());
        closest.map(|(_, target)| target)
    }
}

/// Whether a name fits a pattern. Each stretch between stars is looked for once, from the left.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// What hangs on a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    tools: Vec<&'static str>,
    thinking: Option<Wish>,
}

/// Endings that add a tool of Google's.
const TOOLS: [(&str, &str); 4] = [
    ("-search", "googleSearch"),
    ("-url", "urlContext"),
    ("-code", "codeExecution"),
    ("-maps", "googleMaps"),
];

/// A name without what hangs on it, and that.
pub fn split(name: &str) -> (&str, Extras) {
    let mut extras = Extras::default();
    let mut base = name.trim();
    while let Some(shorter) = extras.take(base) {
        base = shorter;
    }
    (base, extras)
}

impl Extras {
    /// Whether nothing hangs on it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes one option off the end of a name.
    fn take<'a>(&mut self, name: &'a str) -> Option<&'a str> {
        for (ending, tool) in TOOLS {
            if let Some(base) = name.strip_suffix(ending) {
                self.tools.insert(0, tool);
                return Some(base);
            }
        }
        if let Some(base) = name.strip_suffix("-nothinking") {
            self.thinking.get_or_insert(Wish::Budget(0));
            return Some(base);
        }
        let (base, amount) = name.rsplit_once("-thinking=")?;
        self.thinking.get_or_insert(wish(amount)?);
        Some(base)
    }

    /// Changes a request as the name says. What the model cannot do is left out.
    pub fn apply(&self, request: &mut GenerateContentRequest, capabilities: &Capabilities) {
        self.think(request, capabilities);
        // A cache brings its own tools; beside it they are a 400.
        if !self.tools.is_empty() && request.cached_content.is_none() {
            self.equip(request, capabilities);
        }
    }

    fn think(&self, request: &mut GenerateContentRequest, capabilities: &Capabilities) {
        let Some(wish) = self.thinking.filter(|_| capabilities.thinking != Thinking::None) else { return };
        let config = request.generation_config.get_or_insert_default();
        let shown = config.thinking_config.as_ref().and_then(|config| config.include_thoughts);
        let mut thinking = amount(&capabilities.thinking, wish);
        thinking.include_thoughts = if wish == Wish::Budget(0) { Some(false) } else { shown };
        config.thinking_config = Some(thinking);
    }

    fn equip(&self, request: &mut GenerateContentRequest, capabilities: &Capabilities) {
        let tools = request.tools.get_or_insert_default();
        let functions = tools.iter().any(|tool| tool.function_declarations.is_some());
        if functions && !capabilities.mixed_tools {
            request.tools = Some(std::mem::take(tools)).filter(|tools| !tools.is_empty());
            return;
        }
        for name in &self.tools {
            if !tools.iter().any(|tool| tool.extra.contains_key(*name)) {
                let extra = Map::from_iter([((*name).to_owned(), json!({}))]);
                tools.push(Tool { function_declarations: None, extra });
            }
        }
        if functions {
            let config = request.tool_config.get_or_insert_default();
            config.extra.insert("includeServerSideToolInvocations".to_owned(), json!(true));
        }
    }
}

/// A level, or a number of tokens.
fn wish(text: &str) -> Option<Wish> {
    Some(match text {
        "none" | "off" => Wish::Budget(0),
        "minimal" => Wish::Effort(Effort::Minimal),
        "low" => Wish::Effort(Effort::Low),
        "medium" => Wish::Effort(Effort::Medium),
        "high" => Wish::Effort(Effort::High),
        "xhigh" => Wish::Effort(Effort::Xhigh),
        "max" => Wish::Effort(Effort::Max),
        digits => Wish::Budget(i64::from(digits.parse::<u32>().ok()?)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn aliases(entries: &[(&str, &str)]) -> Aliases {
        Aliases::new(entries.iter().map(|(name, target)| ((*name).to_owned(), (*target).to_owned())))
    }

    #[test]
    fn a_name_goes_before_patterns_and_the_closest_pattern_before_others() {
        let all = aliases(&[
            ("gpt-*", "a"),
            ("gpt-4*", "b"),
            ("gpt-4o", "c"),
            ("claude-*-haiku*", "d"),
            ("claude-*", "e"),
        ]);
        assert_eq!(all.exact("GPT-4o"), Some("c"));
        assert_eq!(all.exact("gpt-*"), None, "a pattern is no name");
        for (name, target) in [
            ("gpt-5", Some("a")),
            ("gpt-4.1-mini", Some("b")),
            ("Claude-4-Haiku-20260101", Some("d")),
            ("claude-sonnet-5", Some("e")),
            ("claude", None),
            ("xgpt-4", None),
        ] {
            assert_eq!(all.fitting(name), target, "{name}");
        }
    }

    #[test]
    fn stars_stand_for_anything_even_nothing() {
        for (pattern, name, fit) in [
            ("*", "", true),
            ("a*", "a", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "aXbYc", true),
            ("a*bc", "abcbc", true),
            ("a*aa", "aa", false),
            ("ab", "abc", false),
            ("*x", "xy", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn an_alias_leads_to_a_model_of_googles() {
        for (name, good) in [
            ("gemini-3.8-flash", true),
            ("gemini-embedding-001", true),
            ("gemini-9-ultra", true),
            ("gpt-5", false),
        ] {
            assert_eq!(Aliases::is_target(name), good, "{name}");
        }
    }

    fn changed(model: &str, name: &str, request: Value) -> Value {
        let (base, extras) = split(name);
        assert_eq!(base, "m", "{name}");
        let mut request: GenerateContentRequest = serde_json::from_value(request).unwrap();
        extras.apply(&mut request, &Catalogue::builtin().get(model).unwrap().capabilities);
        serde_json::to_value(request).unwrap()
    }

    #[test]
    fn endings_change_the_request() {
        let flash = "gemini-2.5-flash";
        assert_eq!(
            changed(flash, "m-search-url", json!({}))["tools"],
            json!([{ "googleSearch": {} }, { "urlContext": {} }])
        );
        let config = |name: &str| {
            changed(
                flash,
                name,
                json!({ "generationConfig": { "thinkingConfig": { "includeThoughts": true } } }),
            )
        };
        let thinking = |name: &str| config(name)["generationConfig"]["thinkingConfig"].clone();
        assert_eq!(thinking("m-thinking=2000"), json!({ "includeThoughts": true, "thinkingBudget": 2_000 }));
        assert_eq!(thinking("m-nothinking"), json!({ "includeThoughts": false, "thinkingBudget": 0 }));
        assert_eq!(thinking("m-thinking=high-search")["thinkingBudget"], 24_576);
        let functions = json!({ "tools": [{ "functionDeclarations": [{ "name": "f" }] }] });
        assert_eq!(changed(flash, "m-search", functions.clone()), functions, "this model takes no mixture");
        let mixed = changed("gemini-3.8-flash", "m-search", functions);
        assert_eq!(mixed["tools"][1], json!({ "googleSearch": {} }));
        assert_eq!(mixed["toolConfig"]["includeServerSideToolInvocations"], true);
        let cached = json!({ "cachedContent": "cachedContents/x" });
        assert_eq!(changed(flash, "m-code", cached.clone()), cached);
    }

    #[test]
    fn what_is_no_option_is_part_of_the_name() {
        for name in ["m-thinking=", "m-thinking=much", "m-searching", "m"] {
            assert_eq!(split(name), (name, Extras::default()));
        }
    }
}
