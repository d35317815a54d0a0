//! Sources of passages: Google's byte offsets into parts become character offsets into `content`
//! (`wire.md` §6.7).

mod ledger;

pub(super) use ledger::{Kind, Ledger};
use serde_json::{Map, Value};

use super::shape::{Annotation, UrlCitation};

/// What the events of one candidate say about sources.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// `groundingMetadata` of all events merged; kept whole, for Google's terms want it shown.
    grounding: Map<String, Value>,
    /// Passages of `citationMetadata`.
    citations: Vec<Value>,
    /// Where `groundingChunks` and supports of the current hop begin in the merged lists.
    hop: Hop,
    settled: Vec<Annotation>,
    lost: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Hop {
    chunks: usize,
    supports: usize,
}

impl Sources {
    /// Takes what one event says. Lists grow; an event that repeats the list so far replaces it.
    pub(super) fn see(&mut self, grounding: Option<&Value>, citations: Option<&Value>) {
        for (key, new) in grounding.and_then(Value::as_object).into_iter().flatten() {
            merge(self.grounding.entry(key.clone()).or_insert(Value::Null), new, self.hop.start(key));
        }
        let lists = citations.into_iter().flat_map(|value| [&value["citationSources"], &value["citations"]]);
        for citation in lists.filter_map(Value::as_array).flatten() {
            if !self.citations.contains(citation) {
                self.citations.push(citation.clone());
            }
        }
    }

    /// Finds the passages in the text so far. What follows is numbered anew, as by another upstream call.
    pub(super) fn settle(&mut self, ledger: &Ledger) {
        let supports = list(&self.grounding, "groundingSupports");
        let chunks = list(&self.grounding, "groundingChunks");
        let mut found = Vec::new();
        for support in supports.iter().skip(self.hop.supports) {
            let Some(place) = Segment::of_support(&support["segment"]).locate(ledger) else {
                self.lost += 1;
                continue;
            };
            found.extend(self.hop.sources_of(support, chunks).map(|source| (place, source)));
        }
        for citation in self.citations.drain(..) {
            let source = Source::of_citation(&citation);
            match (Segment::of_citation(&citation).locate(ledger), source) {
                (Some(place), Some(source)) => found.push((place, source)),
                (None, Some(_)) => self.lost += 1,
                (_, None) => {}
            }
        }
        self.hop = Hop { chunks: chunks.len(), supports: supports.len() };
        for (place, source) in found {
            self.add(place, source);
        }
    }

