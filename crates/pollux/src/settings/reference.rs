//! The reference page of the settings, made from their table.

use std::fmt::Write as _;

use super::values::KEYS;

const INTRODUCTION: &str = include_str!("introduction.md");

/// Every setting that can be turned at run time, as a Markdown page.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            let _infallible =
                write!(page, "\n## {section}\n\n| name | takes | default | meaning |\n|---|---|---|---|\n");
        }
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        let takes = key.kind.map(|kind| kind.words()).unwrap_or_default();
        let _infallible = writeln!(page, "| `{}` | {takes} | {default} | {} |", key.name, key.doc());
    }
    page
}
