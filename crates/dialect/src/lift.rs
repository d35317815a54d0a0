//! Long base64, taken out of a request before it is read and put back when it is sent on.
//!
//! An image of a megabyte passes through every translator as it is. So [`lift`] puts a stand-in of a hundred letters in its
//! place and keeps a reference to the bytes that came; [`Cargo::load`] puts these between the pieces of what goes out.
//! Nothing is copied, and each byte is looked at once.
//!
//! A stand-in is base64 itself, begins as the data does, so that its kind can be told, and holds 128 bits that nobody
//! outside knows. Only data that needs no mending is taken: the standard alphabet, padded, the rest of a JSON string.

use bytes::Bytes;

#[cfg(test)]
mod tests;

/// Shorter data stays where it is.
const LEAST: usize = 16 << 10;
/// Letters of the data that its stand-in begins with.
const HEAD: usize = 64;
/// Letters that hold the secret, and those that hold the number.
const MARK: (usize, usize) = (24, 8);
/// What a data URL says before its data, at most.
const LONGEST_URL_HEAD: usize = 128;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What was lifted out of one request. Empty for most.
#[derive(Clone, Debug, Default)]
pub struct Cargo {
    secret: [u8; MARK.0],
    pieces: Vec<Bytes>,
}

/// Takes long base64 out of a JSON body. `seed` has to be new for each request.
pub fn lift(body: Bytes, seed: u128) -> (Bytes, Cargo) {
    let mut cargo = Cargo { secret: letters(seed), pieces: Vec::new() };
    if body.len() < LEAST {
        return (body, cargo);
    }
    let mut slim = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(length) = body.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
        let end = at + length;
        if length >= LEAST
            && let Some(start) = begins(&body, at, end)
        {
            let data = body.slice(start..end);
            slim.extend_from_slice(body.get(done..start).unwrap_or_default());
            slim.extend_from_slice(data.get(..HEAD).unwrap_or_default());
            slim.extend_from_slice(&cargo.secret);
            slim.extend_from_slice(&letters::<{ MARK.1 }>(cargo.pieces.len() as u128));
            cargo.pieces.push(data);
            done = end;
        }
        at = end + 1;
    }
    if cargo.pieces.is_empty() {
        return (body, cargo);
    }
    slim.extend_from_slice(body.get(done..).unwrap_or_default());
    (Bytes::from(slim), cargo)
}

/// Where the base64 begins that goes up to the quote at `end`, if the text between two quotes is that and nothing else.
fn begins(body: &[u8], at: usize, end: usize) -> Option<usize> {
    let before = at.checked_sub(2).and_then(|before| body.get(before)).copied();
    // Behind `\"` a text goes on that quotes something.
    if before == Some(b'\\') {
        return None;
    }
    let text = body.get(at..end)?;
    let head = text.get(..LONGEST_URL_HEAD.min(text.len()))?;
    let start = match head.strip_prefix(b"data:") {
        Some(_) => head.windows(8).position(|part| part == b";base64,")? + 8,
        None => 0,
    };
    is_clean_base64(text.get(start..)?).then_some(at + start)
}

/// Is it base64 of the standard alphabet, padded?
pub(crate) fn is_clean_base64(text: &[u8]) -> bool {
    let padding = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let (data, _) = text.split_at(text.len() - padding);
    // Whole pieces without an early way out, so that the compiler looks at many bytes in one step.
    let (pieces, rest) = data.as_chunks::<64>();
    text.len().is_multiple_of(4)
        && !data.is_empty()
        && pieces.iter().all(|piece| piece.iter().fold(true, |well, byte| well & is_letter(*byte)))
        && rest.iter().all(|byte| is_letter(*byte))
}

#[expect(clippy::needless_bitwise_bool, reason = "without a branch many bytes are judged in one step")]
const fn is_letter(byte: u8) -> bool {
    let small = (byte | 0x20).wrapping_sub(b'a') < 26;
    // `/` comes before the digits.
    let digit = byte.wrapping_sub(b'/') < 11;
    small | digit | (byte == b'+')
}

fn letters<const N: usize>(value: u128) -> [u8; N] {
    std::array::from_fn(|place| {
        let bits = value.checked_shr(u32::try_from(place * 6).unwrap_or(u32::MAX)).unwrap_or(0);
        ALPHABET.get((bits & 63) as usize).copied().unwrap_or(b'A')
    })
}

impl Cargo {
    /// Whether nothing was lifted.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How long a text is with what was lifted out of it.
    pub fn length(&self, text: &str) -> usize {
        let Some(piece) = self.of(text.as_bytes()) else { return text.len() };
        text.len() - HEAD - MARK.0 - MARK.1 + piece.len()
    }

    /// Puts what was lifted back into what goes out: the pieces to be sent one after the other.
    pub fn load(&self, slim: Vec<u8>) -> Vec<Bytes> {
        let slim = Bytes::from(slim);
        if self.pieces.is_empty() {
            return vec![slim];
        }
        let mut load = Vec::with_capacity(2 * self.pieces.len() + 1);
        let mut done = 0;
        for mark in memchr::memmem::find_iter(&slim, &self.secret) {
            let number = slim.get(mark + MARK.0..mark + MARK.0 + MARK.1).and_then(number);
            let piece = number.and_then(|number| self.pieces.get(number));
            if let (Some(start), Some(piece)) = (mark.checked_sub(HEAD).filter(|start| *start >= done), piece)
            {
                load.push(slim.slice(done..start));
                load.push(piece.clone());
                done = mark + MARK.0 + MARK.1;
            }
        }
        load.push(slim.slice(done..));
        load
    }

    /// What a text has a stand-in for, if it has one.
    fn of(&self, text: &[u8]) -> Option<&Bytes> {
        if self.pieces.is_empty() || text.len() < HEAD + MARK.0 + MARK.1 {
            return None;
        }
        // A stand-in is all of a text, or the end of one.
        let mark = text.len() - MARK.0 - MARK.1;
        let (_, mark) = text.split_at_checked(mark)?;
        let rest = mark.strip_prefix(&self.secret)?;
        self.pieces.get(number(rest)?)
    }
}

fn number(letters: &[u8]) -> Option<usize> {
    letters.iter().rev().try_fold(0_usize, |number, letter| {
        Some(number << 6 | ALPHABET.iter().position(|known| known == letter)?)
    })
}
