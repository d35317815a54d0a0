//! `GET /admin/catalog`: the models that may be asked for, what each can do, and when Google retires it.

use axum::Json;
use axum::extract::State;
use dialect::model::{Capabilities, Family, Modality, Thinking};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::foreign;

use crate::catalog::Offered;
use crate::clock;
use crate::http::Gateway;
use crate::http::guard::Viewer;

/// Every model. They are few: no pages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Catalog)]
pub(super) struct Listing {
    data: Vec<Shown>,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CatalogModel)]
struct Shown {
    id: String,
    /// The model that really answers; another one where the name is an alias.
    answered_by: String,
    /// Whether the settings let it be called.
    enabled: bool,
    #[schema(schema_with = foreign::family)]
    family: Family,
    /// Prompt tokens at most.
    input_limit: u64,
    /// Tokens of an answer at most, thoughts included.
    output_limit: u64,
    /// How thinking is controlled: `none`, `budget` or `level`.
    thinking: &'static str,
    /// Short names of what it can do that not every model can.
    abilities: Vec<&'static str>,
    released: Option<String>,
    /// The day Google switches it off, `2027-05-07`.
    shutdown: Option<String>,
}

/// Lists the models, those that are switched off too.
pub(super) async fn list(_: Viewer, State(gateway): State<Gateway>) -> Json<Listing> {
    let settings = gateway.settings.now();
    let now = gateway.clock.now();
    let shown = |offered: Offered| {
        let enabled = gateway.is_offered(&offered, &settings);
        let meant = gateway.catalog.resolve(&offered.id, now).ok();
        let Offered { id, capabilities, released, shutdown } = offered;
        Shown {
            answered_by: meant.map_or_else(|| id.clone(), |meant| meant.effective_id),
            id,
            enabled,
            family: capabilities.family,
            input_limit: capabilities.input_limit,
            output_limit: capabilities.output_limit,
            thinking: thinking(&capabilities.thinking),
            abilities: abilities(&capabilities),
            released: released.map(clock::iso),
            shutdown,
        }
    };
    Json(Listing { data: gateway.catalog.list(now).into_iter().map(shown).collect() })
}

fn thinking(thinking: &Thinking) -> &'static str {
    match thinking {
        Thinking::None => "none",
        Thinking::Budget { .. } => "budget",
        Thinking::Level { .. } => "level",
    }
}

fn abilities(model: &Capabilities) -> Vec<&'static str> {
    let all = [
        (model.output.contains(&Modality::Image), "images_out"),
        (model.output.contains(&Modality::Audio), "audio_out"),
        (model.json_with_tools, "tools_and_json"),
        (model.mixed_tools, "mixed_tools"),
        (model.multimodal_tool_results, "media_tool_results"),
        (model.long_decode, "long_answers"),
        (model.logprobs, "logprobs"),
        (!model.system_instruction, "no_system"),
    ];
    all.into_iter().filter_map(|(can, name)| can.then_some(name)).collect()
}
