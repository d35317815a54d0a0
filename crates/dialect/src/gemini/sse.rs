//! An incremental decoder for the body of `streamGenerateContent` (`wire.md` §7.1, `gemini-2026-11.md` §1.1).
//!
//! It takes any split of the body and gives the same frames. Besides proper `text/event-stream` it accepts what
//! Google really sends: a raw JSON error between or after events, and (without `alt=sse`) one JSON array whose
//! elements arrive one by one; a body that begins with `[` is read that way, no switch needed. Every byte is looked
//! at once, and an event of a single `data:` line, which is all Google sends, is copied once.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

#[cfg(test)]
mod tests;

mod balance;

use balance::Balance;

/// The largest event taken unless told otherwise: images and signatures run to megabytes.
pub const MAX_EVENT: usize = 64 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What comes out of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The data of one event, or one element of a JSON array body.
    Data(Bytes),
    /// JSON that stands in the body without `data:`, normally an error object or a one-element array of it.
    Stray(String),
}

impl Frame {
    /// The bytes, whichever way they came.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Data(data) => data,
            Self::Stray(text) => text.as_bytes(),
        }
    }
}

/// One event is larger than the decoder was told to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the upstream stream is larger than {max} bytes")]
pub struct EventTooLarge {
    /// The limit.
    pub max: usize,
}

/// The decoder: [`push`](Self::push) bytes, take frames with [`next`](Self::next) until `None`, and at the end of
/// the body take the rest with [`finish`](Self::finish) until `None`.
#[derive(Debug)]
pub struct Decoder {
    /// What has not become a line or an element yet.
    buffer: BytesMut,
    /// How much of `buffer` has been looked at.
    scanned: usize,
    mode: Mode,
    /// The last line ended in CR: an LF that comes next belongs to it.
    after_cr: bool,
    data: Data,
    /// Raw JSON, line by line, until its braces balance.
    stray: Option<(BytesMut, Balance)>,
    ready: VecDeque<Frame>,
    max: usize,
    failed: bool,
}

/// How the body is being read.
#[derive(Debug)]
enum Mode {
    /// Nothing seen but a byte order mark and white space.
    Start {
        /// Whether a byte order mark may still come.
        bom: bool,
    },
    Lines,
    Array(Balance),
}

/// The data lines of the event so far.
#[derive(Debug)]
enum Data {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(line) => line.len(),
            Self::Many(lines) => lines.len(),
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that takes events up to [`MAX_EVENT`].
    pub fn new() -> Self {
        Self::with_max_event(MAX_EVENT)
    }

