//! How an answer is written: framing, pacing, and the faults that live in bytes and time (wire.md §7.1).

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, StatusCode, header};
use futures_util::stream;
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use crate::fault::{Event, Fault};
use crate::ledger::OpenStream;
use crate::options::Pacing;
use crate::refusal::{Refusal, RefusalBody};

/// How events become a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One JSON object.
    Whole,
    /// A JSON array, element by element.
    Array,
    /// Server-sent events, with CRLF as Google has it.
    Sse,
}

/// A step in the life of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Frame {
    Bytes(Bytes),
    /// Lets the connection write what it has.
    Breathe,
    Wait(u64),
    /// Nothing more, without an end.
    Hang,
    /// The connection breaks.
    Cut,
}

/// Everything that decides how a response is written.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) framing: Framing,
    pub(crate) faults: Vec<Fault>,
    pub(crate) pacing: Pacing,
}

impl Outlet {
    pub(crate) fn answer(&self, events: &[Event], guard: OpenStream) -> Response<Body> {
        let chunks = self.framed(events);
        self.respond(StatusCode::OK, self.content_type(), chunks, guard)
    }

    /// An error keeps the content type of the request, as Google's do; an array stream gets an array.
    pub(crate) fn refuse(&self, refusal: &Refusal, guard: OpenStream) -> Response<Body> {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (kind, text) = match &refusal.body {
            RefusalBody::Json(body) if self.framing == Framing::Array && body.is_object() => {
                (self.content_type(), format!("[{}\n]\n", pretty(body)))
            }
            RefusalBody::Json(body) => (self.content_type(), format!("{}\n", pretty(body))),
            RefusalBody::Html(page) => ("text/html; charset=UTF-8", page.clone()),
            RefusalBody::Empty => (self.content_type(), String::new()),
        };
        self.respond(status, kind, vec![Bytes::from(text)], guard)
    }

    /// How long to wait before the first byte of all.
    pub(crate) fn delay(&self) -> Duration {
        let slow = self.fault("slow-first").map_or(0, |fault| fault.number(1_000));
        Duration::from_millis(slow.max(self.pacing.first_ms))
    }

