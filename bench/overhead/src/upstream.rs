//! The upstream: answers at once, or streams by the clock, always the same. One thread, no HTTP library.

use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::bodies;
use crate::wire::Inbox;

/// How a stream runs.
#[derive(Clone, Copy, Debug)]
struct Pace {
    chunks: u32,
    gap: Duration,
    /// A stream that holds its peace after the first chunk, for so long.
    quiet: Option<Duration>,
}

/// Everything that is ever said.
#[derive(Debug)]
struct Script {
    gemini: Vec<u8>,
    openai: Vec<u8>,
    gemini_chunk: (Vec<u8>, Vec<u8>),
    openai_chunk: (Vec<u8>, Vec<u8>),
    pace: std::cell::Cell<Pace>,
}

/// Serves until it is killed; prints the port first.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
    let script = Rc::new(Script {
        gemini: whole(&bodies::gemini_whole()),
        openai: whole(&bodies::openai_whole()),
        gemini_chunk: (chunk(&bodies::gemini_event(false)), chunk(&bodies::gemini_event(true))),
        openai_chunk: (chunk(&bodies::openai_event(false)), chunk(&bodies::openai_event(true))),
        pace: std::cell::Cell::new(Pace { chunks: 50, gap: Duration::from_millis(20), quiet: None }),
    });
    LocalSet::new()
        .run_until(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                connections.spawn_local(converse(stream, Rc::clone(&script)));
                while connections.try_join_next().is_some() {}
            }
        })
        .await
}

async fn converse(mut stream: TcpStream, script: Rc<Script>) -> io::Result<()> {
    let mut inbox = Inbox::default();
    while let Some(head) = inbox.head(&mut stream).await? {
        inbox.body(&mut stream, head.length, |_| ()).await?;
        let path = head.first.split(' ').nth(1).unwrap_or_default();
        if let Some(asked) = path.strip_prefix("/__pace/") {
            script.pace.set(read_pace(asked));
            stream.write_all(&whole(b"{}")).await?;
        } else if path.contains("stream") {
            let (chunk, last) =
                if path.starts_with("/v1beta") { &script.gemini_chunk } else { &script.openai_chunk };
            stream_out(&mut stream, (chunk, last), script.pace.get()).await?;
        } else if path.starts_with("/v1beta") {
            stream.write_all(&script.gemini).await?;
        } else {
            stream.write_all(&script.openai).await?;
        }
    }
    Ok(())
}

async fn stream_out(stream: &mut TcpStream, (chunk, last): (&[u8], &[u8]), pace: Pace) -> io::Result<()> {
    stream
        .write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await?;
    let Pace { chunks, gap, quiet } = pace;
    let mut ticks = interval(gap.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 1..chunks.max(2) {
        if !gap.is_zero() {
            ticks.tick().await;
        }
        stream.write_all(chunk).await?;
        if let Some(quiet) = quiet {
            sleep_until(Instant::now() + quiet).await;
            break;
        }
    }
    if !gap.is_zero() && quiet.is_none() {
        ticks.tick().await;
    }
    let mut end = last.to_vec();
    end.extend_from_slice(b"0\r\n\r\n");
    stream.write_all(&end).await
}

/// `CHUNKS/GAP_MS/QUIET_MS`, the last 0 for streams that go on.
fn read_pace(text: &str) -> Pace {
    let mut numbers = text.split('/').map(|number| number.parse::<u64>().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    let (chunks, gap, quiet) = (next(), next(), next());
    Pace {
        chunks: u32::try_from(chunks).unwrap_or(u32::MAX),
        gap: Duration::from_millis(gap),
        quiet: (quiet > 0).then(|| Duration::from_millis(quiet)),
    }
}

fn whole(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn chunk(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat()
}
