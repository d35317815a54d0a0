//! Streaming an answer to a client, whatever dialect it speaks.
//!
//! The head is held back until the first upstream event is there, or until the heartbeat starts: up to then an error
//! has its real status, from then on it travels in-band (`wire.md` §7.3, §7.4).

use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use dialect::gemini::response::GenerateContentResponse;
use futures_util::stream::unfold;
use tokio::time::timeout;

use crate::relay::{CallStream, Refusal, Served, Step};

/// A comment that keeps proxies and clients from giving up.
const HEARTBEAT: &[u8] = b": keep-alive\n\n";

/// Writes one dialect's stream.
pub(super) trait Scribe: Send + 'static {
    /// What the stream is called.
    const CONTENT_TYPE: &'static str = "text/event-stream; charset=utf-8";

    /// A sign of life.
    fn heartbeat(&self) -> &'static [u8] {
        HEARTBEAT
    }
    /// One upstream event.
    fn push(&mut self, event: &GenerateContentResponse, out: &mut Vec<u8>);
    /// The answer goes on in another upstream request.
    fn next_hop(&mut self);
    /// A clean end.
    fn finish(&mut self, out: &mut Vec<u8>);
    /// The stream broke off.
    fn cut(&mut self, reason: &str, out: &mut Vec<u8>);
    /// The call was refused after the head had gone out.
    fn refuse(&mut self, refusal: &Refusal, out: &mut Vec<u8>);
    /// Keeps what later calls will need before the client can send them.
    fn keep(&mut self, served: &Served) -> impl Future<Output = ()> + Send;
}

/// A call under way.
pub(super) type Running = Pin<Box<dyn Future<Output = Result<Box<CallStream>, Refusal>> + Send>>;

/// Where a stream stands.
enum State<S> {
    /// The head is out, the relay still looks for an answer.
    Waiting(Running, Box<S>),
    /// Events are coming.
    Open(Box<CallStream>, Box<S>),
    /// Everything is said.
    Done,
}

/// The body of a stream whose first event is there.
pub(super) fn open<S: Scribe>(stream: Box<CallStream>, scribe: Box<S>, every: Duration) -> Body {
    body(State::Open(stream, scribe), every)
}

/// The body of a stream that begins with heartbeats.
pub(super) fn waiting<S: Scribe>(running: Running, scribe: Box<S>, every: Duration) -> Body {
    body(State::Waiting(running, scribe), every)
}

fn body<S: Scribe>(state: State<S>, every: Duration) -> Body {
    let first_beat = match &state {
        State::Waiting(_, scribe) => Some(scribe.heartbeat()),
        State::Open(..) | State::Done => None,
    };
    let frames = unfold((state, first_beat), move |(state, beat)| async move {
        if let Some(beat) = beat {
            return Some((Ok::<_, std::convert::Infallible>(Bytes::from_static(beat)), (state, None)));
        }
        let (frame, state) = step(state, every).await?;
        Some((Ok(frame), (state, None)))
    });
    Body::from_stream(frames)
}

async fn step<S: Scribe>(state: State<S>, every: Duration) -> Option<(Bytes, State<S>)> {
    match state {
        State::Done => None,
        State::Waiting(mut running, mut scribe) => match timeout(every, &mut running).await {
            Err(_) => Some((Bytes::from_static(scribe.heartbeat()), State::Waiting(running, scribe))),
            Ok(Ok(stream)) => advance(stream, scribe, every).await,
            Ok(Err(refusal)) => {
                let mut out = Vec::new();
                scribe.refuse(&refusal, &mut out);
                Some((Bytes::from(out), State::Done))
            }
        },
        State::Open(stream, scribe) => advance(stream, scribe, every).await,
    }
}

/// Waits for the next event and writes it together with those that came in the same read.
async fn advance<S: Scribe>(
    mut stream: Box<CallStream>,
    mut scribe: Box<S>,
    every: Duration,
) -> Option<(Bytes, State<S>)> {
    let mut out = Vec::new();
    while out.is_empty() {
        let Ok(next) = timeout(every, stream.next()).await else {
            return Some((Bytes::from_static(scribe.heartbeat()), State::Open(stream, scribe)));
        };
        let ending = write_ready(next, &mut stream, &mut *scribe, &mut out);
        scribe.keep(stream.served()).await;
        let Some(ending) = ending else { continue };
        stream.written().await;
        match ending {
            Ending::Clean => scribe.finish(&mut out),
            Ending::Cut(reason) => scribe.cut(reason, &mut out),
        }
        return Some((Bytes::from(out), State::Done));
    }
    Some((Bytes::from(out), State::Open(stream, scribe)))
}

/// How a stream ended.
enum Ending {
    Clean,
    Cut(&'static str),
}

/// Writes this step and those that came in the same read; says how the stream ended, if it did.
fn write_ready<S: Scribe>(
    mut next: Step,
    stream: &mut CallStream,
    scribe: &mut S,
    out: &mut Vec<u8>,
) -> Option<Ending> {
    loop {
        match next {
            Step::Event(event) => scribe.push(&event, out),
            Step::Hop => scribe.next_hop(),
            Step::End => return Some(Ending::Clean),
            Step::Cut(reason) => return Some(Ending::Cut(reason)),
        }
        next = stream.ready()?;
    }
}
