//! Whole answers: as fast as they come, or at a steady rate.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::client::Client;
use crate::measure::{Figures, Times};
use crate::target::Target;

/// What one worker saw.
#[derive(Debug, Default)]
struct Seen {
    answers: u64,
    errors: u64,
    times: Vec<f64>,
}

/// Each of so many connections asks again as soon as it has its answer.
pub(crate) async fn closed(target: &Target, call: Vec<u8>, connections: usize, lasts: Duration) -> Figures {
    let call = Rc::new(call);
    let (begun, cpu) = (Instant::now(), target.cpu());
    let until = begun + lasts;
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let (call, port) = (Rc::clone(&call), target.port);
        workers.spawn_local(async move {
            let mut seen = Seen::default();
            let mut client = None;
            while Instant::now() < until {
                ask(&mut client, port, &call, &mut seen).await;
            }
            seen
        });
    }
    let seen = gather(workers).await;
    figures(target, seen, (begun, cpu))
}

/// So many calls a second, whether answers keep up or not: a call that has to wait for a free connection has waited.
pub(crate) async fn open(target: &Target, call: Vec<u8>, per_second: u32, lasts: Duration) -> Figures {
    let call = Rc::new(call);
    let (begun, cpu) = (Instant::now(), target.cpu());
    let (send, receive) = mpsc::unbounded_channel::<Instant>();
    let receive = Rc::new(Mutex::new(receive));
    let mut workers = JoinSet::new();
    for _ in 0..64 {
        let (call, port, receive) = (Rc::clone(&call), target.port, Rc::clone(&receive));
        workers.spawn_local(async move {
            let mut seen = Seen::default();
            let mut client = None;
            loop {
                let due = receive.lock().await.recv().await;
                let Some(due) = due else { return seen };
                ask(&mut client, port, &call, &mut seen).await;
                seen.times.push(due.elapsed().as_secs_f64());
            }
        });
    }
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while begun.elapsed() < lasts {
        ticks.tick().await;
        if send.send(Instant::now()).is_err() {
            break;
        }
    }
    drop(send);
    let seen = gather(workers).await;
    figures(target, seen, (begun, cpu))
}

async fn ask(client: &mut Option<Client>, port: u16, call: &[u8], seen: &mut Seen) {
    let connected = match client.take() {
        Some(connected) => Ok(connected),
        None => Client::connect(port).await,
    };
    let Ok(mut connected) = connected else {
        seen.errors += 1;
        return tokio::task::yield_now().await;
    };
    match connected.ask(call).await {
        Ok(came) => {
            seen.answers += u64::from(came.well);
            seen.errors += u64::from(!came.well);
            *client = Some(connected);
        }
        Err(_) => seen.errors += 1,
    }
}

async fn gather(mut workers: JoinSet<Seen>) -> Seen {
    let mut all = Seen::default();
    while let Some(seen) = workers.join_next().await {
        let Seen { answers, errors, times } = seen.unwrap_or_default();
        all.answers += answers;
        all.errors += errors;
        all.times.extend(times);
    }
    all
}

#[expect(clippy::cast_precision_loss, reason = "figures for a table")]
fn figures(target: &Target, seen: Seen, (begun, cpu): (Instant, f64)) -> Figures {
    let lasted = begun.elapsed().as_secs_f64();
    let mut figures = Figures::from([
        ("answers_per_s", seen.answers as f64 / lasted),
        ("errors", seen.errors as f64),
        ("cpu_s_per_1000", (target.cpu() - cpu) / (seen.answers.max(1) as f64 / 1_000.0)),
        ("peak_rss_mb", target.peak() / 1e6),
    ]);
    if !seen.times.is_empty() {
        let mut times = Times::default();
        seen.times.into_iter().for_each(|time| times.add(time));
        figures.insert("p50_ms", times.quantile_ms(0.5));
        figures.insert("p99_ms", times.quantile_ms(0.99));
        figures.insert("p999_ms", times.quantile_ms(0.999));
    }
    figures
}
