//! Sources at their places, whatever they are counted in.

use serde_json::json;

use super::*;

fn ledger(parts: &[&str]) -> Ledger {
    let mut ledger = Ledger::default();
    for part in parts {
        ledger.part(Kind::Text, false);
        ledger.text(part);
    }
    ledger
}

fn grounding(segment: &Value) -> Value {
    json!({
        "groundingChunks": [{"web": {"uri": "https://a.example/x", "title": "A"}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    })
}

/// The places of the passages of a segment.
fn places(ledger: &Ledger, segment: &Value) -> Vec<(usize, usize)> {
    let mut sources = Sources::default();
    sources.see(Some(&grounding(segment)), None);
    sources.settle(ledger);
    let found = sources.annotations().unwrap();
    found.iter().map(|one| (one.url_citation.start_index, one.url_citation.end_index)).collect()
}

#[test]
fn segments_are_found_by_place_then_by_text() {
    let two = ledger(&["ab\u{e9}cd", "\u{1f600}x same same"]);
    let table = [
        ("start left out", json!({"endIndex": 2, "text": "ab"}), vec![(0, 2)]),
        ("bytes, not characters", json!({"startIndex": 4, "endIndex": 6, "text": "cd"}), vec![(3, 5)]),
        (
            "in the second part",
            json!({"partIndex": 1, "startIndex": 4, "endIndex": 5, "text": "x"}),
            vec![(6, 7)],
        ),
        (
            "the second of two",
            json!({"partIndex": 1, "startIndex": 11, "endIndex": 15, "text": "same"}),
            vec![(13, 17)],
        ),
        ("counted over all parts", json!({"startIndex": 10, "endIndex": 11, "text": "x"}), vec![(6, 7)]),
        ("only the text is right", json!({"startIndex": 1, "endIndex": 3, "text": "same"}), vec![(8, 12)]),
        ("no text, good offsets", json!({"startIndex": 0, "endIndex": 4}), vec![(0, 3)]),
        ("no text, inside a letter", json!({"startIndex": 0, "endIndex": 3}), vec![]),
        ("past the end", json!({"startIndex": 90, "endIndex": 99}), vec![]),
        ("not there", json!({"startIndex": 0, "endIndex": 3, "text": "zzz"}), vec![]),
        ("nonsense", json!("segment"), vec![]),
    ];
    for (name, segment, expected) in table {
        assert_eq!(places(&two, &segment), expected, "{name}");
    }
}

#[test]
fn what_we_insert_and_what_was_thought_shift_places_only_as_they_should() {
    let mut ledger = Ledger::default();
    ledger.part(Kind::Thought, true);
    ledger.part(Kind::Text, false);
    ledger.text("one ");
    ledger.part(Kind::Text, true);
    ledger.text("two");
    ledger.part(Kind::Other, false);
    ledger.insertion("\n\n```code```\n\n");
    ledger.part(Kind::Text, false);
    ledger.text("three");
    let in_part = |part: usize, text: &str, start: usize| {
        places(
            &ledger,
            &json!({"partIndex": part, "startIndex": start, "endIndex": start + text.len(), "text": text}),
        )
    };
    assert_eq!(in_part(1, "two", 4), [(4, 7)], "events go on with the part of the event before");
    assert_eq!(in_part(3, "three", 0), [(21, 26)]);
    assert_eq!(in_part(1, "e t", 2), [(2, 5)]);
}

#[test]
fn lists_grow_over_events_and_repetitions_replace() {
    let ledger = ledger(&["alpha beta"]);
    let chunk = |name: &str| json!({"web": {"uri": format!("https://{name}.example"), "title": name}});
    let support =
        |text: &str, index: u64| json!({"segment": {"text": text}, "groundingChunkIndices": [index]});
    let mut sources = Sources::default();
    sources.see(Some(&json!({})), None);
    assert_eq!(sources.annotations(), None);
    sources.see(
        Some(&json!({"groundingChunks": [chunk("a")], "groundingSupports": [support("alpha", 0)]})),
        None,
    );
    sources.see(
        Some(&json!({"groundingChunks": [chunk("b")], "groundingSupports": [support("beta", 1)]})),
        None,
    );
    let everything = json!({"groundingChunks": [chunk("a"), chunk("b")], "groundingSupports": [support("alpha", 0), support("beta", 1)]});
    sources.see(Some(&everything), None);
    sources.settle(&ledger);
    sources.settle(&ledger);
    let titles: Vec<String> =
        sources.annotations().unwrap().into_iter().map(|one| one.url_citation.title).collect();
    assert_eq!(titles, ["a", "b"]);
    assert_eq!(sources.raw(), Some(&everything));
}

#[test]
fn a_later_hop_counts_anew() {
    let mut ledger = ledger(&["first hop. "]);
    let mut sources = Sources::default();
    sources.see(Some(&grounding(&json!({"endIndex": 5, "text": "first"}))), None);
    sources.settle(&ledger);
    ledger.next_hop();
    ledger.part(Kind::Text, true);
    ledger.text("second hop.");
    let later = json!({
        "groundingChunks": [{"web": {"uri": "https://b.example"}}],
        "groundingSupports": [{"segment": {"endIndex": 6, "text": "second"}, "groundingChunkIndices": [0]}],
    });
    sources.see(Some(&later), None);
    sources.settle(&ledger);
    let found = sources.annotations().unwrap();
    let brief: Vec<_> =
        found.iter().map(|one| (one.url_citation.start_index, one.url_citation.url.as_str())).collect();
    assert_eq!(brief, [(0, "https://a.example/x"), (11, "https://b.example")]);
}

#[test]
fn every_kind_of_source_has_an_address_and_a_title() {
    let table = [
        (
            json!({"web": {"uri": "https://w.example/p?q", "title": "", "domain": "w"}}),
            Some(("https://w.example/p?q", "w")),
        ),
        (json!({"web": {"uri": "https://w.example/p?q"}}), Some(("https://w.example/p?q", "w.example"))),
        (
            json!({"maps": {"uri": "https://maps.example/1", "title": "Cafe", "placeId": "p"}}),
            Some(("https://maps.example/1", "Cafe")),
        ),
        (json!({"retrievedContext": {"uri": "files/1", "title": "Notes"}}), Some(("files/1", "Notes"))),
        (json!({"retrievedContext": {"title": "Notes", "text": "…"}}), None),
        (
            json!({"image": {"sourceUri": "https://i.example", "imageUri": "https://i.example/1.png", "title": "I"}}),
            Some(("https://i.example", "I")),
        ),
        (json!({"hologram": {"uri": "https://h.example"}}), None),
    ];
    for (chunk, expected) in table {
        let source = Source::of_chunk(&chunk);
        let brief = source.as_ref().map(|source| (source.url.as_str(), source.title.as_str()));
        assert_eq!(brief, expected, "{chunk}");
    }
}

#[test]
fn citations_are_sources_too_and_are_said_once() {
    let ledger = ledger(&["quoted words"]);
    let mut sources = Sources::default();
    let citation = json!({"startIndex": 0, "endIndex": 6, "uri": "https://q.example/a", "license": ""});
    for list in ["citationSources", "citations", "citationSources"] {
        sources.see(None, Some(&json!({list: [citation, {"endIndex": 3}]})));
    }
    sources.settle(&ledger);
    let found = sources.annotations().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].url_citation.title, "q.example");
}
