//! Streamed answers: many at a time, and many that say nothing for a while.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::client::Client;
use crate::measure::{Figures, Times};
use crate::target::Target;

/// What became of one stream.
#[derive(Debug)]
struct Streamed {
    first: Option<f64>,
    events: u64,
    well: bool,
}

/// So many streams at once, each as long as the upstream makes it.
#[expect(clippy::cast_precision_loss, reason = "figures for a table")]
pub(crate) async fn together(target: &Target, call: Vec<u8>, streams: usize) -> Figures {
    let call = Rc::new(call);
    let cpu = target.cpu();
    let mut workers = JoinSet::new();
    for n in 0..streams {
        let (call, port) = (Rc::clone(&call), target.port);
        // They do not all begin in the same millisecond, as clients do not.
        let begins = Instant::now() + Duration::from_micros(u64::try_from(n).unwrap_or_default() * 2_500);
        workers.spawn_local(async move {
            sleep_until(begins).await;
            stream(port, &call, |_| ()).await
        });
    }
    let (mut times, mut events, mut errors) = (Times::default(), 0, 0);
    while let Some(streamed) = workers.join_next().await {
        let Ok(Streamed { first, events: came, well }) = streamed else { continue };
        if let Some(first) = first {
            times.add(first);
        }
        events += came;
        errors += u64::from(!well);
    }
    Figures::from([
        ("cpu_ms_per_1000_events", (target.cpu() - cpu) * 1e3 / (events.max(1) as f64 / 1_000.0)),
        ("first_p50_ms", times.quantile_ms(0.5)),
        ("first_p99_ms", times.quantile_ms(0.99)),
        ("events", events as f64),
        ("errors", errors as f64),
        ("peak_rss_mb", target.peak() / 1e6),
    ])
}

/// So many streams that have begun and then hold their peace: what each of them keeps.
#[expect(clippy::cast_precision_loss, reason = "figures for a table")]
pub(crate) async fn quiet(target: &Target, call: Vec<u8>, streams: usize, at_most: Duration) -> Figures {
    let call = Rc::new(call);
    let before = target.memory();
    let begun = Rc::new(Cell::new(0_usize));
    let mut workers = JoinSet::new();
    for _ in 0..streams {
        let (call, port, begun) = (Rc::clone(&call), target.port, Rc::clone(&begun));
        workers.spawn_local(async move { stream(port, &call, |_| begun.set(begun.get() + 1)).await });
    }
    let deadline = Instant::now() + at_most;
    while begun.get() < streams && Instant::now() < deadline {
        sleep_until(Instant::now() + Duration::from_millis(50)).await;
    }
    let (held, memory) = (begun.get(), target.memory());
    let mut errors = streams - held;
    while let Some(streamed) = workers.join_next().await {
        errors += usize::from(!matches!(streamed, Ok(Streamed { well: true, .. })));
    }
    Figures::from([
        ("kib_per_stream", (memory - before) / 1_024.0 / (held.max(1) as f64)),
        ("held", held as f64),
        ("errors", errors as f64),
        ("peak_rss_mb", target.peak() / 1e6),
    ])
}

async fn stream(port: u16, call: &[u8], at_first: impl FnMut(&[u8])) -> Streamed {
    let failed = Streamed { first: None, events: 0, well: false };
    let Ok(mut client) = Client::connect(port).await else { return failed };
    let sent = Instant::now();
    if client.send(call).await.is_err() {
        return failed;
    }
    match client.receive_with(at_first).await {
        Ok(came) => Streamed {
            first: came.first.map(|first| first.duration_since(sent).as_secs_f64()),
            events: came.events,
            well: came.well && came.events > 1,
        },
        Err(_) => failed,
    }
}