    fn fault(&self, name: &str) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.name() == name)
    }

    fn content_type(&self) -> &'static str {
        match self.framing {
            Framing::Sse => "text/event-stream",
            Framing::Array | Framing::Whole => "application/json; charset=UTF-8",
        }
    }

    fn respond(
        &self,
        status: StatusCode,
        kind: &'static str,
        chunks: Vec<Bytes>,
        guard: OpenStream,
    ) -> Response<Body> {
        let frames = self.frames(chunks);
        let body = match frames.as_slice() {
            [] => ended(Bytes::new(), guard),
            [Frame::Bytes(bytes)] if self.framing == Framing::Whole => ended(bytes.clone(), guard),
            _ => flowing(frames, guard),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert("server-timing", HeaderValue::from_static("gfet4t7; dur=42"));
        if self.framing == Framing::Sse {
            response
                .headers_mut()
                .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
        }
        response
    }

    fn framed(&self, events: &[Event]) -> Vec<Bytes> {
        let closes = self.fault("eof-early").is_none();
        let line_end = if self.fault("lf").is_some() {
            "\n"
        } else if self.fault("cr").is_some() {
            "\r"
        } else {
            "\r\n"
        };
        let count = events.len();
        let texts = events.iter().enumerate().map(|(at, event)| match (event, self.framing) {
            (Event::Raw(text), _) => text.clone(),
            (Event::Json(value), Framing::Sse) => format!("data: {}{line_end}{line_end}", spaced(value)),
            (Event::Json(value), Framing::Array) => {
                let opening = if at == 0 { "[" } else { ",\r\n" };
                let closing = if at + 1 == count && closes { "]" } else { "" };
                format!("{opening}{}\n{closing}", pretty(value))
            }
            (Event::Json(value), Framing::Whole) => format!("{}\n", pretty(value)),
        });
        let mut texts: Vec<String> = texts.collect();
        if self.fault("no-final-blank").is_some()
            && let Some(last) = texts.last_mut()
        {
            last.truncate(last.trim_end().len());
        }
        texts.into_iter().map(Bytes::from).collect()
    }

    fn frames(&self, chunks: Vec<Bytes>) -> Vec<Frame> {
        if self.fault("silence").is_some() {
            return vec![Frame::Hang];
        }
        let between = self.fault("slow-chunks").map_or(self.pacing.between_ms, |fault| fault.number(100));
        let mut frames = Vec::new();
        for (at, chunk) in chunks.into_iter().enumerate() {
            if let Some(end) = self.end_at(at, &chunk) {
                frames.extend(end);
                return frames;
            }
            if at > 0 && between > 0 {
                frames.push(Frame::Wait(between));
            }
            self.write(&chunk, &mut frames);
        }
        frames
    }

    /// How the body breaks off at this chunk, when it does.
    fn end_at(&self, at: usize, chunk: &Bytes) -> Option<Vec<Frame>> {
        // A plain answer has one chunk, so that is where it breaks.
        let last = u64::from(self.framing != Framing::Whole);
        let is_here = |fault: &Fault| usize::try_from(fault.number(last)).is_ok_and(|place| place == at);
        if self.fault("silence-mid").is_some_and(is_here) {
            return Some(vec![Frame::Hang]);
        }
        self.fault("reset").filter(|fault| is_here(fault)).map(|_| {
            let half = chunk.slice(..chunk.len() / 2);
            vec![Frame::Bytes(half), Frame::Breathe, Frame::Breathe, Frame::Cut]
        })
    }

    fn write(&self, chunk: &Bytes, frames: &mut Vec<Frame>) {
        let pieces = if self.fault("dribble").is_some() {
            (0..chunk.len()).map(|at| chunk.slice(at..=at)).collect()
        } else if self.fault("split-utf8").is_some() {
            inside_characters(chunk)
        } else {
            vec![chunk.clone()]
        };
        let pause = self.fault("dribble").map_or(Frame::Breathe, |fault| match fault.number(0) {
            0 => Frame::Breathe,
            ms => Frame::Wait(ms),
        });
        let alone = pieces.len() == 1;
        for piece in pieces {
            frames.push(Frame::Bytes(piece));
            if !alone {
                frames.push(pause.clone());
            }
        }
    }
}

/// Cuts after the first byte of every multi-byte character; where there is none, inside `data:`.
fn inside_characters(chunk: &Bytes) -> Vec<Bytes> {
    let mut cuts: Vec<usize> =
        chunk.iter().enumerate().filter(|(_, byte)| **byte >= 0xc0).map(|(at, _)| at + 1).collect();
    if cuts.is_empty() && chunk.len() > 2 {
        cuts.push(2);
    }
    cuts.push(chunk.len());
    let mut start = 0;
    let slice = |end| chunk.slice(std::mem::replace(&mut start, end)..end);
    cuts.into_iter().map(slice).collect()
}

fn ended(bytes: Bytes, mut guard: OpenStream) -> Body {
    guard.finish();
    Body::from(bytes)
}

fn flowing(frames: Vec<Frame>, guard: OpenStream) -> Body {
    let state = (frames.into_iter(), guard);
    Body::from_stream(stream::unfold(state, |(mut frames, mut guard)| async move {
        loop {
            match frames.next() {
                None => {
                    guard.finish();
                    return None;
                }
                Some(Frame::Bytes(bytes)) => {
                    // Nothing is left to lose, so whoever hangs up now did not abort.
                    if frames.as_slice().iter().all(|frame| *frame == Frame::Breathe) {
                        guard.finish();
                    }
                    return Some((Ok(bytes), (frames, guard)));
                }
                Some(Frame::Breathe) => tokio::task::yield_now().await,
                Some(Frame::Wait(ms)) => tokio::time::sleep(Duration::from_millis(ms)).await,
                Some(Frame::Hang) => std::future::pending().await,
                Some(Frame::Cut) => {
                    guard.finish();
                    return Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), (frames, guard)));
                }
            }
        }
    }))
}

pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Compact, with a space after each colon: the form of Google's events.
pub(crate) fn spaced(value: &Value) -> String {
    struct Spaced;
    impl Formatter for Spaced {
        fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
            writer.write_all(b": ")
        }
    }
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Spaced);
    let written = value.serialize(&mut serializer);
    written.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
}
