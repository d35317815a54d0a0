//! What the operator's settings make of a call, for every surface alike.

use dialect::gemini::inject::{self, Injection, Place};
use dialect::gemini::request::GenerateContentRequest;
use dialect::openai::chat::Policy;

use super::Gateway;
use crate::catalog::{Meant, Offered, UnknownModel};
use crate::settings::{Position, Values};

impl Gateway {
    /// What a model name means today, unless the operator has switched that off.
    pub(super) fn model(&self, name: &str, settings: &Values) -> Result<Meant, UnknownModel> {
        let meant = self.catalog.resolve(name, self.clock.now())?;
        if settings.models.are_off(meant.names()) { Err(UnknownModel::off(name)) } else { Ok(meant) }
    }

    /// Whether a model of the list may be called.
    pub(super) fn is_offered(&self, model: &Offered, settings: &Values) -> bool {
        self.model(&model.id, settings).is_ok()
    }
}

/// How calls of a model are translated.
pub(super) fn policy(settings: &Values, model: &Meant) -> Policy {
    let thoughts = settings.thoughts(model.names());
    Policy { expose_reasoning: thoughts.shown, default_thinking_budget: thoughts.budget, ..Policy::default() }
}

/// Adds what the operator injects.
pub(super) fn inject(settings: &Values, request: &mut GenerateContentRequest, model: &Meant) {
    let Some((position, text)) = settings.injection() else { return };
    let place = match position {
        Position::System => Place::System,
        Position::UserPrefix => Place::UserPrefix,
        Position::UserSuffix => Place::UserSuffix,
    };
    inject::apply(request, &[Injection { place, text }], &model.capabilities);
}
