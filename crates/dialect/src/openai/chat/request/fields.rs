//! Reads a JSON object field by field and knows the path of each one, for error messages.
//!
//! Null counts as absent: clients echo the objects an SDK gave them, nulls included (`gemini-2026-11.md` §5.3).

use serde_json::{Map, Number, Value};

use crate::openai::error::ApiError;

/// Fields that are looked through one by one.
const FEW: usize = 8;

/// An object being taken apart.
#[derive(Debug)]
pub(crate) struct Fields {
    path: String,
    map: Map<String, Value>,
}

impl Fields {
    /// Takes an object apart; anything else is an error.
    pub(crate) fn new(path: impl Into<String>, value: Value) -> Result<Self, ApiError> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Self { path, map }),
            other => Err(mistyped(&path, "an object", &other)),
        }
    }

    /// The path of one of its fields.
    pub(crate) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Is the field there, and not null?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    /// Looks for a field. To hash a name takes longer than to compare it with a few others.
    fn find(&mut self, name: &str) -> Option<&mut Value> {
        if self.map.len() > FEW {
            return self.map.get_mut(name);
        }
        self.map.iter_mut().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Takes a field of any type.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.find(name).map(Value::take).filter(|value| !value.is_null())
    }

    /// Takes a value by a path of names; list indices are not needed by anyone but `0`.
    pub(crate) fn dig(&mut self, path: &[&str]) -> Option<Value> {
        let (first, rest) = path.split_first()?;
        let mut at = self.map.get_mut(*first)?;
        for name in rest {
            at = if *name == "0" && at.is_array() { at.get_mut(0)? } else { at.get_mut(*name)? };
        }
        Some(at.take()).filter(|value| !value.is_null())
    }

    /// Takes a string.
    pub(crate) fn string(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(mistyped(&self.at(name), "a string", &other)),
        }
    }

    /// Takes a boolean.
    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(mistyped(&self.at(name), "true or false", &other)),
        }
    }

    /// Takes a number.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<Number>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(other) => Err(mistyped(&self.at(name), "a number", &other)),
        }
    }

    /// Takes an integer; `5.0` is one.
    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i128>, ApiError> {
        let Some(number) = self.number(name)? else { return Ok(None) };
        match whole(&number) {
            Some(integer) => Ok(Some(integer)),
            None => Err(ApiError::value(self.at(name), format!("expected a whole number, got {number}"))),
        }
    }

    /// Takes an object.
    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Self>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        Self::new(self.at(name), value).map(Some)
    }

    /// Takes a list: each item with its path, nulls left out.
    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<(String, Value)>>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(numbered(&self.at(name), items))),
            Some(other) => Err(mistyped(&self.at(name), "a list", &other)),
        }
    }

    /// Moves the members of a nested object up here, where they are not given already.
    pub(crate) fn absorb(&mut self, name: &str) {
        let Some(Value::Object(nested)) = self.take(name) else { return };
        for (key, value) in nested {
            if !self.has(&key) {
                self.map.insert(key, value);
            }
        }
    }

    /// The names of the fields nobody took.
    pub(crate) fn rest(&self) -> impl Iterator<Item = String> {
        self.map.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| self.at(name))
    }

    /// Forgets a field.
    pub(crate) fn discard(&mut self, names: &[&str]) {
        for name in names {
            self.take(name);
        }
    }
}

/// The items of a list with their paths, nulls left out.
pub(crate) fn numbered(path: &str, items: Vec<Value>) -> Vec<(String, Value)> {
    let item = |(index, value): (usize, Value)| (format!("{path}[{index}]"), value);
    items.into_iter().enumerate().map(item).filter(|(_, value)| !value.is_null()).collect()
}

/// The error for a value of the wrong type.
pub(crate) fn mistyped(path: &str, expected: &str, found: &Value) -> ApiError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    if path.is_empty() {
        return ApiError::body(format!("The body is {found}; expected {expected}."));
    }
    ApiError::value(path, format!("expected {expected}, got {found}."))
}

/// The number as an integer, if it is one. Beyond 2^63 floats saturate, which every user of this clamps anyway.
fn whole(number: &Number) -> Option<i128> {
    if let Some(integer) = number.as_i128() {
        return Some(integer);
    }
    #[expect(clippy::cast_possible_truncation, reason = "casting a float saturates")]
    number.as_f64().filter(|float| float.fract() == 0.0).map(|float| float as i128)
}
