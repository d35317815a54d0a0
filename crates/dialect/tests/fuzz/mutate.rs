//! One input from a seed: a tree is changed where there is JSON, bytes are changed now and then.

use serde_json::{Value, json};

/// `SplitMix64`: small, and the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`; nought if that is nought.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap().max(1);
        usize::try_from(self.next() % bound).unwrap()
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Bytes that break things: quotes, ends of lines, halves of characters, a byte order mark, signs of JSON.
const ROUGH: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"\n",
    b"\r\n",
    b"\r",
    b"\n\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"data:",
    b"data: ",
    b"event: x\n",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"-",
    b"null",
    b"[DONE]",
    b"```json\n",
    b"\xf0\x9f\x92\xa9",
    b"\xe2\x80\xa8",
];

/// Values that nobody expects.
fn odd(dice: &mut Dice) -> Value {
    match dice.below(20) {
        0 => Value::Null,
        1 => json!(dice.one_in(2)),
        2 => json!(u64::MAX),
        3 => json!(i64::MIN),
        4 => json!(1e300),
        5 => json!(-0.0),
        6 => json!(dice.below(4)),
        7 => json!(""),
        8 => json!({}),
        9 => json!([]),
        10 => json!([[]]),
        11 => json!({"": null}),
        12 => json!("\u{0}\u{202e}é\u{1f4a9}"),
        13 => json!("data:image/png;base64,AAAA"),
        14 => json!("data:,"),
        15 => json!("x".repeat(dice.below(300))),
        16 => json!({"$ref": "#"}),
        17 => json!("2026-11-01T00:00:00Z"),
        18 => json!("18446744073709551616.9s"),
        _ => json!("{\"a\":[1,{\"b\":\"```\"}]}"),
    }
}

pub(crate) fn mutated(corpus: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut input = dice.pick(corpus).clone();
    if dice.one_in(16) {
        return input;
    }
    for _ in 0..=dice.below(4) {
        if let Some(changed) = in_json(&input, corpus, dice) {
            input = changed;
        }
    }
    if dice.one_in(3) {
        for _ in 0..=dice.below(4) {
            in_bytes(&mut input, corpus, dice);
        }
    }
    input
}

/// Changes the input as a tree, or a line of it that is one.
fn in_json(input: &[u8], corpus: &[Vec<u8>], dice: &mut Dice) -> Option<Vec<u8>> {
    if let Ok(mut tree) = serde_json::from_slice(input) {
        in_tree(&mut tree, corpus, dice);
        return Some(tree.to_string().into_bytes());
    }
    let text = std::str::from_utf8(input).ok()?;
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let at = dice.below(lines.len());
    if dice.one_in(6) {
        let from = dice.below(lines.len());
        lines.insert(at, lines[from].clone());
        return Some(lines.join("\n").into_bytes());
    }
    let (at, mut tree) = (at..lines.len()).chain(0..at).find_map(|at| {
        let tree = serde_json::from_str::<Value>(lines[at].strip_prefix("data: ")?).ok()?;
        Some((at, tree))
    })?;
    in_tree(&mut tree, corpus, dice);
    lines[at] = format!("data: {tree}");
    Some(lines.join("\n").into_bytes())
}

fn count(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

fn node<'a>(tree: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(tree);
    }
    *left -= 1;
    match tree {
        Value::Array(items) => items.iter_mut().find_map(|item| node(item, left)),
        Value::Object(fields) => fields.values_mut().find_map(|item| node(item, left)),
        _ => None,
    }
}

fn any_node<'a>(tree: &'a mut Value, dice: &mut Dice) -> &'a mut Value {
    let mut left = dice.below(count(tree));
    node(tree, &mut left).expect("there are as many as were counted")
}

/// A piece of another seed.
fn piece(corpus: &[Vec<u8>], dice: &mut Dice) -> Value {
    let seed = dice.pick(corpus);
    let start = seed.iter().position(|byte| b"{[".contains(byte)).unwrap_or(0);
    let mut trees = serde_json::Deserializer::from_slice(&seed[start..]).into_iter::<Value>();
    match trees.next() {
        Some(Ok(mut tree)) => any_node(&mut tree, dice).clone(),
        _ => odd(dice),
    }
}

fn in_tree(tree: &mut Value, corpus: &[Vec<u8>], dice: &mut Dice) {
    let kind = dice.below(9);
    let other = match kind {
        0 | 1 => any_node(&mut tree.clone(), dice).clone(),
        2 => piece(corpus, dice),
        _ => odd(dice),
    };
    let place = any_node(tree, dice);
    match (kind, place) {
        (3, Value::Array(items)) if !items.is_empty() => drop(items.remove(dice.below(items.len()))),
        (3, Value::Object(fields)) => {
            if let Some(key) = fields.keys().nth(dice.below(fields.len())).cloned() {
                fields.shift_remove(&key);
            }
        }
        (4, Value::Array(items)) if !items.is_empty() => {
            let again = dice.pick(items).clone();
            items.extend(std::iter::repeat_n(again, 1 + dice.below(5)));
        }
        (4, Value::Object(fields)) => {
            if let Some(key) = fields.keys().nth(dice.below(fields.len())).cloned() {
                fields.insert(key, other);
            }
        }
        (0 | 5, Value::Array(items)) => items.insert(dice.below(items.len() + 1), other),
        (6, place) => {
            let levels = if dice.one_in(8) { dice.below(140) } else { 1 + dice.below(3) };
            let inner = std::mem::take(place);
            *place = (0..levels).fold(inner, |inner, _| {
                if dice.one_in(2) { json!([inner]) } else { json!({"items": inner}) }
            });
        }
        (7, Value::String(text)) => {
            let at =
                (0..=dice.below(text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            if dice.one_in(2) {
                text.truncate(at);
            } else {
                text.insert_str(at, &String::from_utf8_lossy(dice.pick::<&[u8]>(ROUGH)));
            }
        }
        (_, place) => *place = other,
    }
}

fn in_bytes(input: &mut Vec<u8>, corpus: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(input.len() + 1);
    match dice.below(7) {
        0 | 1 if at < input.len() => input[at] ^= 1 << dice.below(8),
        2 => input.truncate(at),
        3 => drop(input.drain(at..(at + dice.below(9)).min(input.len()))),
        4 => {
            let end = (at + dice.below(64)).min(input.len());
            let again = input[at..end].to_vec();
            input.splice(at..at, again);
        }
        5 => {
            let other = dice.pick(corpus);
            let from = dice.below(other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        _ => drop(input.splice(at..at, dice.pick(ROUGH).iter().copied())),
    }
}
