//! Values that satisfy a schema: JSON Schema with `$ref`, and Google's OpenAPI subset with upper-case types.

use std::cell::Cell;

use serde_json::{Map, Number, Value, json};

use crate::noise::hash_with;

/// Deeper than this, optional properties and items are left out, so that recursion ends.
const DEEP: usize = 6;
const MOST_VALUES: usize = 5_000;
/// Longest text and list that a schema can demand.
const LONGEST: usize = 1_000;
/// Bounds beyond this are as good as none, and arithmetic on them would overflow.
const FARTHEST: i64 = 1_000_000_000_000_000;

/// A value that the schema accepts, different for different salts where the schema leaves room.
pub(crate) fn satisfy(schema: &Value, salt: u64) -> Value {
    let budget = Cell::new(MOST_VALUES);
    Maker { root: schema, salt, budget: &budget }.value(schema, "", 0)
}

struct Maker<'a> {
    root: &'a Value,
    salt: u64,
    /// Values left to make, so that a schema that multiplies without end has one.
    budget: &'a Cell<usize>,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let left = self.budget.get().saturating_sub(1);
        self.budget.set(left);
        if left == 0 || depth > 64 {
            return Value::Null;
        }
        if let Some(pointer) = schema["$ref"].as_str() {
            return self.resolve(pointer).map_or(Value::Null, |target| self.value(target, name, depth + 1));
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(choices) = schema["enum"].as_array().filter(|list| !list.is_empty()) {
            return self.pick(choices, name);
        }
        for union in ["anyOf", "oneOf"] {
            if let Some(branch) = schema[union].as_array().and_then(|list| branch(list, depth)) {
                return self.value(&with_siblings(schema, branch, union), name, depth + 1);
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            return self.value(&self.merged(schema, all), name, depth + 1);
        }
        self.typed(schema, name, depth)
    }

    fn typed(&self, schema: &Value, name: &str, depth: usize) -> Value {
        match type_of(schema).as_str() {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "integer" => self.integer(schema, name),
            "number" => self.number(schema, name),
            "boolean" => json!(self.noise(name).is_multiple_of(2)),
            "null" => Value::Null,
            _ => json!(self.text(schema, name)),
        }
    }

    /// Required properties first, in their order, then the optional ones (wire.md §4.7).
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let empty = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for name in &required {
            let value =
                properties.get(*name).map_or(json!(*name), |property| self.value(property, name, depth + 1));
            object.insert((*name).to_owned(), value);
        }
        if depth < DEEP {
            for (name, property) in properties {
                if !object.contains_key(name) {
                    object.insert(name.clone(), self.value(property, name, depth + 2));
                }
            }
        }
        Value::Object(object)
    }

    fn array(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let fixed = schema["prefixItems"].as_array().map(Vec::as_slice).unwrap_or_default();
        let least = count(&schema["minItems"]).unwrap_or(0);
        let most = count(&schema["maxItems"]).unwrap_or(usize::MAX);
        let wished = if depth < DEEP { fixed.len().max(2) } else { 0 };
        let length = wished.max(least).min(most.max(least));
        let items: Vec<Value> = (0..length)
            .map(|at| {
                let item = fixed.get(at).or_else(|| schema.get("items").filter(|items| items.is_object()));
                let maker = Maker { salt: self.salt.wrapping_add(at as u64 + 1), ..*self };
                item.map_or_else(
                    || json!(format!("{name} {}", at + 1)),
                    |item| maker.value(item, name, depth + 1),
                )
            })
            .collect();
        if schema["uniqueItems"] == true { distinct(items) } else { Value::Array(items) }
    }

    fn integer(&self, schema: &Value, name: &str) -> Value {
        let step = schema["multipleOf"].as_i64().filter(|step| *step > 0).unwrap_or(1).min(FARTHEST / 1_000);
        let above = schema["exclusiveMinimum"].as_f64().map(|bound| whole(bound.floor()) + 1);
        let below = schema["exclusiveMaximum"].as_f64().map(|bound| whole(bound.ceil()) - 1);
        let least = above.or_else(|| schema["minimum"].as_f64().map(|bound| whole(bound.ceil())));
        let most = below.or_else(|| schema["maximum"].as_f64().map(|bound| whole(bound.floor())));
        let low = least.unwrap_or_else(|| most.map_or(1, |most| most.min(1)));
        let high = most.unwrap_or(low.saturating_add(40 * step));
        let first = low.div_euclid(step) * step + if low.rem_euclid(step) == 0 { 0 } else { step };
        let room = ((high - first) / step).clamp(0, 40) + 1;
        let offset = i64::try_from(self.noise(name) % room.unsigned_abs()).unwrap_or(0);
        json!(first + offset * step)
    }

    fn number(&self, schema: &Value, name: &str) -> Value {
        let low = schema["minimum"].as_f64().or_else(|| schema["exclusiveMinimum"].as_f64());
        let high = schema["maximum"].as_f64().or_else(|| schema["exclusiveMaximum"].as_f64());
        let share = [0.25, 0.5, 0.75][usize::try_from(self.noise(name) % 3).unwrap_or(0)];
        let value = match (low, high) {
            (Some(low), Some(high)) => low + (high - low) * share,
            (Some(low), None) => low + share,
            (None, Some(high)) => high - share,
            (None, None) => share + 1.0,
        };
        if let Some(step) = schema["multipleOf"].as_f64().filter(|step| *step > 0.0) {
            return number(
                (value / step).floor().max(low.map_or(f64::MIN, |low| (low / step).ceil())) * step,
            );
        }
        number(value)
    }

    fn text(&self, schema: &Value, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        let text = match schema["format"].as_str().unwrap_or_default() {
            "date-time" => "2026-11-22T08:00:00Z".to_owned(),
            "date" => "2026-11-22".to_owned(),
            "time" => "08:00:00Z".to_owned(),
            "email" => "castor@example.com".to_owned(),
            "uri" | "url" => "https://example.com/".to_owned(),
            "uuid" => "0b5e7a50-2c5d-4a35-9d2e-3f1c6a7b8c9d".to_owned(),
            _ if ["city", "location", "place", "where"].iter().any(|word| lower.contains(word)) => {
                self.city()
            }
            _ if name.is_empty() => "answer".to_owned(),
            _ => format!("{name} {}", self.noise(name) % 90 + 10),
        };
        fit(text, count(&schema["minLength"]), count(&schema["maxLength"]))
    }

    fn city(&self) -> String {
        const CITIES: [&str; 5] = ["Paris", "Tokyo", "Nairobi", "Lima", "上海"];
        let at = usize::try_from(self.salt % 5).unwrap_or(0);
        CITIES.get(at).copied().unwrap_or("Paris").to_owned()
    }

    fn pick(&self, choices: &[Value], name: &str) -> Value {
        let at = usize::try_from(self.noise(name)).unwrap_or(0) % choices.len().max(1);
        choices.get(at).cloned().unwrap_or_default()
    }

    fn noise(&self, name: &str) -> u64 {
        hash_with(name, self.salt)
    }

    fn resolve(&self, pointer: &str) -> Option<&Value> {
        let path = pointer.strip_prefix('#')?;
        self.root.pointer(path)
    }

    /// `allOf` as one schema: properties and required lists are joined, anything else is overwritten.
    fn merged(&self, schema: &Value, all: &[Value]) -> Value {
        let mut merged = schema.as_object().cloned().unwrap_or_default();
        merged.remove("allOf");
        for part in all {
            let part = part["$ref"].as_str().and_then(|pointer| self.resolve(pointer)).unwrap_or(part);
            for (key, value) in part.as_object().into_iter().flatten() {
                match (merged.get_mut(key), value) {
                    (Some(Value::Object(have)), Value::Object(more)) => have.extend(more.clone()),
                    (Some(Value::Array(have)), Value::Array(more)) if key == "required" => {
                        have.extend(more.clone());
                    }
                    _ => {
                        merged.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        Value::Object(merged)
    }
}

/// The first branch that is worth having; near the bottom, the one that ends the recursion.
fn branch(branches: &[Value], depth: usize) -> Option<&Value> {
    let is_null = |schema: &&Value| type_of(schema) == "null";
    let is_leaf = |schema: &&Value| {
        schema.get("$ref").is_none() && !matches!(type_of(schema).as_str(), "object" | "array")
    };
    if depth >= DEEP
        && let Some(leaf) = branches.iter().find(is_leaf)
    {
        return Some(leaf);
    }
    branches.iter().find(|schema| !is_null(schema)).or_else(|| branches.first())
}

/// Keywords beside `anyOf` hold for every branch.
fn with_siblings(schema: &Value, branch: &Value, union: &str) -> Value {
    let mut whole = schema.as_object().cloned().unwrap_or_default();
    whole.remove(union);
    whole.extend(branch.as_object().cloned().unwrap_or_default());
    Value::Object(whole)
}

/// The type in lower case; guessed from the other keywords when it is not written.
fn type_of(schema: &Value) -> String {
    let listed = schema["type"].as_array().and_then(|list| {
        let names = || list.iter().filter_map(Value::as_str);
        names().find(|name| !name.eq_ignore_ascii_case("null")).or_else(|| names().next())
    });
    if let Some(name) = schema["type"].as_str().or(listed) {
        return name.to_ascii_lowercase();
    }
    let guess =
        [("properties", "object"), ("required", "object"), ("items", "array"), ("prefixItems", "array")];
    let numeric = ["minimum", "maximum", "multipleOf"];
    let found = guess.iter().find(|(keyword, _)| schema.get(keyword).is_some()).map(|(_, name)| *name);
    let fallback =
        if numeric.iter().any(|keyword| schema.get(keyword).is_some()) { "number" } else { "string" };
    found.unwrap_or(fallback).to_owned()
}

/// Length keywords: plain numbers, or the digits in a string that proto JSON uses for 64-bit fields.
fn count(value: &Value) -> Option<usize> {
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))?;
    usize::try_from(number).ok().map(|number| number.min(LONGEST))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "float to integer casts saturate, which is what a bound needs"
)]
fn whole(bound: f64) -> i64 {
    (bound as i64).clamp(-FARTHEST, FARTHEST)
}

fn number(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn fit(text: String, least: Option<usize>, most: Option<usize>) -> String {
    let length = text.chars().count();
    let padded = match least {
        Some(least) if length < least => text + &"x".repeat(least - length),
        _ => text,
    };
    most.map_or_else(|| padded.clone(), |most| padded.chars().take(most).collect())
}

fn distinct(items: Vec<Value>) -> Value {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    Value::Array(seen)
}

#[cfg(test)]
mod tests;