    /// A decoder that takes events up to `max` bytes.
    fn with_max_event(max: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            scanned: 0,
            mode: Mode::Start { bom: true },
            after_cr: false,
            data: Data::None,
            stray: None,
            ready: VecDeque::new(),
            max,
            failed: false,
        }
    }

    /// Takes the next bytes of the body. After an error nothing more is decoded; frames already complete stay.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), EventTooLarge> {
        if !self.failed {
            self.buffer.extend_from_slice(bytes);
            self.failed = self.scan().is_err() || self.pending() > self.max;
        }
        if self.failed { Err(EventTooLarge { max: self.max }) } else { Ok(()) }
    }

    /// The next complete frame, if there is one.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: more may come after `None`")]
    pub fn next(&mut self) -> Option<Frame> {
        self.ready.pop_front()
    }

    /// The end of the body: gives what is left, also an event that no blank line closed. Call until `None`.
    pub fn finish(&mut self) -> Option<Frame> {
        if !self.failed {
            self.flush();
        }
        self.ready.pop_front()
    }

    fn pending(&self) -> usize {
        let stray = self.stray.as_ref().map_or(0, |(text, _)| text.len());
        self.buffer.len() + self.data.len() + stray
    }

    fn scan(&mut self) -> Result<(), EventTooLarge> {
        if matches!(self.mode, Mode::Start { .. }) {
            self.start();
        }
        if let Mode::Array(balance) = self.mode {
            self.elements(balance)?;
        }
        if matches!(self.mode, Mode::Lines) {
            while let Some(line) = self.take_line() {
                self.line(&line)?;
            }
        }
        Ok(())
    }

    /// Skips a byte order mark and white space; the first real byte decides how the body is read.
    fn start(&mut self) {
        if matches!(self.mode, Mode::Start { bom: true }) {
            if self.buffer.len() < BOM.len() && BOM.starts_with(&self.buffer) {
                return;
            }
            if self.buffer.starts_with(BOM) {
                self.buffer.advance(BOM.len());
            }
            self.mode = Mode::Start { bom: false };
        }
        let space = self.buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.buffer.advance(space);
        match self.buffer.first() {
            None => {}
            Some(b'[') => {
                self.buffer.advance(1);
                self.mode = Mode::Array(Balance::default());
            }
            Some(_) => self.mode = Mode::Lines,
        }
    }

    /// Cuts off the next complete line, without its end.
    fn take_line(&mut self) -> Option<Bytes> {
        if self.after_cr && !self.buffer.is_empty() {
            if self.buffer.first() == Some(&b'\n') {
                self.buffer.advance(1);
            }
            self.after_cr = false;
        }
        let unseen = self.buffer.get(self.scanned..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'\n', b'\r', unseen) else {
            self.scanned = self.buffer.len();
            return None;
        };
        let end = self.scanned + found;
        self.after_cr = unseen.get(found) == Some(&b'\r');
        self.scanned = 0;
        let line = self.buffer.split_to(end).freeze();
        self.buffer.advance(1);
        Some(line)
    }

    fn line(&mut self, line: &Bytes) -> Result<(), EventTooLarge> {
        if self.pending() - self.buffer.len() + line.len() > self.max {
            return Err(EventTooLarge { max: self.max });
        }
        if let Some(value) = data_value(line) {
            self.end_stray();
            self.add_data(value);
        } else if self.stray.is_some() {
            self.add_stray(line);
        } else if line.is_empty() {
            self.end_data();
        } else if matches!(line.trim_ascii_start().first(), Some(b'{' | b'[')) {
            self.end_data();
            self.stray = Some((BytesMut::new(), Balance::default()));
            self.add_stray(line);
        }
        // Anything else is a comment, `event:`, `id:`, `retry:` or unknown: no part of the answer.
        Ok(())
    }

    fn add_data(&mut self, value: Bytes) {
        self.data = match std::mem::replace(&mut self.data, Data::None) {
            Data::None => Data::One(value),
            Data::One(first) => {
                let mut lines = BytesMut::with_capacity(first.len() + value.len() + 1);
                lines.extend_from_slice(&first);
                Data::Many(joined(lines, &value))
            }
            Data::Many(lines) => Data::Many(joined(lines, &value)),
        };
    }

    fn end_data(&mut self) {
        let data = match std::mem::replace(&mut self.data, Data::None) {
            Data::None => return,
            Data::One(line) => line,
            Data::Many(lines) => lines.freeze(),
        };
        if !data.is_empty() {
            self.ready.push_back(Frame::Data(data));
        }
    }

    fn add_stray(&mut self, line: &[u8]) {
        let Some((text, balance)) = &mut self.stray else { return };
        if !text.is_empty() {
            text.extend_from_slice(b"\n");
        }
        text.extend_from_slice(line);
        if balance.line(line) {
            self.end_stray();
        }
    }

    fn end_stray(&mut self) {
        if let Some((text, _)) = self.stray.take() {
            let text = String::from_utf8_lossy(text.trim_ascii()).into_owned();
            self.ready.push_back(Frame::Stray(text));
        }
    }

    /// Cuts complete elements of a JSON array off the buffer.
    fn elements(&mut self, mut balance: Balance) -> Result<(), EventTooLarge> {
        loop {
            if balance.is_outside() {
                // Between elements there are commas and white space; a bare scalar would be no event.
                let skip = self.buffer.iter().take_while(|byte| !b"{[]".contains(byte)).count();
                self.buffer.advance(skip);
                if self.buffer.first() == Some(&b']') {
                    self.buffer.advance(1);
                    self.mode = Mode::Lines;
                    return Ok(());
                }
            }
            let Some(end) = balance.element_end(&self.buffer, self.scanned) else { break };
            if end > self.max {
                return Err(EventTooLarge { max: self.max });
            }
            self.ready.push_back(Frame::Data(self.buffer.split_to(end).freeze()));
            self.scanned = 0;
        }
        self.scanned = self.buffer.len();
        self.mode = Mode::Array(balance);
        Ok(())
    }

    fn flush(&mut self) {
        let rest = self.buffer.split();
        self.scanned = 0;
        let rest = rest.freeze();
        if matches!(self.mode, Mode::Lines) {
            if !rest.is_empty() && self.line(&rest).is_err() {
                self.failed = true;
            }
        } else if !rest.trim_ascii().is_empty() {
            // An array cut in the middle of an element: half an element shows that the stream was cut.
            self.ready.push_back(Frame::Data(rest));
        }
        self.end_data();
        self.end_stray();
    }
}

/// The value of a `data` line, without the one space that may follow the colon.
fn data_value(line: &Bytes) -> Option<Bytes> {
    let rest = line.strip_prefix(b"data")?;
    let value = match rest {
        [] => rest,
        [b':', b' ', value @ ..] | [b':', value @ ..] => value,
        _ => return None,
    };
    Some(line.slice(line.len() - value.len()..))
}

fn joined(mut lines: BytesMut, value: &[u8]) -> BytesMut {
    lines.extend_from_slice(b"\n");
    lines.extend_from_slice(value);
    lines
}
