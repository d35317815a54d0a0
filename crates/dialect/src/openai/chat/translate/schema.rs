//! JSON Schema as Gemini takes it in `responseJsonSchema` and `parametersJsonSchema` (`wire.md` §4.7).
//!
//! `$defs` and `$ref` stay: inlining them runs into nesting limits. What Gemini does not honour is said in the
//! description, so that the model at least reads it.

mod bounds;
mod choices;
mod merge;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// Deeper than this a schema is cut off; request bodies end at 128 anyway.
const MAX_DEPTH: usize = 96;
/// References inside `allOf` that are copied in, at most.
const MAX_INLINED: u32 = 32;

const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];
/// Formats that constrain Gemini; others are only told.
const FORMATS: [&str; 8] = ["date-time", "date", "time", "enum", "int32", "int64", "float", "double"];
/// Keywords that Gemini ignores and a model can read.
const TOLD: [&str; 9] = [
    "pattern",
    "minLength",
    "maxLength",
    "multipleOf",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "default",
    "contentEncoding",
];

/// The schema in the words Gemini knows. Applying it twice changes nothing more.
pub(super) fn simplify(schema: &Value) -> Value {
    Simplifier { root: schema, inlined: 0 }.node(schema, 0)
}

struct Simplifier<'a> {
    root: &'a Value,
    inlined: u32,
}

impl Simplifier<'_> {
    fn node(&mut self, schema: &Value, depth: usize) -> Value {
        let Value::Object(source) = schema else { return json!({}) };
        if depth > MAX_DEPTH {
            return json!({});
        }
        let flat = self.flatten(source, depth);
        let source = flat.as_ref().unwrap_or(source);
        let mut out = Map::new();
        if let Some(target) = reference(source) {
            return self.referring(source, &target, depth);
        }
        for (key, value) in source {
            self.keyword(&mut out, key, value, depth);
        }
        let mut told = told(source);
        choices::apply(source, &mut out, &mut told);
        bounds::apply(source, &mut out, &mut told);
        nullable(source, &mut out);
        required(&mut out);
        describe(&mut out, &told);
        Value::Object(out)
    }

    /// Beside `$ref` only `$` keys are legal.
    fn referring(&mut self, source: &Map<String, Value>, target: &str, depth: usize) -> Value {
        let mut out = Map::from_iter([("$ref".to_owned(), Value::from(target))]);
        for key in ["$id", "$anchor", "$defs", "definitions"] {
            if let Some(value) = source.get(key) {
                self.keyword(&mut out, key, value, depth);
            }
        }
        if source.get("nullable") != Some(&Value::Bool(true)) {
            return Value::Object(out);
        }
        let mut outer = Map::new();
        outer.extend(out.remove_entry("$defs"));
        outer.insert("anyOf".to_owned(), json!([out, { "type": "null" }]));
        Value::Object(outer)
    }

    fn keyword(&mut self, out: &mut Map<String, Value>, key: &str, value: &Value, depth: usize) {
        let depth = depth + 1;
        let (key, value) = match (key, value) {
            ("$id" | "$anchor" | "title" | "description", Value::String(_))
            | ("additionalProperties", Value::Bool(_))
            | ("minimum" | "maximum", Value::Number(_)) => (key, value.clone()),
            ("$defs" | "definitions", Value::Object(map)) => {
                let nodes = self.map(map, depth);
                if let Some(Value::Object(known)) = out.get_mut("$defs") {
                    known.extend(nodes);
                    return;
                }
                ("$defs", Value::Object(nodes))
            }
            ("properties", Value::Object(map)) => (key, Value::Object(self.map(map, depth))),
            ("items", Value::Array(list)) if list.is_empty() => return,
            ("items", Value::Array(list)) => ("prefixItems", self.list(list, depth)),
            ("items", _) | ("additionalProperties", Value::Object(_)) => (key, self.node(value, depth)),
            ("prefixItems" | "anyOf" | "oneOf", Value::Array(list)) if !list.is_empty() => {
                (key, self.list(list, depth))
            }
            ("required" | "propertyOrdering", Value::Array(list)) => (key, strings(list)),
            ("minItems" | "maxItems", Value::Number(number)) if number.is_u64() => (key, value.clone()),
            ("format", Value::String(format)) if FORMATS.contains(&format.as_str()) => (key, value.clone()),
            ("type", value) => match types(value) {
                Some(types) => (key, types),
                None => return,
            },
            _ => return,
        };
        out.insert(key.to_owned(), value);
    }

    fn map(&mut self, map: &Map<String, Value>, depth: usize) -> Map<String, Value> {
        map.iter().map(|(name, schema)| (name.clone(), self.node(schema, depth))).collect()
    }

    fn list(&mut self, list: &[Value], depth: usize) -> Value {
        list.iter().map(|schema| self.node(schema, depth)).collect()
    }

    /// The schema with `allOf` merged into it; `None` if it has none.
    fn flatten(&mut self, source: &Map<String, Value>, depth: usize) -> Option<Map<String, Value>> {
        let branches = source.get("allOf")?;
        let mut base = source.clone();
        base.shift_remove("allOf");
        let branches = branches.as_array().map(Vec::as_slice).unwrap_or_default();
        // Pydantic writes a described reference as an `allOf` of one.
        if let [Value::Object(only)] = branches
            && only.contains_key("$ref")
            && !merge::constrains(&base)
        {
            base.extend(only.clone());
            return Some(base);
        }
        for branch in branches {
            if let Some(branch) = self.branch(branch, depth) {
                merge::into(&mut base, branch);
            }
        }
        Some(base)
    }

    /// One branch of an `allOf`, its own references and `allOf`s resolved.
    fn branch(&mut self, branch: &Value, depth: usize) -> Option<Map<String, Value>> {
        let mut branch = branch.as_object()?.clone();
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(Value::String(target)) = branch.shift_remove("$ref") {
            self.inlined += 1;
            let root = self.root;
            let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            if let (Some(target), true) = (target, self.inlined <= MAX_INLINED) {
                merge::into(&mut branch, self.branch(target, depth + 1)?);
            }
        }
        Some(self.flatten(&branch, depth + 1).unwrap_or(branch))
    }
}

