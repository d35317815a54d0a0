//! The events of a stream, and of the hops of a long decode, as the one answer they make up
//! (`gemini-2026-11.md` §1.5 point 7).

use self::metadata::Start;
use super::content::{Content, Part};
use super::response::{Candidate, FinishReason, GenerateContentResponse};
use super::usage::UsageTally;

pub(crate) mod metadata;
#[cfg(test)]
mod tests;

/// Collects events: [`push`](Self::push) each, [`absorb_hop`](Self::absorb_hop) between hops, then
/// [`finish`](Self::finish).
#[derive(Clone, Debug, Default)]
pub struct Aggregate {
    whole: GenerateContentResponse,
    usage: UsageTally,
    slots: Vec<Slot>,
}

/// One candidate on its way, and where its running hop began.
#[derive(Clone, Debug, Default)]
struct Slot {
    candidate: Candidate,
    index: u32,
    start: Start,
}

impl Aggregate {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next event.
    pub fn push(&mut self, event: GenerateContentResponse) {
        let GenerateContentResponse {
            candidates,
            prompt_feedback,
            usage_metadata,
            model_version,
            response_id,
            extra,
        } = event;
        if let Some(usage) = &usage_metadata {
            self.usage.see(usage);
        }
        let whole = &mut self.whole;
        whole.prompt_feedback = prompt_feedback.or(whole.prompt_feedback.take());
        whole.model_version = model_version.or(whole.model_version.take());
        // All hops are one answer towards the client: it keeps the first id.
        whole.response_id = whole.response_id.take().or(response_id);
        whole.extra.extend(extra);
        for (position, candidate) in candidates.into_iter().flatten().enumerate() {
            let index = candidate.index.or_else(|| u32::try_from(position).ok()).unwrap_or(0);
            self.slot(index).take(candidate);
        }
    }

    /// A hop is over, another follows: what comes next is appended, its indices count from here.
    pub fn absorb_hop(&mut self) {
        self.usage.absorb_hop();
        for slot in &mut self.slots {
            slot.start = Start {
                part: slot.candidate.parts().len(),
                chunk: metadata::chunks(slot.candidate.grounding_metadata.as_ref()).len(),
                byte: slot.candidate.parts().iter().filter_map(answer_text).map(str::len).sum(),
            };
            slot.candidate.finish_reason = None;
            slot.candidate.continuation_token = None;
        }
    }

    /// The whole answer, with the usage that the client is shown.
    pub fn finish(self) -> GenerateContentResponse {
        let Self { mut whole, usage, mut slots } = self;
        if usage.is_seen() {
            whole.usage_metadata = Some(usage.shown());
        }
        slots.sort_by_key(|slot| slot.index);
        if !slots.is_empty() {
            whole.candidates = Some(slots.into_iter().map(|slot| slot.candidate).collect());
        }
        whole
    }

    fn slot(&mut self, index: u32) -> &mut Slot {
        let at = self.slots.iter().position(|slot| slot.index == index).unwrap_or_else(|| {
            self.slots.push(Slot { index, ..Slot::default() });
            self.slots.len() - 1
        });
        // `at` was found or has just been pushed.
        #[expect(clippy::indexing_slicing, reason = "the index is in range by construction")]
        &mut self.slots[at]
    }
}

impl Slot {
    fn take(&mut self, event: Candidate) {
        let Candidate {
            content,
            finish_reason,
            finish_message,
            index,
            grounding_metadata,
            citation_metadata,
            url_context_metadata,
            logprobs_result,
            safety_ratings,
            continuation_token,
            extra,
        } = event;
        let start = self.start;
        let whole = &mut self.candidate;
        if let Some(content) = content {
            append(whole.content.get_or_insert_default(), content, start.part);
        }
        // Unspecified is no reason: it must not hide one that came before.
        if finish_reason.as_ref().is_some_and(|reason| FinishReason::from_wire(reason).is_some()) {
            whole.finish_reason = finish_reason;
        }
        whole.finish_message = finish_message.or(whole.finish_message.take());
        whole.index = index.or(whole.index);
        whole.continuation_token = continuation_token.or(whole.continuation_token.take());
        metadata::add_grounding(&mut whole.grounding_metadata, grounding_metadata, start);
        metadata::add_citations(&mut whole.citation_metadata, citation_metadata, start);
        metadata::add_lists(&mut whole.url_context_metadata, url_context_metadata);
        metadata::add_logprobs(&mut whole.logprobs_result, logprobs_result);
        metadata::add_ratings(&mut whole.safety_ratings, safety_ratings);
        whole.extra.extend(extra);
    }
}

/// Appends the parts; the first goes on with the last before if both are plain text of one kind and one hop.
fn append(whole: &mut Content, content: Content, first_part: usize) {
    let Content { parts, role, extra } = content;
    whole.role = whole.role.take().or(role);
    whole.extra.extend(extra);
    let Some(parts) = parts else { return };
    let kept = whole.parts.get_or_insert_default();
    for (place, part) in parts.into_iter().enumerate() {
        let is_open = place == 0 && kept.len() > first_part;
        match kept.last_mut().filter(|last| is_open && goes_on(last, &part)) {
            Some(last) => {
                let text = part.text.as_deref().unwrap_or_default();
                last.text.get_or_insert_default().push_str(text);
            }
            None => kept.push(part),
        }
    }
}

fn goes_on(last: &Part, next: &Part) -> bool {
    last.is_thought() == next.is_thought() && last.is_plain_text() && next.is_plain_text()
}

fn answer_text(part: &Part) -> Option<&str> {
    part.text.as_deref().filter(|_| !part.is_thought())
}
