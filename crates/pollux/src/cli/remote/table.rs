//! Rows of JSON as a table for people.

use serde_json::Value;

/// A column: its heading, and the JSON pointer of its cells.
pub(in crate::cli) type Column = (&'static str, &'static str);

/// The widest a cell may be.
const WIDEST: usize = 60;

/// Rows under headings.
pub(super) fn table(rows: &[Value], columns: &[Column]) -> String {
    let heads: Vec<String> = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let cells = rows.iter().map(|row| columns.iter().map(|(_, at)| cell(row.pointer(at))).collect());
    let lines: Vec<Vec<String>> = std::iter::once(heads).chain(cells).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One thing, a line for each field.
pub(super) fn fields(thing: &Value) -> String {
    let Value::Object(fields) = thing else { return cell(Some(thing)) };
    let width = fields.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let lines = fields.iter().map(|(name, value)| {
        let text = match value {
            Value::Object(_) | Value::Array(_) => value.to_string(),
            Value::String(text) => plain(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => cell(Some(value)),
        };
        format!("{name:width$}  {text}").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => plain(text),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(other @ (Value::Number(_) | Value::Array(_) | Value::Object(_))) => other.to_string(),
    };
    if text.chars().count() <= WIDEST {
        return text;
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}

/// A text that cannot move the cursor or forge a line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_stand_under_their_headings() {
        let rows = [
            json!({"id": "key_1", "state": {"name": "ready"}, "enabled": true}),
            json!({"id": "key_22", "state": {"name": "dead\u{1b}[2J"}, "enabled": false, "more": [1]}),
        ];
        insta::assert_snapshot!(table(&rows, &[("ID", "/id"), ("STATE", "/state/name"), ("ON", "/enabled")]), @r"
        ID      STATE     ON
        key_1   ready     yes
        key_22  dead·[2J  no
        ");
        assert_eq!(cell(Some(&json!("x".repeat(100)))).chars().count(), WIDEST);
        insta::assert_snapshot!(fields(&json!({"id": "a", "list": [1, 2], "none": null})), @r"
        id    a
        list  [1,2]
        none
        ");
    }
}
