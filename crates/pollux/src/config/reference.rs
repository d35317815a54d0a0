//! The reference page and the sample file, made from the table of settings.

use super::keys::keys;
use crate::settings::Key;

const INTRODUCTION: &str = "# Configuration

Every setting can be written in three places. A flag goes before the environment, the environment before the file, the
file before the default. The file is `pollux.toml` in the working directory, or the one named by `--config` or
`POLLUX_CONFIG`. Times are written like `500ms`, `10s`, `2m` or `1h`; a bare number is seconds. Secrets have no flag,
because command lines can be read by others on the machine.

Settings marked ↻ can be turned while the gateway runs: what is written here is their starting value, and a value that an
administrator stores goes before it. [settings.md](settings.md) says how.

`pollux config check` reports everything that is wrong at once. A configuration that is wrong ends the program with exit
code 78. This page is made by `pollux config reference`.
";

const HEADER: &str = "# Pollux. Each line shows the default; remove the # to change it.\n";

/// Every setting, as a Markdown page.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    for section in sections() {
        page.extend(["\n## ", section, "\n\n| in the file | environment | flag | default | meaning |\n"]);
        page.push_str("|---|---|---|---|---|\n");
        page.extend(keys().filter(|key| key.section == section).map(row));
    }
    page
}

/// A `pollux.toml` with every setting commented out.
pub fn sample() -> String {
    let mut file = String::from(HEADER);
    for section in sections() {
        file.extend(["\n# --- ", section, " ---\n"]);
        file.extend(keys().filter(|key| key.section == section).map(paragraph));
    }
    file
}

fn paragraph(key: &Key) -> String {
    let doc = key.doc_lines().collect::<Vec<_>>().join("\n# ");
    format!("\n# {doc}\n# {} = {}\n", key.name, in_toml(key.default))
}

fn sections() -> Vec<&'static str> {
    let mut sections: Vec<&str> = Vec::new();
    for key in keys() {
        if !sections.contains(&key.section) {
            sections.push(key.section);
        }
    }
    sections
}

fn row(key: &Key) -> String {
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let env: Vec<_> = key.env.iter().map(|name| code(name)).collect();
    let flag = key.flag.map_or_else(String::new, |flag| format!("`--{flag}`"));
    let mark = if key.kind.is_some() { " ↻" } else { "" };
    let cells = [code(key.name) + mark, env.join(", "), flag, code(key.default), key.doc()];
    format!("| {} |\n", cells.join(" | "))
}

fn in_toml(default: &str) -> String {
    if default.parse::<u64>().is_ok() { String::from(default) } else { format!("\"{default}\"") }
}
