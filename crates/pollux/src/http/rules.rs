//! What the operator's settings make of a call, for every surface alike.

use dialect::gemini::inject::{self, Injection, Place};
use dialect::gemini::request::GenerateContentRequest;
use dialect::openai::chat::Policy;

use super::Gateway;
use crate::access::Caller;
use crate::catalog::{Meant, Naming, Offered, UnknownModel};
use crate::settings::Values;
use crate::store::record::InjectionPosition;

impl Gateway {
    /// What a model name means today, unless the operator has switched that off.
    pub(super) fn model(&self, name: &str, settings: &Values) -> Result<Meant, UnknownModel> {
        let naming = Naming { aliases: &settings.aliases, suffixes: settings.model_suffixes };
        let meant = self.catalog.understand(name, naming, self.clock.now())?;
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
    Policy {
        expose_reasoning: thoughts.shown,
        default_thinking_budget: thoughts.budget,
        append_sources: settings.append_sources,
        ..Policy::default()
    }
}

/// Adds what the operator injects into every call, then what is said of this user.
pub(super) fn inject(
    settings: &Values,
    caller: &Caller,
    request: &mut GenerateContentRequest,
    model: &Meant,
) {
    let own = caller.rules.injection.as_ref().map(|own| (own.position, own.content.as_str()));
    let wanted = settings.injection().into_iter().chain(own);
    let wanted: Vec<_> = wanted.map(|(position, text)| Injection { place: place(position), text }).collect();
    inject::apply(request, &wanted, &model.capabilities);
}

fn place(position: InjectionPosition) -> Place {
    match position {
        InjectionPosition::System => Place::System,
        InjectionPosition::UserPrefix => Place::UserPrefix,
        InjectionPosition::UserSuffix => Place::UserSuffix,
    }
}
