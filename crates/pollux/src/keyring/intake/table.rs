//! Tables: `key,project,label`.

use super::{Found, Reader, lines, resembles_a_key};

/// Which cell of a line is what.
struct Columns {
    key: usize,
    project: Option<usize>,
    label: Option<usize>,
    note: Option<usize>,
    tags: Option<usize>,
}

/// Reads the text if it is a table; false if it is none.
pub(super) fn read(text: &str, reader: &mut Reader) -> bool {
    let Some((_, first)) = lines(text).next() else { return false };
    let separator = [',', ';', '\t'].into_iter().find(|separator| first.contains(*separator)).unwrap_or(',');
    if let Some(columns) = header(&cells(first, separator)) {
        read_rows(text, separator, (&columns, 1), reader);
        return true;
    }
    if !is_plain(text, separator) {
        return false;
    }
    let columns = Columns { key: 0, project: Some(1), label: Some(2), note: None, tags: None };
    read_rows(text, separator, (&columns, 0), reader);
    true
}

fn header(cells: &[String]) -> Option<Columns> {
    let place =
        |names: &[&str]| cells.iter().position(|cell| names.contains(&cell.to_ascii_lowercase().as_str()));
    Some(Columns {
        key: place(&["key", "api_key", "api key", "apikey", "gemini_key", "gemini_api_key"])?,
        project: place(&["project", "project_id", "projectid", "team", "group"]),
        label: place(&["label", "name"]),
        note: place(&["note", "notes", "comment"]),
        tags: place(&["tags", "tag"]),
    })
}

/// Whether every line is a key and then the same number of cells that are not.
fn is_plain(text: &str, separator: char) -> bool {
    let mut count = 0;
    let mut width = None;
    for (_, line) in lines(text) {
        let cells = cells(line, separator);
        let Some((first, rest)) = cells.split_first() else { return false };
        let same = *width.get_or_insert(cells.len()) == cells.len();
        let others = rest.iter().all(|cell| !cell.contains('=') && !resembles_a_key(cell));
        if !same || !resembles_a_key(first) || !others {
            return false;
        }
        count += 1;
    }
    matches!((width, count), (Some(2), 2..) | (Some(3), 1..))
}

fn read_rows(text: &str, separator: char, (columns, skip): (&Columns, usize), reader: &mut Reader) {
    for (line, text) in lines(text).skip(skip) {
        let cells = cells(text, separator);
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).map(String::as_str);
        let key = cell(Some(columns.key)).unwrap_or_default();
        let (project, label) = (cell(columns.project), cell(columns.label));
        let (note, tags) = (cell(columns.note), cell(columns.tags));
        reader.take(&Found { text: key, line, project, label, note, tags });
    }
}

/// Cells without the quotes around them; two quotes inside quotes are one (RFC 4180).
fn cells(line: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let twice = quoted && letter == '"' && letters.next_if_eq(&'"').is_some();
        if letter == '"' && !twice {
            quoted = !quoted;
        } else if letter == separator && !quoted {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(letter);
        }
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}
