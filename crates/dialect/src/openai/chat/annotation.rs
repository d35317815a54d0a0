//! Sources of passages: Google's byte offsets into parts become character offsets into `content`
//! (`wire.md` §6.7).

mod ledger;

pub(super) use ledger::{Kind, Ledger};
use serde_json::Value;

use super::shape::{Annotation, UrlCitation};
use crate::gemini::aggregate::metadata::{self, Start};

/// What the events of one candidate say about sources.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// `groundingMetadata` of all events merged; kept whole, for Google's terms want it shown.
    grounding: Option<Value>,
    /// Passages of `citationMetadata` that are not settled yet.
    citations: Vec<Value>,
    hop: Start,
    settled: Vec<Annotation>,
    settled_supports: usize,
    lost: usize,
}

impl Sources {
    /// Takes what one event says.
    pub(super) fn see(&mut self, grounding: Option<&Value>, citations: Option<&Value>) {
        metadata::add_grounding(&mut self.grounding, grounding.cloned(), self.hop);
        let lists = citations.into_iter().flat_map(|value| [&value["citationSources"], &value["citations"]]);
        for mut citation in lists.filter_map(Value::as_array).flatten().cloned() {
            metadata::shift_citation(&mut citation, self.hop);
            if !self.citations.contains(&citation) {
                self.citations.push(citation);
            }
        }
    }

    /// Finds the passages in the text so far. What follows is numbered anew, as by another upstream call.
    pub(super) fn settle(&mut self, ledger: &Ledger) {
        let supports = metadata::supports(self.grounding.as_ref());
        let chunks = metadata::chunks(self.grounding.as_ref());
        let mut found = Vec::new();
        for support in supports.iter().skip(self.settled_supports) {
            let Some(place) = Segment::of_support(&support["segment"]).locate(ledger) else {
                self.lost += 1;
                continue;
            };
            found.extend(sources_of(support, chunks).map(|source| (place, source)));
        }
        for citation in self.citations.drain(..) {
            let source = Source::of(&citation);
            match (Segment::of_citation(&citation).locate(ledger), source) {
                (Some(place), Some(source)) => found.push((place, source)),
                (None, Some(_)) => self.lost += 1,
                (_, None) => {}
            }
        }
        self.settled_supports = supports.len();
        self.hop = Start { part: ledger.parts(), chunk: chunks.len(), byte: ledger.len() };
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

    /// The annotations in the order of the text; `None` when the answer is not grounded at all.
    pub(super) fn annotations(&self) -> Option<Vec<Annotation>> {
        let mut all = self.settled.clone();
        all.sort_by_key(|known| known.url_citation.start_index);
        (self.raw().is_some() || !all.is_empty()).then_some(all)
    }

    /// Passages that were not to be found in the text.
    pub(super) fn lost(&self) -> usize {
        self.lost
    }

    /// The raw metadata, merged.
    pub(super) fn raw(&self) -> Option<&Value> {
        self.grounding.as_ref().filter(|all| all.as_object().is_some_and(|all| !all.is_empty()))
    }

    /// The sources as a Markdown list, each once.
    pub(super) fn as_markdown(&self) -> Option<String> {
        let mut lines: Vec<String> = Vec::new();
        let chunks = metadata::chunks(self.grounding.as_ref()).iter().filter_map(Source::of_chunk);
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

fn sources_of(support: &Value, chunks: &[Value]) -> impl Iterator<Item = Source> {
    let indices = support["groundingChunkIndices"].as_array().into_iter().flatten().filter_map(Value::as_u64);
    let places = indices.filter_map(|index| usize::try_from(index).ok());
    places.filter_map(|place| Source::of_chunk(chunks.get(place)?))
}

/// A passage as Google names it.
struct Segment<'a> {
    /// The part that the offsets count in; `None` if they count in the whole text.
    part: Option<usize>,
    start: usize,
    end: usize,
    text: Option<&'a str>,
}

impl<'a> Segment<'a> {
    fn of_support(segment: &'a Value) -> Self {
        let text = segment["text"].as_str().filter(|text| !text.is_empty());
        Self { part: Some(number(&segment["partIndex"])), text, ..Self::of_citation(segment) }
    }

    fn of_citation(citation: &'a Value) -> Self {
        Self {
            part: None,
            start: number(&citation["startIndex"]),
            end: number(&citation["endIndex"]),
            text: None,
        }
    }

    /// Character offsets: where the offsets say, if the text agrees; else where the text is.
    fn locate(&self, ledger: &Ledger) -> Option<(usize, usize)> {
        let bases = self.part.map_or([0; 2], |part| [ledger.part_start(part), ledger.hop_start()]);
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
