//! What the simulated model says: a deterministic function of the request.

mod call;
mod extra;
mod text;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::inspect::tool::has_built_in;
use crate::model::{Family, Model, Thinking};
use crate::noise::{Dice, hash, hash_with};
use crate::refusal::Refusal;
use crate::signature::{Notary, decode};
use crate::token::{self, PromptTokens};
use crate::{schema, turn};

/// A checked request and who answers it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prompt<'a> {
    pub(crate) body: &'a Value,
    pub(crate) model: &'static Model,
    pub(crate) project: u32,
    pub(crate) notary: Notary,
    pub(crate) hop_tokens: u64,
    /// Hash of the question, see [`seed_of`].
    pub(crate) seed: u64,
    /// Number of the request, which makes ids unique.
    pub(crate) sequence: u64,
}

/// Hash of everything but the continuation token, so that hops agree with each other.
pub(crate) fn seed_of(model: &Model, body: &Value) -> u64 {
    let fields = body.as_object().into_iter().flatten().filter(|(name, _)| *name != "continuationToken");
    fields.fold(hash(model.id.as_bytes()), |seed, (name, value)| hash_with(&format!("{name}{value}"), seed))
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) candidates: Vec<Draft>,
    pub(crate) prompt: PromptTokens,
    /// Tokens that built-in tools fed to the model.
    pub(crate) tool_use: u64,
}

/// One candidate, cut into the parts that a stream carries one by one.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) thoughts: Vec<String>,
    pub(crate) thought_tokens: u64,
    pub(crate) pieces: Vec<Value>,
    /// Signature of a plain answer; a stream carries it on an empty last part.
    pub(crate) signature: Option<String>,
    pub(crate) finish: &'static str,
    pub(crate) finish_message: Option<&'static str>,
    /// Further fields of the candidate, such as `groundingMetadata`.
    pub(crate) extras: Map<String, Value>,
}

impl<'a> Prompt<'a> {
    pub(crate) fn config(&self) -> &'a Value {
        &self.body["generationConfig"]
    }

    pub(crate) fn contents(&self) -> &'a [Value] {
        self.body["contents"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// What the user said last, in the content that opened the current turn.
    pub(crate) fn last_text(&self) -> String {
        let opening = self.contents().get(turn::current_turn(self.contents()));
        let parts = opening.and_then(|content| content["parts"].as_array()).into_iter().flatten();
        let texts: Vec<&str> =
            parts.filter_map(|part| part["text"].as_str()).filter(|text| !text.trim().is_empty()).collect();
        texts.join(" ")
    }

    /// Salt of ids, different for each request.
    fn unique(&self) -> u64 {
        self.seed ^ hash_with("request", self.sequence)
    }
}

/// Composes the answer to a checked request.
pub(crate) fn compose(prompt: Prompt<'_>) -> Result<Answer, Refusal> {
    let count = prompt.config()["candidateCount"].as_u64().unwrap_or(1).max(1);
    let mut tokens = token::of_request(prompt.body);
    let candidates = if let Some(calls) = call::draft(prompt) {
        (0..count).map(|_| calls.clone_shape()).collect()
    } else {
        let hop = Hop::read(prompt)?;
        // Every hop reads again what the earlier hops wrote (gemini-2026-11.md §1.5).
        tokens.text += hop.spent;
        (0..count).map(|at| spoken(prompt, hop, at)).collect()
    };
    let searched =
        ["googleSearch", "urlContext", "codeExecution"].iter().any(|name| has_built_in(prompt.body, name));
    Ok(Answer { candidates, prompt: tokens, tool_use: if searched { 134 } else { 0 } })
}

impl Draft {
    /// A copy for a further candidate.
    fn clone_shape(&self) -> Self {
        Self {
            thoughts: self.thoughts.clone(),
            thought_tokens: self.thought_tokens,
            pieces: self.pieces.clone(),
            signature: self.signature.clone(),
            finish: self.finish,
            finish_message: self.finish_message,
            extras: self.extras.clone(),
        }
    }

    fn thinking(prompt: Prompt<'_>) -> Self {
        let thought_tokens = thought_tokens(prompt.model, prompt.config());
        let include = prompt.config()["thinkingConfig"]["includeThoughts"] == true && thought_tokens > 0;
        let thoughts = if include { text::thoughts(&prompt.last_text()) } else { Vec::new() };
        Self { thoughts, thought_tokens, finish: "STOP", ..Self::default() }
    }
}

/// How long the model thinks: a fixed number per level, small enough for small answers.
fn thought_tokens(model: &Model, config: &Value) -> u64 {
    let config = &config["thinkingConfig"];
    let wished = config["thinkingBudget"].as_i64();
    match model.thinking {
        Thinking::None => 0,
        Thinking::Budget { default_on, .. } => match wished {
            None if !default_on => 0,
            None | Some(-1) => 24,
            Some(budget) => budget.clamp(0, 48).unsigned_abs(),
        },
        Thinking::Levels { default, .. } => {
            let level = config["thinkingLevel"].as_str().unwrap_or(default).to_ascii_uppercase();
            match level.as_str() {
                "MINIMAL" => 0,
                "LOW" => 12,
                "MEDIUM" => 24,
                _ => 48,
            }
        }
    }
}

