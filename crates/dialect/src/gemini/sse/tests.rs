//! The decoder against every framing it must survive, at every split.

use proptest::prelude::*;

use super::{Decoder, Frame};

fn decode_split(body: &[u8], cuts: &[usize]) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    let mut from = 0;
    for &cut in cuts.iter().chain([&body.len()]) {
        let cut = cut.clamp(from, body.len());
        decoder.push(&body[from..cut]).unwrap();
        frames.extend(std::iter::from_fn(|| decoder.next()));
        from = cut;
    }
    frames.extend(std::iter::from_fn(|| decoder.finish()));
    frames
}

fn decode(body: &[u8]) -> Vec<Frame> {
    decode_split(body, &[])
}

fn data(text: &str) -> Frame {
    Frame::Data(text.to_owned().into())
}

fn stray(text: &str) -> Frame {
    Frame::Stray(text.to_owned())
}

/// A body and its frames, each of them tried at every single and every double cut.
fn cases() -> Vec<(&'static str, Vec<Frame>)> {
    vec![
        ("", vec![]),
        ("data: {\"a\":1}\r\n\r\ndata: {\"b\":2}\r\n\r\n", vec![data("{\"a\":1}"), data("{\"b\":2}")]),
        ("data: 1\n\ndata: 2\n\n", vec![data("1"), data("2")]),
        ("data: 1\r\rdata: 2\r\r", vec![data("1"), data("2")]),
        ("data: 1\r\n\rdata: 2\n\r\n", vec![data("1"), data("2")]),
        ("data: unclosed", vec![data("unclosed")]),
        ("data: unclosed\r", vec![data("unclosed")]),
        ("data:no space\n\ndata:  two\n\n", vec![data("no space"), data(" two")]),
        ("data: {\ndata:  \"a\":1}\n\n", vec![data("{\n \"a\":1}")]),
        ("data\n\ndata:\n\ndata: x\n\n", vec![data("x")]),
        (": hi\nevent: e\nid: 7\nretry: 1\ndata: x\nunknown: y\n\n", vec![data("x")]),
        ("\u{feff}data: x\n\n", vec![data("x")]),
        ("\r\n\r\ndata: x\n\n", vec![data("x")]),
        (
            "data: {\"t\":\"a\u{2028}b\u{2029}c\u{85}d\"}\n\n",
            vec![data("{\"t\":\"a\u{2028}b\u{2029}c\u{85}d\"}")],
        ),
        ("data: \"轮询 🌟\"\n\n", vec![data("\"轮询 🌟\"")]),
        ("data: 1\n\n{\"error\":{\"code\":503}}", vec![data("1"), stray("{\"error\":{\"code\":503}}")]),
        (
            "data: 1\n{\n  \"error\": {\n\n    \"message\": \"a } \\\" { b\"\n  }\n}\ndata: 2\n\n",
            vec![
                data("1"),
                stray("{\n  \"error\": {\n\n    \"message\": \"a } \\\" { b\"\n  }\n}"),
                data("2"),
            ],
        ),
        ("data: 1\n\n[{\n\"error\":{}}\n]\n", vec![data("1"), stray("[{\n\"error\":{}}\n]")]),
        ("{\"error\":\ndata: 1\n\n", vec![stray("{\"error\":"), data("1")]),
        ("{\"cut\": \"of", vec![stray("{\"cut\": \"of")]),
        (
            "[{\"a\":\"]}\\\\\"}\n,\r\n{\"b\":[1,{}]}\n]\n",
            vec![data("{\"a\":\"]}\\\\\"}"), data("{\"b\":[1,{}]}")],
        ),
        (" [ {\"a\":1}, {\"b\":", vec![data("{\"a\":1}"), data("{\"b\":")]),
        ("[{\"error\":{\"code\":400}}]", vec![data("{\"error\":{\"code\":400}}")]),
        ("[{\"a\":1}]\n{\"error\":{}}\n", vec![data("{\"a\":1}"), stray("{\"error\":{}}")]),
    ]
}

#[test]
fn every_framing_at_every_split() {
    for (body, frames) in cases() {
        let bytes = body.as_bytes();
        assert_eq!(decode(bytes), frames, "{body:?}");
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                assert_eq!(decode_split(bytes, &[first, second]), frames, "{body:?} at {first}, {second}");
            }
        }
        let single: Vec<usize> = (1..bytes.len()).collect();
        assert_eq!(decode_split(bytes, &single), frames, "{body:?} byte by byte");
    }
}

#[test]
fn a_frame_comes_out_as_soon_as_its_blank_line_begins() {
    let mut decoder = Decoder::new();
    decoder.push(b"data: x\r\n\r").unwrap();
    assert_eq!(decoder.next(), Some(data("x")));
    decoder.push(b"\ndata: y\n\n").unwrap();
    assert_eq!(decoder.next(), Some(data("y")));
    assert_eq!(decoder.finish(), None);
}

#[test]
fn an_event_beyond_the_limit_is_an_error_and_frames_before_it_stay() {
    for (body, frames) in [
        (&b"data: small\n\ndata: 0123456789012345678901\n\n"[..], 1),
        (b"data: small\n\ndata: 0123456789\ndata: 0123456789\n\n", 1),
        (b"data: small\n\n{\n  \"error\": 12,\n  \"more\": 34\n}\n", 1),
        (b"[{\"a\":1},{\"b\":\"012345678901234567\"}]", 1),
    ] {
        for cut in 0..body.len() {
            let mut decoder = Decoder::with_max_event(20);
            let verdict = decoder.push(&body[..cut]).and(decoder.push(&body[cut..]));
            assert_eq!(verdict.unwrap_err().max, 20);
            assert_eq!(std::iter::from_fn(|| decoder.finish()).count(), frames);
        }
    }
}

#[test]
fn a_large_event_in_small_pieces_is_scanned_once() {
    let body = format!("data: {{\"data\":\"{}\"}}\r\n\r\n", "QUJD".repeat(1 << 19));
    let cuts: Vec<usize> = (1..body.len()).step_by(1400).collect();
    // Looking at the whole buffer for each piece would be 1.5 billion byte comparisons.
    assert_eq!(decode_split(body.as_bytes(), &cuts).len(), 1);
}

fn fragment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "data: ",
        "data:",
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "\n\n",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ":",
        ",",
        "x",
        "轮",
        "{\"error\":{}}",
        "{\"a\":\"b\"}",
        "event: e",
        "\u{feff}",
        " ",
        "\u{2028}",
    ])
}

proptest! {
    #[test]
    fn any_split_of_any_stream_gives_the_same_frames(
        fragments in prop::collection::vec(fragment(), 0..30),
        mut cuts in prop::collection::vec(0usize..200, 0..8),
    ) {
        let body = fragments.concat();
        cuts.sort_unstable();
        prop_assert_eq!(decode_split(body.as_bytes(), &cuts), decode(body.as_bytes()));
    }

    #[test]
    fn well_formed_events_come_out_as_they_went_in(
        events in prop::collection::vec("[^\r\n]{1,40}", 0..8),
        end in prop::sample::select(vec!["\n", "\r", "\r\n"]),
        mut cuts in prop::collection::vec(0usize..400, 0..8),
    ) {
        let body: Vec<String> = events.iter().map(|event| format!("data: {event}{end}{end}")).collect();
        let body = body.concat();
        cuts.sort_unstable();
        let frames: Vec<Frame> = events.iter().map(|event| data(event)).collect();
        prop_assert_eq!(decode_split(body.as_bytes(), &cuts), frames);
    }
}
