//! Repairs that a model has needed before are made beforehand (`wire.md` §3.3).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use dialect::gemini::outcome::Repair;
use dialect::gemini::repair;

use super::call::Call;
use crate::clock::Moment;

/// How long a lesson is remembered: a model may be changed any day.
const REMEMBERED_MS: i64 = 24 * 3_600_000;

/// Repairs by model.
#[derive(Debug, Default)]
pub(super) struct Lessons(Mutex<HashMap<String, Vec<(Repair, Moment)>>>);

impl Lessons {
    /// Notes that a model needed a repair, if it is one that every request to it will need.
    pub(super) fn learn(&self, model: &str, repair: Repair, now: Moment) {
        if !is_about_the_model(repair) {
            return;
        }
        let until = Moment(now.0 + REMEMBERED_MS);
        let mut lessons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let learnt = lessons.entry(model.to_owned()).or_default();
        learnt.retain(|(known, _)| *known != repair);
        learnt.push((repair, until));
        tracing::info!(model, ?repair, "learnt what this model refuses");
    }

    /// Makes the repairs that the model has needed before.
    pub(super) fn apply(&self, call: &mut Call, now: Moment) {
        let due: Vec<Repair> = {
            let lessons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(learnt) = lessons.get(&call.model) else { return };
            learnt.iter().filter(|(_, until)| now < *until).map(|(repair, _)| *repair).collect()
        };
        for repair in due {
            repair::apply(repair, &mut call.request, &call.capabilities);
        }
    }
}

/// Does it follow from what the model can do, or from this one conversation?
fn is_about_the_model(repair: Repair) -> bool {
    match repair {
        Repair::RaiseThinkingLevel
        | Repair::ClampThinkingBudget
        | Repair::SplitThinking
        | Repair::DropThinking
        | Repair::AddBlankText
        | Repair::DropPenalties
        | Repair::SingleCandidate
        | Repair::StripFunctionIds
        | Repair::EchoFunctionIds
        | Repair::DropBuiltinTools
        | Repair::DropJsonMode
        | Repair::FoldSystemInstruction => true,
        Repair::DropEmptyContents
        | Repair::AddSentinels
        | Repair::ReplaceSignatures
        | Repair::NormaliseHistory => false,
    }
}