    fn add(&mut self, (start_index, end_index): (usize, usize), Source { url, title }: Source) {
        let url_citation = UrlCitation { start_index, end_index, url, title };
        if self.settled.iter().all(|known| known.url_citation != url_citation) {
            self.settled.push(Annotation { index: None, r#type: "url_citation", url_citation });
        }
    }

    /// The annotations; `None` when the answer is not grounded at all.
    pub(super) fn annotations(&self) -> Option<Vec<Annotation>> {
        (!self.grounding.is_empty() || !self.settled.is_empty()).then(|| self.settled.clone())
    }

    /// Passages that were not to be found in the text.
    pub(super) fn lost(&self) -> usize {
        self.lost
    }

    /// The raw metadata, merged.
    pub(super) fn raw(&self) -> Option<Value> {
        (!self.grounding.is_empty()).then(|| Value::Object(self.grounding.clone()))
    }

    /// The sources as a Markdown list, each once.
    pub(super) fn as_markdown(&self) -> Option<String> {
        let mut lines: Vec<String> = Vec::new();
        let chunks = list(&self.grounding, "groundingChunks").iter().filter_map(Source::of_chunk);
        let cited = self.settled.iter().map(|known| Source {
            url: known.url_citation.url.clone(),
            title: known.url_citation.title.clone(),
        });
        for Source { url, title } in chunks.chain(cited) {
            let entry = format!("[{}]({url})", title.replace(['[', ']', '\n'], " "));
            if !lines.contains(&entry) {
                lines.push(entry);
            }
        }
        let numbered =
            lines.iter().zip(1..).map(|(entry, number): (_, usize)| format!("\n{number}. {entry}"));
        (!lines.is_empty()).then(|| format!("Sources:{}", numbered.collect::<String>()))
    }
}

impl Hop {
    fn start(self, key: &str) -> usize {
        match key {
            "groundingChunks" => self.chunks,
            "groundingSupports" => self.supports,
            _ => 0,
        }
    }

    fn sources_of(self, support: &Value, chunks: &[Value]) -> impl Iterator<Item = Source> {
        let indices =
            support["groundingChunkIndices"].as_array().into_iter().flatten().filter_map(Value::as_u64);
        let places = indices.filter_map(move |index| usize::try_from(index).ok()?.checked_add(self.chunks));
        places.filter_map(|place| Source::of_chunk(chunks.get(place)?))
    }
}

/// Lists grow, unless the new one repeats the old from `start` on; anything else is replaced by what is not
/// empty.
fn merge(old: &mut Value, new: &Value, start: usize) {
    match (old, new) {
        (Value::Array(old), Value::Array(new)) => {
            let start = start.min(old.len());
            if old.get(start..).is_some_and(|repeated| new.starts_with(repeated)) {
                old.truncate(start);
            }
            old.extend_from_slice(new);
        }
        (old, new) if !new.is_null() => *old = new.clone(),
        _ => {}
    }
}

fn list<'a>(map: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    map.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A passage as Google names it.
struct Segment<'a> {
    part: usize,
    start: usize,
    end: usize,
    text: Option<&'a str>,
}

impl<'a> Segment<'a> {
    fn of_support(segment: &'a Value) -> Self {
        let text = segment["text"].as_str().filter(|text| !text.is_empty());
        Self { part: number(&segment["partIndex"]), text, ..Self::of_citation(segment) }
    }

    fn of_citation(citation: &'a Value) -> Self {
        Self {
            part: 0,
            start: number(&citation["startIndex"]),
            end: number(&citation["endIndex"]),
            text: None,
        }
    }

    /// Character offsets: where the offsets say, if the text agrees; else where the text is.
    fn locate(&self, ledger: &Ledger) -> Option<(usize, usize)> {
        let bases = [ledger.part_start(self.part), ledger.hop_start()];
        let (start, end) = match self.text {
            None => bases.into_iter().find_map(|base| {
                let place = (base.checked_add(self.start)?, base.checked_add(self.end)?);
                ledger.get(place).filter(|text| !text.is_empty()).map(|_| place)
            })?,
            Some(text) => bases
                .into_iter()
                .filter_map(|base| base.checked_add(self.start))
                .map(|start| (start, start.saturating_add(text.len())))
                .find(|place| ledger.get(*place) == Some(text))
                .or_else(|| ledger.find(text))?,
        };
        Some((ledger.start_character(start), ledger.end_character(end)))
    }
}

/// Missing offsets are 0: Google leaves zeros out.
fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}

struct Source {
    url: String,
    title: String,
}

impl Source {
    fn of_chunk(chunk: &Value) -> Option<Self> {
        let kinds = ["web", "maps", "retrievedContext", "image"];
        let inner = kinds.iter().map(|kind| &chunk[*kind]).find(|inner| inner.is_object())?;
        Self::of(inner)
    }

    fn of_citation(citation: &Value) -> Option<Self> {
        Self::of(citation)
    }

    /// Without an address there is nothing to cite; without a title the host stands in.
    fn of(inner: &Value) -> Option<Self> {
        let text = |key: &str| inner[key].as_str().filter(|text| !text.is_empty());
        let url = text("uri").or_else(|| text("sourceUri")).or_else(|| text("imageUri"))?;
        let title = text("title").or_else(|| text("domain")).unwrap_or_else(|| host(url));
        Some(Self { url: url.to_owned(), title: title.to_owned() })
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests;
