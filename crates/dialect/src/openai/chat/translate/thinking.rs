//! How much to think, in the words of the model at hand (`wire.md` §5).

#[cfg(test)]
mod tests;

use super::notes::Notes;
use crate::gemini::request::ThinkingConfig;
use crate::model::{Level, Thinking};
use crate::openai::chat::request::reasoning::{Effort, Reasoning, Wish};
use crate::openai::error::ApiError;

/// What to send, and whether thoughts are shown.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    /// What to send.
    pub(super) config: Option<ThinkingConfig>,
    /// Whether thoughts are shown.
    pub(super) visible: bool,
}

/// Decides what to send to a model that is controlled in this way.
pub(super) fn plan(asked: Reasoning, thinking: &Thinking, notes: &mut Notes<'_>) -> Result<Plan, ApiError> {
    let visible = asked.config.include_thoughts.or(asked.visible).unwrap_or(notes.policy().expose_reasoning);
    let (name, wish) = match choose(asked, thinking, notes)? {
        Some((name, wish)) => (Some(name), Some(wish)),
        None => (None, notes.policy().default_thinking_budget.map(Wish::Budget)),
    };
    if *thinking == Thinking::None {
        // Any thinkingConfig is a 400 here. Not to think is what such a model does anyway.
        if let (Some(name), Some(wish)) = (name, wish)
            && !is_off(wish)
        {
            notes.ignore(&name, "this model does not think.")?;
        }
        return Ok(Plan { config: None, visible });
    }
    let mut config = wish.map(|wish| amount(thinking, wish)).unwrap_or_default();
    let visible = visible && !wish.is_some_and(is_off);
    config.include_thoughts = Some(visible);
    Ok(Plan { config: Some(config), visible })
}

/// The one wish that counts, and the name it came under. The losers are noted.
fn choose(
    asked: Reasoning,
    thinking: &Thinking,
    notes: &mut Notes<'_>,
) -> Result<Option<(String, Wish)>, ApiError> {
    let budget = asked.config.budget.map(|budget| ("thinking_config.thinking_budget", Wish::Budget(budget)));
    let level = asked.config.level.map(|level| ("thinking_config.thinking_level", Wish::Level(level)));
    let by_level = matches!(thinking, Thinking::Level { .. });
    let own = if by_level { [level, budget] } else { [budget, level] };
    let own = own.into_iter().flatten().map(|(name, wish)| (name.to_owned(), wish));
    let mut all = own.chain(asked.wishes);
    let Some(first) = all.next() else { return Ok(None) };
    for (name, wish) in all {
        if wish != first.1 {
            notes.ignore(&name, &format!("{} says otherwise and wins.", first.0))?;
        }
    }
    Ok(Some(first))
}

fn is_off(wish: Wish) -> bool {
    matches!(wish, Wish::Budget(0) | Wish::Effort(Effort::None))
}

/// What a wish comes to for a model that is controlled in this way.
pub(crate) fn amount(thinking: &Thinking, wish: Wish) -> ThinkingConfig {
    match thinking {
        Thinking::None => ThinkingConfig::default(),
        Thinking::Budget { min, max, can_zero } => {
            let budget = match tokens(wish, *max) {
                -1 => -1,
                0 if *can_zero => 0,
                tokens => tokens.clamp((*min).min(*max), *max),
            };
            ThinkingConfig { thinking_budget: Some(budget), ..ThinkingConfig::default() }
        }
        Thinking::Level { levels, .. } => {
            let level = level(wish).and_then(|level| nearest(levels, level));
            let thinking_level = level.map(|level| level.wire().to_owned());
            ThinkingConfig { thinking_level, ..ThinkingConfig::default() }
        }
    }
}

/// A wish in tokens (`wire.md` §5.3, §5.4).
fn tokens(wish: Wish, max: i64) -> i64 {
    match wish {
        Wish::Budget(budget) => budget,
        Wish::Effort(Effort::None) => 0,
        Wish::Level(Level::Minimal) => 512,
        Wish::Effort(Effort::Minimal | Effort::Low) | Wish::Level(Level::Low) => 1_024,
        Wish::Effort(Effort::Medium) | Wish::Level(Level::Medium) => 8_192,
        Wish::Effort(Effort::High) | Wish::Level(Level::High) => 24_576,
        Wish::Effort(Effort::Xhigh | Effort::Max) | Wish::Level(Level::Xhigh) => max,
    }
}

/// A wish as a level; `None` leaves it to the model.
fn level(wish: Wish) -> Option<Level> {
    Some(match wish {
        Wish::Budget(-1) => return None,
        Wish::Budget(..=512) | Wish::Effort(Effort::None | Effort::Minimal) => Level::Minimal,
        Wish::Budget(..=1_024) | Wish::Effort(Effort::Low) => Level::Low,
        Wish::Budget(..=8_192) | Wish::Effort(Effort::Medium) => Level::Medium,
        Wish::Budget(..=24_576) | Wish::Effort(Effort::High) => Level::High,
        Wish::Budget(_) | Wish::Effort(Effort::Xhigh | Effort::Max) => Level::Xhigh,
        Wish::Level(level) => level,
    })
}

/// The level itself, else the next higher the model knows, else its highest.
fn nearest(levels: &[Level], wanted: Level) -> Option<Level> {
    let higher = levels.iter().copied().filter(|level| *level >= wanted).min();
    higher.or_else(|| levels.iter().copied().max())
}
