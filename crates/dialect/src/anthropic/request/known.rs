//! Tools that Anthropic defines and the client runs: the model has learned them, Gemini is told their parameters.

use serde_json::{Value, json};

use crate::openai::chat::request::fields::Fields;

/// What such a tool does and takes; `None` for a type that is none of them.
pub(super) fn schema(kind: &str, fields: &mut Fields) -> Option<(String, Value)> {
    let families = ["bash_", "text_editor_", "computer_", "memory_"];
    let family = families.into_iter().find(|begin| kind.starts_with(begin))?;
    Some(match family {
        "bash_" => ("Runs a command in a bash session that goes on between calls.".to_owned(), bash()),
        "text_editor_" => ("Views, creates and edits text files. Lines count from 1.".to_owned(), editor()),
        "computer_" => (computer_says(fields), computer()),
        _ => (
            "Reads and writes files in the directory /memories, kept between conversations.".to_owned(),
            memory(),
        ),
    })
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn bash() -> Value {
    let properties = json!({
        "command": { "type": "string", "description": "The command to run; needed unless restart is true." },
        "restart": { "type": "boolean", "description": "Starts the session anew." },
    });
    object(&properties, &[])
}

fn editor() -> Value {
    let properties = json!({
        "command": { "type": "string", "enum": ["view", "create", "str_replace", "insert", "undo_edit"] },
        "path": { "type": "string", "description": "Absolute path of the file or directory." },
        "view_range": { "type": "array", "items": { "type": "integer" }, "description": "view: first and last line; -1 is the end." },
        "file_text": { "type": "string", "description": "create: what the file will hold." },
        "old_str": { "type": "string", "description": "str_replace: the text to replace; must be there once." },
        "new_str": { "type": "string", "description": "str_replace, insert: the new text." },
        "insert_line": { "type": "integer", "description": "insert: the line after which to insert; 0 is the beginning." },
        "insert_text": { "type": "string", "description": "insert: the text to insert." },
    });
    object(&properties, &["command", "path"])
}

fn computer_says(fields: &mut Fields) -> String {
    let mut size = |name: &str| fields.integer(name).ok().flatten();
    match (size("display_width_px"), size("display_height_px")) {
        (Some(width), Some(height)) => {
            format!("Looks at and controls a screen of {width}x{height} pixels with mouse and keyboard.")
        }
        _ => "Looks at and controls a screen with mouse and keyboard.".to_owned(),
    }
}

fn computer() -> Value {
    let point =
        json!({ "type": "array", "items": { "type": "integer" }, "description": "x and y in pixels." });
    let actions = [
        "key",
        "hold_key",
        "type",
        "cursor_position",
        "mouse_move",
        "left_mouse_down",
        "left_mouse_up",
        "left_click",
        "left_click_drag",
        "right_click",
        "middle_click",
        "double_click",
        "triple_click",
        "scroll",
        "wait",
        "screenshot",
        "zoom",
    ];
    let properties = json!({
        "action": { "type": "string", "enum": actions },
        "coordinate": point,
        "start_coordinate": point,
        "text": { "type": "string", "description": "type, key, hold_key: what to type or press." },
        "scroll_direction": { "type": "string", "enum": ["up", "down", "left", "right"] },
        "scroll_amount": { "type": "integer" },
        "duration": { "type": "number", "description": "hold_key, wait: seconds." },
        "region": { "type": "array", "items": { "type": "integer" }, "description": "zoom: x0, y0, x1, y1." },
    });
    object(&properties, &["action"])
}

fn memory() -> Value {
    let properties = json!({
        "command": { "type": "string", "enum": ["view", "create", "str_replace", "insert", "delete", "rename"] },
        "path": { "type": "string", "description": "Path below /memories." },
        "view_range": { "type": "array", "items": { "type": "integer" } },
        "file_text": { "type": "string" },
        "old_str": { "type": "string" },
        "new_str": { "type": "string" },
        "insert_line": { "type": "integer" },
        "insert_text": { "type": "string" },
        "old_path": { "type": "string" },
        "new_path": { "type": "string" },
    });
    object(&properties, &["command"])
}
