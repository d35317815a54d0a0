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
            Value::Bool(_) | Value::Number(_) => {
                self.place += 1;
                let (text, line) = (&*value.to_string(), self.place);
                self.reader.take(&Found { text, line, project, label: None, note: None, tags: None });
            }
        }
    }

    fn object(&mut self, object: &Map<String, Value>, project: Option<&str>) {
        let field = |names: &[&str]| names.iter().find_map(|name| object.get(*name).and_then(Value::as_str));
        if let Some(key) = field(&["key", "api_key", "apiKey", "apikey"]) {
            let project = field(&["project", "project_id", "projectId"]).or(project);
            let tags = tags(object.get("tags").or_else(|| object.get("tag")));
            self.place += 1;
            return self.reader.take(&Found {
                text: key.trim(),
                line: self.place,
                project,
                label: field(&["label", "name"]),
                note: field(&["note", "notes"]),
                tags: Some(&tags),
            });
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
}

/// Tags in a list, or in a text.
fn tags(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    }
}
