//! `thinking` and `output_config.effort`: how much to think, and whether to show it.

use crate::openai::chat::request::fields::Fields;
use crate::openai::chat::request::reasoning::{Effort, Reasoning, Wish};
use crate::openai::error::ApiError;

/// Answers for which less room than this is left leave none for thoughts, unless they were asked for: Gemini counts both
/// together, and for Anthropic no `thinking` means none.
const ROOM_TO_THINK: u64 = 4_096;

/// What was asked for.
#[derive(Debug)]
pub(super) struct Depth {
    pub(super) reasoning: Reasoning,
    /// Thinking was asked for.
    pub(super) asked: bool,
}

impl Depth {
    pub(super) fn read(
        fields: &mut Fields,
        output: Option<&mut Fields>,
        max_tokens: Option<u64>,
    ) -> Result<Self, ApiError> {
        let mut wishes: Vec<(String, Wish)> = Vec::new();
        let mut visible = false;
        let mut asked = false;
        let mut said = false;
        if let Some(mut thinking) = fields.object("thinking")? {
            said = true;
            match thinking.string("type")?.as_deref() {
                Some("disabled") => wishes.push(("thinking".to_owned(), Wish::Budget(0))),
                Some("enabled") => {
                    asked = true;
                    let budget = budget(&mut thinking)?;
                    wishes.push(("thinking.budget_tokens".to_owned(), Wish::Budget(budget)));
                }
                Some("adaptive" | "between_tools") => asked = true,
                other => {
                    let reason = format!(
                        "unknown kind {:?}; use enabled, adaptive or disabled.",
                        other.unwrap_or_default()
                    );
                    return Err(ApiError::value(thinking.at("type"), reason));
                }
            }
            visible = asked && thinking.string("display")?.as_deref() != Some("omitted");
        }
        if let Some(output) = output
            && let Some(text) = output.string("effort")?
        {
            said = true;
            wishes.push((output.at("effort"), Wish::Effort(effort(&text, &output.at("effort"))?)));
        }
        if !said && max_tokens.is_some_and(|room| room < ROOM_TO_THINK) {
            wishes.push(("max_tokens".to_owned(), Wish::Budget(0)));
        }
        let reasoning = Reasoning { wishes, visible: Some(visible), ..Reasoning::default() };
        Ok(Self { reasoning, asked })
    }
}

fn budget(thinking: &mut Fields) -> Result<i64, ApiError> {
    match thinking.integer("budget_tokens")? {
        // Up to the model.
        None => Ok(-1),
        Some(tokens) if tokens < 0 => {
            let reason = format!("{tokens} is no budget; send a number of tokens.");
            Err(ApiError::value(thinking.at("budget_tokens"), reason))
        }
        Some(tokens) => Ok(i64::try_from(tokens).unwrap_or(i64::MAX)),
    }
}

fn effort(text: &str, path: &str) -> Result<Effort, ApiError> {
    Ok(match text {
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::Xhigh,
        "max" => Effort::Max,
        _ => {
            let reason = format!("unknown effort {text:?}; use low, medium, high, xhigh or max.");
            return Err(ApiError::value(path, reason));
        }
    })
}
