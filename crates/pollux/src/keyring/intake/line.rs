//! One line of free text.

use super::{Found, Reader, check, is_project};

/// `project` is the one known so far; a name on the line overrides it.
pub(super) fn read<'a>(line: usize, text: &'a str, project: Option<&'a str>, reader: &mut Reader) {
    let text = uncommented(text.strip_prefix("export ").unwrap_or(text));
    let text = joined(text);
    let mut project = project;
    for word in text.split(is_separator).filter(|word| !is_bullet(word)) {
        let (name, key) = named(word);
        if let Some(name) = name {
            project = Some(name).filter(|name| is_project(name));
        }
        if !key.is_empty() {
            reader.take(&Found { text: key, line, project, label: None, note: None, tags: None });
        }
    }
}

fn uncommented(text: &str) -> &str {
    text.find(" #").or_else(|| text.find("\t#")).map_or(text, |at| &text[..at])
}

/// Takes out the spaces around `=` and after `:`, so that a name and its key become one word, and the quotes between
/// them.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut after = false;
    for letter in text.chars() {
        let sign = matches!(letter, '=' | ':');
        if after && !sign && (letter.is_whitespace() || is_quote(letter)) {
            continue;
        }
        if sign {
            joined.truncate(
                joined.trim_end_matches(|letter: char| letter.is_whitespace() || is_quote(letter)).len(),
            );
        }
        after = sign;
        joined.push(letter);
    }
    joined
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '\'' | '`' | '“' | '”' | '‘' | '’')
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || is_quote(letter)
        || matches!(
            letter,
            ',' | ';' | '|' | '，' | '；' | '、' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>'
        )
}

/// `-`, `*`, `1.`, `2)` and nothing at all.
fn is_bullet(word: &str) -> bool {
    let digits = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
    matches!(digits, "" | "." | "-" | "*" | "•" | "–" | "—") && (word.len() < 8)
}

/// `name=key`, a name that goes on to the next words (`name=`), or just a key.
fn named(word: &str) -> (Option<&str>, &str) {
    let Some((name, key)) = word.split_once(['=', ':', '：']) else { return (None, word) };
    let key = key.trim_start_matches(['=', ':']);
    // A key with padding or with something pasted behind it is a damaged key, not the name of one.
    if name.is_empty() || check(key).is_err() && check(name).is_ok() {
        (None, word)
    } else {
        (Some(name), key)
    }
}
