//! All the ways a client says how much to think (`wire.md` §5.2).

use serde_json::Value;

use super::fields::{Fields, mistyped};
use crate::model::Level;
use crate::openai::error::ApiError;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reasoning {
    /// Gemini's own `thinking_config`; it wins.
    pub(crate) config: Config,
    /// The other carriers, best first, each with the name it came under.
    pub(crate) wishes: Vec<(String, Wish)>,
    /// Whether thoughts are to be shown, if the other carriers say.
    pub(crate) visible: Option<bool>,
}

/// Gemini's own `thinking_config`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) budget: Option<i64>,
    pub(crate) level: Option<Level>,
    pub(crate) include_thoughts: Option<bool>,
}

/// How much to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// In OpenAI's words.
    Effort(Effort),
    /// In tokens; −1 is up to the model.
    Budget(i64),
    /// In Google's words.
    Level(Level),
}

/// OpenAI's `reasoning_effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Reasoning {
    pub(super) fn read(fields: &mut Fields, google: Option<&mut Fields>) -> Result<Self, ApiError> {
        let mut found = Self::default();
        for holder in [Some(&mut *fields), google].into_iter().flatten() {
            for name in ["thinking_config", "thinkingConfig"] {
                if let Some(mut config) = holder.object(name)? {
                    found.config.merge(&mut config)?;
                }
            }
        }
        found.openai(fields)?;
        found.openrouter(fields)?;
        found.anthropic(fields)?;
        Ok(found)
    }

    /// `reasoning_effort`, also as `{effort, summary}`.
    fn openai(&mut self, fields: &mut Fields) -> Result<(), ApiError> {
        const NAME: &str = "reasoning_effort";
        match fields.take(NAME) {
            None => Ok(()),
            Some(Value::String(text)) => self.effort(NAME, &text, NAME),
            Some(value @ Value::Object(_)) => self.effort_and_summary(NAME, Fields::new(NAME, value)?),
            Some(other) => Err(mistyped(NAME, "a string", &other)),
        }
    }

    /// `reasoning: {effort, summary, max_tokens, exclude, enabled}`.
    fn openrouter(&mut self, fields: &mut Fields) -> Result<(), ApiError> {
        let Some(mut reasoning) = fields.object("reasoning")? else { return Ok(()) };
        if let Some(exclude) = reasoning.boolean("exclude")? {
            self.visible = Some(!exclude);
        }
        let enabled = reasoning.boolean("enabled")?;
        let budget = budget(&mut reasoning, "max_tokens")?;
        self.effort_and_summary("reasoning", reasoning)?;
        self.wishes.extend(budget.map(|budget| ("reasoning.max_tokens".to_owned(), Wish::Budget(budget))));
        if enabled == Some(false) {
            self.wishes.insert(0, ("reasoning.enabled".to_owned(), Wish::Effort(Effort::None)));
        }
        Ok(())
    }

    /// `thinking: {type, budget_tokens}`.
    fn anthropic(&mut self, fields: &mut Fields) -> Result<(), ApiError> {
        let Some(mut thinking) = fields.object("thinking")? else { return Ok(()) };
        let budget = budget(&mut thinking, "budget_tokens")?;
        let wish = match thinking.string("type")?.as_deref() {
            Some("disabled") => Some(Wish::Budget(0)),
            _ => budget.map(Wish::Budget),
        };
        self.wishes.extend(wish.map(|wish| ("thinking".to_owned(), wish)));
        Ok(())
    }

    fn effort_and_summary(&mut self, name: &str, mut fields: Fields) -> Result<(), ApiError> {
        if fields.string("summary")?.is_some() {
            self.visible.get_or_insert(true);
        }
        match fields.string("effort")? {
            Some(text) => self.effort(name, &text, &fields.at("effort")),
            None => Ok(()),
        }
    }

    fn effort(&mut self, name: &str, text: &str, path: &str) -> Result<(), ApiError> {
        let effort = match text.to_ascii_lowercase().as_str() {
            "none" | "disable" => Effort::None,
            "minimal" => Effort::Minimal,
            "low" => Effort::Low,
            "medium" => Effort::Medium,
            "high" => Effort::High,
            "xhigh" => Effort::Xhigh,
            "max" => Effort::Max,
            _ => {
                let known = "none, minimal, low, medium, high, xhigh or max";
                return Err(ApiError::value(path, format!("unknown effort {text:?}; use {known}.")));
            }
        };
        self.wishes.push((name.to_owned(), Wish::Effort(effort)));
        Ok(())
    }
}

impl Config {
    fn merge(&mut self, fields: &mut Fields) -> Result<(), ApiError> {
        for name in ["thinking_budget", "thinkingBudget"] {
            self.budget = self.budget.or(budget(fields, name)?);
        }
        for name in ["thinking_level", "thinkingLevel"] {
            self.level = self.level.or(level(fields, name)?);
        }
        for name in ["include_thoughts", "includeThoughts"] {
            self.include_thoughts = self.include_thoughts.or(fields.boolean(name)?);
        }
        Ok(())
    }
}

fn budget(fields: &mut Fields, name: &str) -> Result<Option<i64>, ApiError> {
    let Some(tokens) = fields.integer(name)? else { return Ok(None) };
    if tokens < -1 {
        let reason =
            format!("{tokens} is no budget; use -1 (up to the model), 0 (off) or a number of tokens.");
        return Err(ApiError::value(fields.at(name), reason));
    }
    Ok(Some(i64::try_from(tokens).unwrap_or(i64::MAX)))
}

fn level(fields: &mut Fields, name: &str) -> Result<Option<Level>, ApiError> {
    let Some(text) = fields.string(name)? else { return Ok(None) };
    Ok(Some(match text.to_ascii_lowercase().trim_start_matches("thinking_level_") {
        "unspecified" | "" => return Ok(None),
        "minimal" => Level::Minimal,
        "low" => Level::Low,
        "medium" => Level::Medium,
        "high" => Level::High,
        "xhigh" => Level::Xhigh,
        _ => {
            let reason = format!("unknown level {text:?}; use minimal, low, medium or high.");
            return Err(ApiError::value(fields.at(name), reason));
        }
    }))
}
