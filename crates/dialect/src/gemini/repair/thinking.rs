//! Repairs of `thinkingConfig` (`wire.md` §5).

use super::config;
use crate::gemini::request::{GenerateContentRequest, ThinkingConfig};
use crate::model::{Capabilities, Level, Thinking};

fn thinking(request: &mut GenerateContentRequest) -> Option<&mut ThinkingConfig> {
    config(request)?.thinking_config.as_mut()
}

/// Removes the whole setting.
pub(super) fn forget(request: &mut GenerateContentRequest) -> bool {
    config(request).is_some_and(|config| config.thinking_config.take().is_some())
}

/// The next higher level the model is known to take; none left, or none known: no level at all.
pub(super) fn raise_level(request: &mut GenerateContentRequest, model: &Capabilities) -> bool {
    let Some(thinking) = thinking(request) else { return false };
    let Some(refused) = thinking.thinking_level.take() else { return false };
    if let (Thinking::Level { levels, .. }, Some(refused)) = (&model.thinking, Level::from_wire(&refused)) {
        let next = levels.iter().filter(|level| **level > refused).min();
        thinking.thinking_level = next.map(|level| level.wire().to_owned());
    }
    true
}

/// A budget the model takes, or the level nearest to it.
pub(super) fn clamp_budget(request: &mut GenerateContentRequest, model: &Capabilities) -> bool {
    if matches!(model.thinking, Thinking::None) {
        return forget(request);
    }
    let Some(thinking) = thinking(request) else { return false };
    let Some(budget) = thinking.thinking_budget.take() else { return false };
    match &model.thinking {
        Thinking::None => {}
        Thinking::Budget { min, max, can_zero } => {
            let fitting = match budget {
                ..0 => -1,
                0 if *can_zero => 0,
                _ => budget.clamp(*min, *max),
            };
            // The budget that was refused is not sent again, even if our table says it fits.
            thinking.thinking_budget = (fitting != budget).then_some(fitting);
        }
        Thinking::Level { levels, .. } => {
            thinking.thinking_level = nearest(levels, budget).map(|level| level.wire().to_owned());
        }
    }
    true
}

/// Level and budget together: keeps the one that the model knows.
pub(super) fn split(request: &mut GenerateContentRequest, model: &Capabilities) -> bool {
    let Some(thinking) = thinking(request) else { return false };
    match &model.thinking {
        Thinking::None => forget(request),
        Thinking::Budget { .. } => thinking.thinking_level.take().is_some(),
        Thinking::Level { .. } => thinking.thinking_budget.take().is_some(),
    }
}

/// The level for a budget (`wire.md` §5.4): that of the threshold, else the next higher, else the highest.
fn nearest(levels: &[Level], budget: i64) -> Option<Level> {
    let wanted = match budget {
        ..0 => return None,
        0..=512 => Level::Minimal,
        513..=1024 => Level::Low,
        1025..=8192 => Level::Medium,
        _ => Level::High,
    };
    levels.iter().copied().filter(|level| *level >= wanted).min().or_else(|| levels.iter().copied().max())
}
