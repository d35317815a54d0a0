//! What is counted when somebody asks, and not before: the pool, the ways out, the store, the process.

use std::collections::BTreeMap;
use std::time::Duration;

use pool::calendar::PacificDay;
use pool::forecast::{Burn, Forecast};
use pool::{Benches, Census, ModelCensus, Moment, States};
use tokio::time::{Instant, timeout};

use crate::http::Gateway;
use crate::telemetry::{Page, Usage, names, whole};

/// How long the store may take to say that it is there.
const PING_WITHIN: Duration = Duration::from_secs(2);

/// What was recorded and what is counted now, on one page.
pub(super) async fn page(gateway: &Gateway) -> Page {
    let store_up = ask_store(gateway).await;
    let census = gateway.keyring.census().await;
    let now = gateway.clock.now();
    let mut page = gateway.metrics.page();
    page.set(names::STORE_UP, &[], f64::from(u8::from(store_up)));
    note_states(&mut page, names::KEYS, census.keys);
    note_states(&mut page, names::PROJECTS, census.projects);
    note_benches(&mut page, &census);
    note_models(gateway, &mut page, &census, now);
    for (_, label, up) in gateway.upstream.standing() {
        page.set(names::EGRESS_UP, &[("egress", label)], f64::from(u8::from(up)));
    }
    if let Some(usage) = Usage::now() {
        usage.note(&mut page);
    }
    let uptime = now.since(gateway.started).max(0).unsigned_abs();
    page.set(names::UPTIME_SECONDS, &[], Duration::from_millis(uptime).as_secs_f64());
    page.set(names::BUILD_INFO, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    page
}

async fn ask_store(gateway: &Gateway) -> bool {
    let asked = Instant::now();
    let answered = matches!(timeout(PING_WITHIN, gateway.store.ping()).await, Ok(Ok(())));
    metrics::histogram!(names::STORE_SECONDS, "operation" => "ping").record(asked.elapsed());
    answered
}

fn note_states(page: &mut Page, name: &'static str, states: States) {
    let States { ready, benched, dead, disabled } = states;
    for (state, count) in [("ready", ready), ("benched", benched), ("dead", dead), ("disabled", disabled)] {
        page.set(name, &[("state", state)], whole(count));
    }
}

fn note_benches(page: &mut Page, census: &Census) {
    let scopes = [
        ("key", census.key_benches),
        ("project", census.project_benches),
        ("bucket", census.bucket_benches),
        ("key_model", census.key_model_benches),
        ("model", census.model_benches()),
    ];
    for (scope, benches) in scopes {
        note_scope(page, scope, benches);
    }
}

fn note_scope(page: &mut Page, scope: &str, benches: Benches) {
    for (grade, count) in benches.each() {
        page.set(names::BENCHES, &[("scope", scope), ("reason", grade.label())], whole(count));
    }
}

/// Models that the catalogue does not have are one: `other`.
fn note_models(gateway: &Gateway, page: &mut Page, census: &Census, now: Moment) {
    let mut by_label: BTreeMap<&str, ModelCensus> = BTreeMap::new();
    for model in &census.models {
        let label = gateway.catalog.label(&model.name);
        by_label.entry(label).and_modify(|all| all.absorb(model)).or_insert_with(|| model.clone());
    }
    let day = PacificDay::of(now);
    for (label, model) in by_label {
        let labels = [("model", label)];
        for (window, left) in [("minute", model.minute_headroom), ("day", model.day_headroom)] {
            if let Some(left) = left {
                page.set(names::HEADROOM, &[("model", label), ("window", window)], left);
            }
        }
        page.set(names::PROJECTS_WITH_ROOM, &labels, whole(model.with_room));
        let Burn { capacity, left, .. } = model.burn;
        page.set(names::DAY_CAPACITY, &labels, whole(capacity));
        page.set(names::DAY_LEFT, &labels, whole(left));
        let rate = model.burn.rate(now, day.start);
        let dry_in = match model.burn.forecast(rate, now, day.end) {
            Forecast::Open => continue,
            Forecast::Lasts { .. } => f64::INFINITY,
            Forecast::Dry { at, .. } => whole(at.since(now).max(0).unsigned_abs()) / 1_000.0,
        };
        page.set(names::DAY_DRY_SECONDS, &labels, dry_in);
    }
}
