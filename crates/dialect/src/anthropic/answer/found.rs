//! What Google Search found: citations on the text, and the search itself for clients that asked for the tool.

use serde_json::{Value, json};

use super::{Answer, Block, Delta, Open, Sink};
use crate::gemini::aggregate::metadata;
use crate::openai::chat::warning::Warning;

/// Letters of a passage that a citation repeats, as Anthropic's do.
const LONGEST_PASSAGE: usize = 150;

impl Answer {
    /// Cites the sources on the text that is open: Google names them when the text is over.
    pub(super) fn cite(&mut self, sink: &mut impl Sink) {
        let grounding = self.grounding.take();
        let chunks = metadata::chunks(grounding.as_ref());
        let mut citations: Vec<Value> = Vec::new();
        for support in metadata::supports(grounding.as_ref()) {
            let passage = support["segment"]["text"].as_str().unwrap_or_default();
            let indices = support["groundingChunkIndices"].as_array().into_iter().flatten();
            let places = indices.filter_map(|index| usize::try_from(index.as_u64()?).ok());
            for (url, title) in places.filter_map(|place| source(chunks.get(place)?)) {
                let cited: String = passage.chars().take(LONGEST_PASSAGE).collect();
                let citation = json!({
                    "type": "web_search_result_location", "url": url, "title": title, "cited_text": cited, "encrypted_index": "",
                });
                if !citations.contains(&citation) {
                    citations.push(citation);
                }
            }
        }
        if !citations.is_empty() && self.open != Some(Open::Text) {
            self.warn(Warning::CitationNotFound);
            citations.clear();
        }
        for citation in citations {
            sink.delta(self.index, &Delta::CitationsDelta { citation });
        }
        self.grounding = grounding;
    }

    /// The search as Anthropic shows one: the call and what it found.
    pub(super) fn show_search(&mut self, sink: &mut impl Sink) {
        let chunks = metadata::chunks(self.grounding.as_ref());
        let found: Vec<Value> = chunks
            .iter()
            .filter_map(source)
            .map(|(url, title)| {
                json!({ "type": "web_search_result", "url": url, "title": title, "encrypted_content": "", "page_age": null })
            })
            .collect();
        let queries = self.queries();
        if !self.encoding.web_search || (found.is_empty() && queries.is_empty()) {
            return;
        }
        let input = json!({ "query": queries.join("; ") }).to_string();
        let id = self.ids.made("srvtoolu_");
        let search = Block::ServerToolUse { id: &id, name: "web_search", input: json!({}) };
        self.block(&search, Some(&input), sink);
        let content = Value::Array(found);
        self.block(&Block::WebSearchToolResult { tool_use_id: &id, content }, None, sink);
    }

    pub(super) fn queries(&self) -> Vec<String> {
        let all = self.grounding.as_ref().and_then(|all| all["webSearchQueries"].as_array());
        all.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// Address and title of a source; without an address there is nothing to cite.
fn source(chunk: &Value) -> Option<(&str, &str)> {
    let inner = ["web", "maps", "retrievedContext"].iter().find_map(|kind| chunk.get(*kind))?;
    let url = inner["uri"].as_str().filter(|url| !url.is_empty())?;
    Some((url, inner["title"].as_str().unwrap_or(url)))
}
