//! Finds the images that our own answers put into `content` as Markdown, so that they go back as images.

use super::media;
use super::messages::Piece;

const OPEN: &str = "](data:";
/// Longest description of an image, in bytes.
const MAX_ALT: usize = 256;

/// Splits a text at `![…](data:…)`; anything that is not a well-formed image stays text.
pub(crate) fn split(text: String) -> Vec<Piece> {
    if !text.contains(OPEN) {
        return vec![Piece::text(text)];
    }
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(OPEN)) {
        let open = from + found;
        from = open + OPEN.len();
        let Some((start, end, media)) = image(&text, done, open) else { continue };
        push(&mut pieces, text.get(done..start));
        pieces.push(Piece::Media(media));
        (done, from) = (end, end);
    }
    push(&mut pieces, text.get(done..));
    pieces
}

/// The image around the `](` at `open`: where it starts, where it ends, what it is.
fn image(text: &str, done: usize, open: usize) -> Option<(usize, usize, media::Media)> {
    // Only a short description is looked for, for the same reason as below.
    let window = text.floor_char_boundary(open.saturating_sub(MAX_ALT)).max(done);
    let start =
        (window + text.get(window..open)?.rfind('[')?).checked_sub(1).filter(|start| *start >= done)?;
    let url_at = open + "](".len();
    // Brackets end the search early: without that, a hostile text makes it quadratic.
    let end = url_at + text.get(url_at..)?.find(['(', ')', '[', ']', '\n'])?;
    if !text.get(start..)?.starts_with("![") || !text.get(end..)?.starts_with(')') {
        return None;
    }
    let media = media::from_data_url(text.get(url_at..end)?)?;
    Some((start, end + 1, media))
}

fn push(pieces: &mut Vec<Piece>, text: Option<&str>) {
    pieces.extend(text.filter(|text| !text.trim().is_empty()).map(|text| Piece::text(text.to_owned())));
}
