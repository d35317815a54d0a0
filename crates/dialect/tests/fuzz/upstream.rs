//! What Google sends, and Gemini's own requests.

use dialect::gemini::event::{Event, parse_event};
use dialect::gemini::inject::{self, Injection, Place};
use dialect::gemini::outcome::{Outcome, Repair, classify};
use dialect::gemini::repair;
use dialect::gemini::request::GenerateContentRequest;
use dialect::gemini::sse::{Decoder, Frame};
use serde_json::Value;

use crate::mutate::Dice;
use crate::requests::capabilities;
use crate::seeds::KEY;

/// The frames of a body that arrives in pieces.
pub(crate) fn frames(body: &[u8], mut piece: impl FnMut() -> usize) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(piece().clamp(1, rest.len()));
        decoder.push(now).expect("no input is that large");
        frames.extend(std::iter::from_fn(|| decoder.next()));
        rest = later;
    }
    frames.extend(std::iter::from_fn(|| decoder.finish()));
    frames
}

pub(crate) fn sse(input: &[u8], dice: &mut Dice) -> bool {
    let whole = frames(input, || usize::MAX);
    assert_eq!(whole, frames(input, || 1 + dice.below(40)), "where it is cut makes no difference");
    assert_eq!(whole, frames(input, || 1), "byte by byte neither");
    // A byte that is no UTF-8 becomes three in stray text.
    let bytes: usize = whole.iter().map(|frame| frame.bytes().len()).sum();
    assert!(bytes <= 3 * input.len(), "nothing is invented");
    !whole.is_empty()
}

pub(crate) fn event(input: &[u8], _: &mut Dice) -> bool {
    match parse_event(input) {
        Err(_) => false,
        Ok(Event::Error(outcome)) => {
            sane(&outcome);
            true
        }
        Ok(Event::Response(response)) => {
            let told = serde_json::to_value(&response).expect("an answer that was read can be written");
            if is_deep(told.to_string().as_bytes()) {
                return true;
            }
            let Ok(Event::Response(again)) = parse_event(told.to_string()) else {
                panic!("and read again: {told}")
            };
            assert_alike(&told, &serde_json::to_value(again).unwrap());
            true
        }
    }
}

pub(crate) fn error(input: &[u8], dice: &mut Dice) -> bool {
    let statuses = [200, 400, 401, 403, 404, 408, 413, 418, 429, 499, 500, 503, 504, 599, 999, 0];
    let types = [None, Some("application/json; charset=UTF-8"), Some("text/html"), Some(""), Some("\u{0}/é")];
    let status = *dice.pick(&statuses);
    let outcome = classify(status, *dice.pick(&types), input);
    sane(&outcome);
    assert!(status < 400 || outcome.status == status, "the status stays");
    outcome.rpc_status.is_some()
}

/// Every verdict leads somewhere, and shows no key.
fn sane(outcome: &Outcome) {
    let cause = &outcome.cause;
    let _ = (cause.retry(), cause.bench(), cause.was_counted());
    assert!(!cause.label().is_empty());
    assert!(!outcome.message.contains(KEY), "a key is shown: {}", outcome.message);
}

const REPAIRS: [Repair; 16] = [
    Repair::RaiseThinkingLevel,
    Repair::ClampThinkingBudget,
    Repair::SplitThinking,
    Repair::DropThinking,
    Repair::AddBlankText,
    Repair::DropEmptyContents,
    Repair::DropPenalties,
    Repair::SingleCandidate,
    Repair::StripFunctionIds,
    Repair::EchoFunctionIds,
    Repair::AddSentinels,
    Repair::ReplaceSignatures,
    Repair::NormaliseHistory,
    Repair::DropBuiltinTools,
    Repair::DropJsonMode,
    Repair::FoldSystemInstruction,
];

pub(crate) fn request(input: &[u8], dice: &mut Dice) -> bool {
    let Ok(mut request) = serde_json::from_slice::<GenerateContentRequest>(input) else { return false };
    same_again(&request);
    let model = capabilities(dice);
    let place = *dice.pick(&[Place::System, Place::UserPrefix, Place::UserSuffix]);
    inject::apply(&mut request, &[Injection { place, text: "Be brief." }], model);
    for _ in 0..=dice.below(3) {
        repair::apply(*dice.pick(&REPAIRS), &mut request, model);
        same_again(&request);
    }
    true
}

/// What goes out is JSON that says the same when it is read.
pub(crate) fn same_again(request: &GenerateContentRequest) -> Value {
    let told = serde_json::to_value(request).expect("a request can be written");
    let text = told.to_string();
    if is_deep(text.as_bytes()) {
        return told;
    }
    let again: GenerateContentRequest = serde_json::from_str(&text).expect("and read again");
    assert_alike(&told, &serde_json::to_value(again).unwrap());
    told
}

/// Nested deeper than the reader of these checks goes, which ends at 128 levels, once it stands inside an answer.
pub(crate) fn is_deep(text: &[u8]) -> bool {
    let step = |depth: usize, byte: &u8| match byte {
        b'{' | b'[' => depth + 1,
        b'}' | b']' => depth.saturating_sub(1),
        _ => depth,
    };
    let mut depth = 0;
    text.iter().any(|byte| {
        depth = step(depth, byte);
        depth > 100
    })
}

/// The same, but for the last digit of a fraction: `serde_json` reads those quickly, not exactly.
fn assert_alike(one: &Value, other: &Value) {
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            assert!(fields.keys().eq(others.keys()), "{one} became {other}");
            fields.values().zip(others.values()).for_each(|(one, other)| assert_alike(one, other));
        }
        (Value::Array(items), Value::Array(others)) => {
            assert_eq!(items.len(), others.len(), "{one} became {other}");
            items.iter().zip(others).for_each(|(one, other)| assert_alike(one, other));
        }
        (Value::Number(number), Value::Number(second)) if number.is_f64() && second.is_f64() => {
            let (number, second) = (number.as_f64().unwrap(), second.as_f64().unwrap());
            let off = (number - second).abs();
            assert!(off <= number.abs() * 4.0 * f64::EPSILON, "{number} became {second}");
        }
        _ => assert_eq!(one, other),
    }
}