/// The target of a local reference.
fn reference(source: &Map<String, Value>) -> Option<String> {
    let target = source.get("$ref")?.as_str()?;
    let renamed = target.strip_prefix("#/definitions/").map(|name| format!("#/$defs/{name}"));
    renamed.or_else(|| target.starts_with('#').then(|| target.to_owned()))
}

fn types(value: &Value) -> Option<Value> {
    let known = |value: &Value| {
        let name = value.as_str()?.to_ascii_lowercase();
        TYPES.contains(&name.as_str()).then_some(name)
    };
    let Value::Array(list) = value else { return known(value).map(Value::String) };
    let mut names: Vec<String> = Vec::new();
    for name in list.iter().filter_map(known) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => None,
        [only] => Some(Value::from(only.as_str())),
        _ => Some(Value::from(names)),
    }
}

fn strings(list: &[Value]) -> Value {
    let mut seen = HashSet::new();
    list.iter().filter(|name| name.as_str().is_some_and(|name| seen.insert(name))).cloned().collect()
}

/// OpenAPI's `nullable`, as JSON Schema says it.
fn nullable(source: &Map<String, Value>, out: &mut Map<String, Value>) {
    if source.get("nullable") == Some(&Value::Bool(true)) {
        allow_null(out);
    }
}

fn allow_null(out: &mut Map<String, Value>) {
    let nothing = Value::from("null");
    if let Some(kind) = out.get_mut("type") {
        match kind {
            Value::Array(names) if !names.contains(&nothing) => names.push(nothing),
            Value::String(name) if name != "null" => *kind = json!([name, nothing]),
            _ => {}
        }
    } else if let Some(Value::Array(branches)) = out.get_mut("anyOf") {
        let branch = json!({ "type": nothing });
        if !branches.contains(&branch) {
            branches.push(branch);
        }
    }
}

/// A required name without its property is a 400.
fn required(out: &mut Map<String, Value>) {
    let Some(Value::Array(mut names)) = out.shift_remove("required") else { return };
    let properties = out.get("properties").and_then(Value::as_object);
    let known =
        |name: &Value| name.as_str().is_some_and(|name| properties.is_some_and(|all| all.contains_key(name)));
    names.retain(known);
    if !names.is_empty() {
        out.insert("required".to_owned(), Value::Array(names));
    }
}

fn told(source: &Map<String, Value>) -> Vec<String> {
    let scalar = |value: &&Value| !value.is_null() && !value.is_object() && !value.is_array();
    let told = TOLD.iter().filter_map(|key| {
        let value = source.get(*key).filter(scalar)?;
        (*key != "uniqueItems" || value == &Value::Bool(true)).then(|| format!("{key}: {}", plain(value)))
    });
    let mut told: Vec<String> = told.collect();
    if let Some(Value::String(format)) = source.get("format")
        && !FORMATS.contains(&format.as_str())
    {
        told.push(format!("format: {format}"));
    }
    told
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn describe(out: &mut Map<String, Value>, told: &[String]) {
    if told.is_empty() {
        return;
    }
    let told = told.join("; ");
    let text = match out.get("description").and_then(Value::as_str) {
        Some(text) if !text.is_empty() => format!("{text} ({told})"),
        _ => told,
    };
    out.insert("description".to_owned(), Value::String(text));
}
