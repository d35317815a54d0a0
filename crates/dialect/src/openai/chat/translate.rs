//! A Chat Completions request in Gemini's words (`wire.md` §4, §5).
//!
//! Every parameter is mapped, ignored by name, or refused; which of the three depends on what the model can do
//! and on the operator's policy. The Gemini request is built from a whitelist.

mod format;
mod google;
mod history;
mod messages;
mod names;
mod notes;
mod params;
mod parts;
mod results;
mod schema;
mod speech;
pub(crate) mod thinking;
mod tools;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use self::names::Names;
use self::notes::Notes;
use super::request::ChatRequest;
use super::request::media::Detail;
use super::request::options::Format;
use super::{Encoding, Hints, Policy, Remembered, Translated};
use crate::gemini::request::{GenerateContentRequest, GenerationConfig};
use crate::model::{Capabilities, Family};
use crate::openai::error::ApiError;

/// What a translation depends on besides the request.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What the effective model can do.
    pub capabilities: &'a Capabilities,
    /// What the operator decided.
    pub policy: &'a Policy,
    /// Public tool-call id → the call as the gateway remembers it.
    pub recall: &'a HashMap<String, Remembered>,
}

/// What the steps of one translation share.
#[derive(Debug)]
struct Work<'a> {
    capabilities: &'a Capabilities,
    policy: &'a Policy,
    recall: &'a HashMap<String, Remembered>,
    notes: Notes<'a>,
    names: Names,
    hints: Hints,
    encoding: Encoding,
    /// The closest look that was asked for, for models that know only one for the whole request.
    detail: Option<Detail>,
}

/// Says the request in Gemini's words.
pub fn to_gemini(request: ChatRequest, context: &Context<'_>) -> Result<Translated, ApiError> {
    let mut work = Work::new(&request, context);
    let ChatRequest { messages, mut scalars, tooling, format, reasoning, google, idle, .. } = request;
    for name in idle {
        work.notes.ignore(&name, "Gemini has no such parameter.")?;
    }
    let mut out = GenerateContentRequest::default();
    let mut config = GenerationConfig::default();
    let plan = thinking::plan(reasoning, &work.capabilities.thinking, &mut work.notes)?;
    config.thinking_config = plan.config;
    work.encoding.show_thoughts = plan.visible;
    params::envelope(&mut scalars, &mut out, &mut work)?;
    params::sampling(&scalars, &mut config, &mut work)?;
    speech::apply(&scalars, &mut config, &mut work)?;
    tools::apply(tooling, scalars.web_search.take(), &mut out, &mut work)?;
    let mut said = messages::translate(messages, &mut work)?;
    said.system.extend(format::apply(&format, &mut config, &out, &mut work)?);
    said.place(&mut out, &mut work);
    parts::resolution(&mut config, &work);
    google::apply(google, &mut out, &mut work)?;
    out.generation_config = Some(config).filter(|config| *config != GenerationConfig::default());
    let Work { notes, names, mut hints, encoding, .. } = work;
    let mut seen = HashSet::new();
    hints.resources.retain(|resource| seen.insert(resource.clone()));
    let encoding = Encoding { renamed_tools: names.into_renamed(), ..encoding };
    Ok(Translated { request: out, encoding, ignored: notes.into_names(), hints })
}

impl<'a> Work<'a> {
    fn new(request: &ChatRequest, context: &Context<'a>) -> Self {
        let policy = context.policy;
        Self {
            capabilities: context.capabilities,
            policy,
            recall: context.recall,
            notes: Notes::new(policy),
            names: Names::new(request.tooling.function_names()),
            hints: Hints::default(),
            encoding: Encoding {
                model: request.model.clone().unwrap_or_default(),
                include_usage: request.include_usage,
                json_mode: !matches!(request.format, Format::Text),
                legacy_functions: request.tooling.legacy,
                single_tool_call: request.tooling.single,
                images_as_markdown: policy.images_as_markdown,
                show_code_execution: policy.show_code_execution,
                append_sources: policy.append_sources,
                ..Encoding::default()
            },
            detail: None,
        }
    }

    /// Generation 3 and newer.
    fn is_gen3(&self) -> bool {
        matches!(self.capabilities.family, Family::Gen3 | Family::Gen4)
    }

    /// Whether signatures mean anything to the model.
    fn takes_signatures(&self) -> bool {
        !matches!(self.capabilities.family, Family::Gemma | Family::Speech | Family::Embedding)
    }
}
