//! Exclusive bounds, which Gemini does not know: moved by one for integers, told for other numbers.

use serde_json::{Map, Number, Value};

/// Writes exclusive bounds in words Gemini knows.
pub(super) fn apply(source: &Map<String, Value>, out: &mut Map<String, Value>, told: &mut Vec<String>) {
    let integer = out.get("type").is_some_and(|kind| kind == "integer");
    for side in [Side::LOW, Side::HIGH] {
        let bound = match source.get(side.exclusive) {
            Some(Value::Number(bound)) => bound.clone(),
            // The older draft: a flag beside the inclusive bound.
            Some(Value::Bool(true)) => match source.get(side.inclusive) {
                Some(Value::Number(bound)) => bound.clone(),
                _ => continue,
            },
            _ => continue,
        };
        match side.inside(&bound).filter(|_| integer) {
            Some(inside) => {
                let known = out.get(side.inclusive).and_then(Value::as_i64);
                let inside = known.map_or(inside, |known| side.tighter(known, inside));
                out.insert(side.inclusive.to_owned(), Value::from(inside));
            }
            None => told.push(format!("{} {bound}", side.words)),
        }
    }
}

struct Side {
    exclusive: &'static str,
    inclusive: &'static str,
    words: &'static str,
    step: i64,
}

impl Side {
    const LOW: Self =
        Self { exclusive: "exclusiveMinimum", inclusive: "minimum", words: "greater than", step: 1 };
    const HIGH: Self =
        Self { exclusive: "exclusiveMaximum", inclusive: "maximum", words: "less than", step: -1 };

    /// The next integer inside the bound.
    fn inside(&self, bound: &Number) -> Option<i64> {
        if let Some(bound) = bound.as_i64() {
            return bound.checked_add(self.step);
        }
        let float = bound.as_f64().filter(|float| float.abs() < 9e15)?;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be far inside i64")]
        let outside = if self.step > 0 { float.floor() } else { float.ceil() } as i64;
        outside.checked_add(self.step)
    }

    fn tighter(&self, one: i64, other: i64) -> i64 {
        if self.step > 0 { one.max(other) } else { one.min(other) }
    }
}
