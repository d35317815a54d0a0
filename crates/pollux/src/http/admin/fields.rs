//! The body of an admin request: a JSON object whose fields are read one by one, so that each complaint names its
//! field.

use std::fmt::Display;
use std::ops::RangeInclusive;

use axum::body::Body;
use http::StatusCode;
use serde_json::{Map, Value};

use super::Problem;
use crate::clock::Moment;
use crate::http::body;

/// A JSON object.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body. An empty one is an empty object: each field has a default or is asked for by name.
    pub(super) async fn read(request: Body, limit: usize) -> Result<Self, Problem> {
        Self::parse(&body::read(request, limit).await?)
    }

    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        // The error says where, never what: the body may hold keys.
        let value = serde_json::from_slice(bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let detail = format!("The body is not JSON: something is wrong at line {line}, column {column}.");
            Problem::new(StatusCode::BAD_REQUEST, detail)
        })?;
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(Problem::unprocessable("The body must be a JSON object."))
            }
        }
    }

    /// A field as it is; null is the same as nothing.
    pub(super) fn value(&self, name: &'static str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// All of them.
    pub(super) fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// A text.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| Problem::field(name, "must be a text"))
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, Problem> {
        self.text(name)?.ok_or_else(|| Problem::field(name, "is required"))
    }

    /// True or false.
    pub(super) fn truth(&self, name: &'static str) -> Result<Option<bool>, Problem> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| Problem::field(name, "must be true or false"))
    }

    /// A whole number of a range.
    pub(super) fn whole<T>(&self, name: &'static str, range: RangeInclusive<T>) -> Result<Option<T>, Problem>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = value.as_i64().and_then(|number| T::try_from(number).ok());
        number.filter(|number| range.contains(number)).map(Some).ok_or_else(|| {
            let why = format!("must be a whole number from {} to {}", range.start(), range.end());
            Problem::field(name, &why)
        })
    }

    /// An object inside.
    pub(super) fn object(&self, name: &'static str) -> Result<Option<&Map<String, Value>>, Problem> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_object().map(Some).ok_or_else(|| Problem::field(name, "must be an object"))
    }

    /// Whether a field is there, be it null.
    pub(super) fn mentions(&self, name: &'static str) -> bool {
        self.0.contains_key(name)
    }

    /// Refuses other fields than these: a change that is misspelt must not pass for done.
    pub(super) fn only(&self, names: &[&'static str]) -> Result<(), Problem> {
        if self.0.keys().all(|name| names.contains(&name.as_str())) {
            return Ok(());
        }
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Err(Problem::unprocessable(format!("The body may only have the fields {names}.")))
    }

    /// A moment, written as ISO 8601 with its offset.
    pub(super) fn moment(&self, name: &'static str) -> Result<Option<Moment>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let time = text.trim().parse::<jiff::Timestamp>();
        let time = time.map_err(|_| Problem::field(name, "must be a time such as 2027-01-31T18:00:00Z"))?;
        Ok(Some(Moment(time.as_millisecond())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_refused_with_its_reason() {
        let cases = [
            (r#"{"key": }"#, "The body is not JSON: something is wrong at line 1, column 9."),
            ("{\n\"key\": \"AIza", "The body is not JSON: something is wrong at line 2, column 12."),
            ("\u{feff}{}", "The body is not JSON: something is wrong at line 1, column 1."),
            ("[]", "The body must be a JSON object."),
            ("\"AIza\"", "The body must be a JSON object."),
            ("null", "The body must be a JSON object."),
        ];
        for (body, expected) in cases {
            assert_eq!(problem(Fields::parse(body.as_bytes())), expected, "{body}");
        }
        assert_eq!(
            problem(Fields::parse(b"{\"key\": \"\xff\"}")),
            "The body is not JSON: something is wrong at line 1, column 10."
        );
    }

    #[test]
    fn fields_are_read_by_kind() {
        let fields =
            Fields::parse(br#"{"name": "Ann", "none": null, "odd": 5, "at": "2027-01-31T18:00:00Z"}"#)
                .unwrap();
        assert_eq!(fields.text("name"), Ok(Some("Ann")));
        assert_eq!((fields.text("none"), fields.text("absent")), (Ok(None), Ok(None)));
        assert_eq!(problem(fields.text("odd")), "`odd` must be a text.");
        assert_eq!(problem(fields.required("none")), "`none` is required.");
        assert_eq!(fields.moment("at"), Ok(Some(Moment(1_801_418_400_000))));
        assert_eq!(problem(fields.moment("name")), "`name` must be a time such as 2027-01-31T18:00:00Z.");
        assert!(Fields::parse(b" \n").unwrap().value("name").is_none());
    }

    #[test]
    fn numbers_and_switches_are_exact() {
        let fields =
            Fields::parse(br#"{"on": true, "n": 5, "minus": -3, "half": 0.5, "big": 1e30, "none": null}"#);
        let fields = fields.unwrap();
        assert_eq!((fields.truth("on"), fields.truth("none")), (Ok(Some(true)), Ok(None)));
        assert_eq!(problem(fields.truth("n")), "`n` must be true or false.");
        assert_eq!(fields.whole("n", 1..=5_u32), Ok(Some(5)));
        assert_eq!(fields.whole("minus", -3..=3_i32), Ok(Some(-3)));
        assert_eq!(problem(fields.whole("n", 1..=4_u32)), "`n` must be a whole number from 1 to 4.");
        for (name, number) in [("minus", "-3"), ("half", "0.5"), ("big", "1e30"), ("on", "true")] {
            assert!(fields.whole(name, 0..=9_u64).is_err(), "{number}");
        }
        assert!(fields.mentions("none") && !fields.mentions("absent"));
        assert!(fields.only(&["on", "n", "minus", "half", "big", "none"]).is_ok());
        let strange = problem(fields.only(&["on", "n"]));
        assert_eq!(strange, "The body may only have the fields `on`, `n`.");
    }

    fn problem<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
        result.unwrap_err().detail
    }
}
