//! JSON: a text, a list or objects.

use serde_json::{Map, Value};

use super::{Found, Reader, is_project, line, lines};

/// Reads the text if it is JSON with something inside; false if it is not.
pub(super) fn read(text: &str, reader: &mut Reader) -> bool {
    if !text.trim_start().starts_with(['[', '{', '"']) {
        return false;
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
    Walk { reader, place: 0 }.value(&value, None);
    true
}

struct Walk<'a> {
    reader: &'a mut Reader,
    /// Counts values, in place of lines.
    place: usize,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, project: Option<&str>) {
        match value {
            Value::String(text) => self.text(text, project),
            Value::Array(items) => items.iter().for_each(|item| self.value(item, project)),
            Value::Object(object) => self.object(object, project),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) => self.found(&value.to_string(), project, None),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, project: Option<&str>) {
        let field = |names: &[&str]| names.iter().find_map(|name| object.get(*name).and_then(Value::as_str));
        if let Some(key) = field(&["key", "api_key", "apiKey", "apikey"]) {
            let project = field(&["project", "project_id", "projectId"]).or(project);
            return self.found(key.trim(), project, field(&["label", "name"]));
        }
        for (name, value) in object {
            self.value(value, Some(name.as_str()).filter(|name| is_project(name)).or(project));
        }
    }

    /// A text may hold several keys, as the field of a form does.
    fn text(&mut self, text: &str, project: Option<&str>) {
        self.place += 1;
        for (_, text) in lines(text) {
            line::read(self.place, text, project, self.reader);
        }
    }

    fn found(&mut self, text: &str, project: Option<&str>, label: Option<&str>) {
        self.place += 1;
        self.reader.take(&Found { text, line: self.place, project, label });
    }
}
