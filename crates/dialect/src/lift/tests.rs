//! What is lifted comes back, and nothing else is touched.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SEED: u128 = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;

fn base64(length: usize) -> String {
    (0..length).map(|n| char::from(ALPHABET[(n * n + n / 7) % 64])).collect()
}

fn there_and_back(body: &str) -> (Value, Cargo, String) {
    let (slim, cargo) = lift(Bytes::copy_from_slice(body.as_bytes()), SEED);
    let value: Value = serde_json::from_slice(&slim).unwrap();
    let sent = cargo.load(serde_json::to_vec(&value).unwrap()).concat();
    (value, cargo, String::from_utf8(sent).unwrap())
}

#[test]
fn long_data_is_lifted_and_comes_back() {
    let (long, padded) = (base64(20_000), format!("{}==", base64(40_002)));
    let body = json!({"a": [{"data": long, "n": 1}], "url": format!("data:image/png;base64,{padded}"), "z": "short"}).to_string();
    let (slim, cargo, sent) = there_and_back(&body);
    assert_eq!(sent, body);
    assert!(slim.to_string().len() < 400, "{slim}");
    let data = slim["a"][0]["data"].as_str().unwrap();
    assert!(
        data.starts_with(&long[..HEAD]) && data.len().is_multiple_of(4) && is_clean_base64(data.as_bytes())
    );
    assert_eq!(cargo.length(data), long.len());
    let url = slim["url"].as_str().unwrap();
    assert_eq!(cargo.length(url), "data:image/png;base64,".len() + padded.len());
    assert_eq!(cargo.length("short"), 5);
}

#[test]
fn what_is_short_or_needs_mending_stays() {
    let long = base64(40_000);
    for kept in [
        base64(LEAST - 4),
        long[1..].to_owned(),
        format!("{}-{}", &long[..20_000], &long[20_001..]),
        format!("{} {}", &long[..20_000], &long[20_001..]),
        format!("Look at this: {long}"),
        format!("{long}===="),
        format!("data:image/png,{long}"),
        format!("\"{long}\" is quoted"),
    ] {
        let body = json!({ "text": kept }).to_string();
        let (_, cargo, sent) = there_and_back(&body);
        assert!(cargo.is_empty(), "{}", &kept[..60]);
        assert_eq!(sent, body);
    }
}

#[test]
fn somebody_elses_stand_in_is_only_a_text() {
    let body = json!({"data": base64(20_000)}).to_string();
    let (slim, _) = lift(Bytes::from(body), SEED);
    let (_, other) = lift(Bytes::from(json!({"data": base64(32_000)}).to_string()), SEED + 1);
    assert_eq!(other.load(slim.to_vec()).concat(), slim);
    let value: Value = serde_json::from_slice(&slim).unwrap();
    assert_eq!(other.length(value["data"].as_str().unwrap()), HEAD + MARK.0 + MARK.1);
}

proptest! {
    #[test]
    fn every_byte_is_judged_as_the_alphabet_does(byte in any::<u8>()) {
        prop_assert_eq!(is_letter(byte), ALPHABET.contains(&byte));
    }

    #[test]
    fn any_bytes_come_back(head in ".{0,60}", length in 16_000_usize..18_000, tail in ".{0,60}", cut in any::<prop::sample::Index>()) {
        let body = json!([head, base64(length), {"k": format!("data:x/y;base64,{}", base64(length))}, tail]).to_string();
        let (_, _, sent) = there_and_back(&body);
        prop_assert_eq!(&sent, &body);
        // Half a body is no JSON, and no reason to fail either.
        let half = Bytes::copy_from_slice(&body.as_bytes()[..cut.index(body.len())]);
        let (slim, cargo) = lift(half.clone(), SEED);
        prop_assert_eq!(cargo.load(slim.to_vec()).concat(), half);
    }
}