/// Everything but function calls.
fn spoken(prompt: Prompt<'_>, hop: Hop, candidate: u64) -> Draft {
    let salt = prompt.seed.wrapping_add(candidate);
    let mut draft = Draft::thinking(prompt);
    match prompt.model.family {
        Family::Image25 | Family::Image3 => return extra::image(prompt, draft, salt),
        Family::Tts => return extra::speech(draft, &prompt.last_text()),
        _ => {}
    }
    let whole = match prompt.config()["responseMimeType"].as_str() {
        Some("application/json") => structured(prompt.config(), salt),
        Some("text/x.enum") => choice(prompt.config(), salt),
        _ => text::plain(prompt, salt),
    };
    if has_built_in(prompt.body, "codeExecution") {
        draft.pieces = extra::code(prompt, salt);
    }
    write(prompt, hop, &whole, &mut draft);
    if has_built_in(prompt.body, "googleSearch") {
        draft.extras.insert("groundingMetadata".to_owned(), extra::grounding(&draft, &prompt.last_text()));
    }
    if has_built_in(prompt.body, "urlContext") {
        draft.extras.insert("urlContextMetadata".to_owned(), extra::pages(&prompt.last_text()));
    }
    if prompt.model.is_gen3() && draft.finish != "MAX_TOKENS" {
        draft.signature = Some(prompt.notary.issue(prompt.project, "", salt));
    }
    draft
}

/// The schema that the answer must satisfy.
fn response_schema(config: &Value) -> &Value {
    config.get("responseJsonSchema").unwrap_or(&config["responseSchema"])
}

fn structured(config: &Value, salt: u64) -> String {
    let schema = response_schema(config);
    let value = if schema.is_null() {
        json!({"answer": format!("item {}", salt % 100)})
    } else {
        schema::satisfy(schema, salt)
    };
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn choice(config: &Value, salt: u64) -> String {
    let value = schema::satisfy(response_schema(config), salt);
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The stretch of a long answer that one request writes.
#[derive(Debug, Clone, Copy, Default)]
struct Hop {
    /// Bytes of the answer that earlier hops wrote.
    start: usize,
    /// Tokens that earlier hops spent.
    spent: u64,
}

impl Hop {
    /// Reads the continuation token; it must belong to this very request.
    fn read(prompt: Prompt<'_>) -> Result<Self, Refusal> {
        let Some(token) = prompt.body["continuationToken"].as_str() else { return Ok(Self::default()) };
        Self::parse(prompt, token)
            .ok_or_else(|| Refusal::invalid("Invalid continuation token.").because("continuation"))
    }

    fn parse(prompt: Prompt<'_>, token: &str) -> Option<Self> {
        let text = String::from_utf8(decode(token)?).ok()?;
        let mut fields = text.splitn(3, '.');
        let hop = Self { start: fields.next()?.parse().ok()?, spent: fields.next()?.parse().ok()? };
        (fields.next()? == hop.seal(prompt)).then_some(hop)
    }

    fn seal(self, prompt: Prompt<'_>) -> String {
        let place = hash_with(&format!("{}.{}", self.start, self.spent), prompt.notary.seed);
        format!("{:016x}", prompt.seed ^ place)
    }

    fn token(self, prompt: Prompt<'_>) -> String {
        STANDARD.encode(format!("{}.{}.{}", self.start, self.spent, self.seal(prompt)))
    }
}

/// Puts the text into the draft, as far as stop sequences, `maxOutputTokens` and the hop allow.
fn write(prompt: Prompt<'_>, hop: Hop, whole: &str, draft: &mut Draft) {
    let config = prompt.config();
    let stopped = until_stop(whole, config);
    let cap = config["maxOutputTokens"].as_u64().unwrap_or(prompt.model.output);
    let allowed = token::prefix(stopped, cap.saturating_sub(draft.thought_tokens));
    let rest = allowed.get(hop.start..).unwrap_or_default();
    let hops = prompt.model.family == Family::Gen4;
    let now = if hops { token::prefix(rest, prompt.hop_tokens.max(1)) } else { rest };
    if hop.start > 0 {
        draft.thoughts.clear();
        draft.thought_tokens = 0;
    }
    draft.pieces.extend(text::cut(now).into_iter().map(|piece| json!({ "text": piece })));
    if now.len() < rest.len() {
        let next = Hop { start: hop.start + now.len(), spent: hop.spent + token::of_text(now) };
        draft.finish = "CONTINUATION";
        draft.extras.insert("continuationToken".to_owned(), json!(next.token(prompt)));
    } else if allowed.len() < stopped.len() {
        draft.finish = "MAX_TOKENS";
    }
}

fn until_stop<'a>(text: &'a str, config: &Value) -> &'a str {
    let stops = config["stopSequences"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let end = stops.filter_map(|stop| text.find(stop)).min().unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

/// A short id of the kind that Gemini 3 gives to calls.
fn short_id(salt: u64) -> String {
    let mut dice = Dice::new(salt);
    (0..8).map(|_| char::from(dice.pick(b"abcdefghijklmnopqrstuvwxyz0123456789"))).collect()
}

/// An id for the whole response.
pub(crate) fn response_id(prompt: Prompt<'_>) -> String {
    Dice::new(prompt.unique()).letters(22)
}
