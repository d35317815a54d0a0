//! `GET /admin/forecast`: when each model's day runs dry at the present rate, and what would help.

use axum::Json;
use axum::extract::State;
use pool::calendar::PacificDay;
use pool::forecast::{self, Burn, Rate};
use pool::{ModelView, Moment, Snapshot};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::http::Gateway;
use crate::http::guard::Viewer;

/// What becomes of the day.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Forecasts {
    at: String,
    /// When the Pacific day ends, and with it the day quotas.
    day_ends: String,
    models: Vec<Forecast>,
}

/// What becomes of one model's day.
#[derive(Debug, Serialize, ToSchema)]
struct Forecast {
    model: String,
    outlook: Outlook,
    rate: Pace,
    /// Requests a day, of the projects whose limit is known.
    capacity: u64,
    used: u64,
    left: u64,
    /// Projects whose day limit is not known yet.
    without_limit: u64,
    runs_dry_at: Option<String>,
    /// Requests left over at midnight.
    spare: Option<u64>,
    /// Requests that the rest of the day would still need.
    short: Option<u64>,
    help: Help,
    /// The same in words.
    summary: String,
}

/// What becomes of the day, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Outlook {
    Lasts,
    RunsDry,
    UsedUp,
    /// A project without a known limit serves.
    Unknown,
}

/// How fast it goes.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct Pace {
    requests: u64,
    seconds: u64,
}

/// What would carry the day to its end.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Help {
    /// Projects with a quota like the others'.
    projects: u64,
    /// Some of the models that have requests to spare.
    models: Vec<String>,
}

/// Every model that was used, in the order of first use.
pub(super) async fn show(_: Viewer, State(gateway): State<Gateway>) -> Json<Forecasts> {
    Json(forecasts(&gateway.keyring.snapshot()))
}

fn forecasts(snapshot: &Snapshot) -> Forecasts {
    let Snapshot { at, day_ends, models, .. } = snapshot;
    let day = PacificDay::of(*at);
    // A model is made by its first call, and also by what is only declared or checked.
    let used = models.iter().filter(|view| view.burn.capacity > 0 || view.burn.used > 0);
    let mut models: Vec<Forecast> = used.map(|view| forecast(view, *at, day)).collect();
    let with_room = models.iter().filter(|other| other.spare > Some(0));
    let others: Vec<String> = with_room.take(3).map(|other| other.model.clone()).collect();
    for model in &mut models {
        if matches!(model.outlook, Outlook::RunsDry | Outlook::UsedUp) {
            model.help.models.clone_from(&others);
        }
        model.summary = model.in_words(day.end, *at);
    }
    Forecasts { at: clock::iso(*at), day_ends: clock::iso(*day_ends), models }
}

fn forecast(view: &ModelView, now: Moment, day: PacificDay) -> Forecast {
    let burn = view.burn;
    let rate = burn.rate(now, day.start);
    let outcome = burn.forecast(rate, now, day.end);
    let limits = view.buckets.iter().filter_map(|bucket| bucket.rpd.limit).filter(|limit| *limit > 0);
    let usual = burn.capacity.checked_div(limits.count() as u64).unwrap_or(0);
    let Burn { capacity, left, unlimited, used, last_minute: _ } = burn;
    let Rate { requests, over_ms } = rate;
    let (spare, short, dry_at) = match outcome {
        forecast::Forecast::Lasts { spare } => (Some(spare), None, None),
        forecast::Forecast::Dry { at, short } => (None, Some(short), Some(at)),
        forecast::Forecast::Open => (None, None, None),
    };
    Forecast {
        model: view.name.clone(),
        outlook: outlook(outcome, burn),
        rate: Pace { requests, seconds: over_ms / 1_000 },
        capacity,
        used,
        left,
        without_limit: unlimited,
        runs_dry_at: dry_at.filter(|_| left > 0).map(clock::iso),
        spare,
        short,
        help: Help { projects: Burn::projects_needed(outcome, usual), models: Vec::new() },
        summary: String::new(),
    }
}

fn outlook(outcome: forecast::Forecast, burn: Burn) -> Outlook {
    match outcome {
        forecast::Forecast::Open => Outlook::Unknown,
        _ if burn.left == 0 && burn.capacity > 0 => Outlook::UsedUp,
        forecast::Forecast::Dry { .. } => Outlook::RunsDry,
        forecast::Forecast::Lasts { .. } => Outlook::Lasts,
    }
}

impl Forecast {
    fn in_words(&self, midnight: Moment, now: Moment) -> String {
        let Self { model, left, without_limit, .. } = self;
        let rate = self.rate.in_words();
        let midnight_at = clock::iso(midnight);
        match self.outlook {
            Outlook::Unknown => format!(
                "Nothing can be said of {model}: the day limit of {without_limit} of its projects is not known yet."
            ),
            Outlook::Lasts => format!(
                "At {rate}, {model} lasts until the Pacific midnight ({midnight_at}) with {} requests to spare.",
                self.spare.unwrap_or(0)
            ),
            Outlook::UsedUp => {
                let wait = span(midnight.since(now));
                format!(
                    "The day's quota of {model} is used up; it returns in {wait}, at {midnight_at}.{}",
                    self.advice()
                )
            }
            Outlook::RunsDry => {
                let dry_at = self.runs_dry_at.as_deref().unwrap_or_default();
                let short = self.short.unwrap_or(0);
                format!(
                    "At {rate}, the {left} requests that {model} has left today run dry at {dry_at}; {short} more would \
                     be needed until the Pacific midnight.{}",
                    self.advice()
                )
            }
        }
    }

    fn advice(&self) -> String {
        let Help { projects, models } = &self.help;
        let more = match projects {
            0 => {
                return if models.is_empty() {
                    String::new()
                } else {
                    format!(" Room is left on {}.", models.join(", "))
                };
            }
            1 => "One more project like the others".to_owned(),
            number => format!("{number} more projects like the others"),
        };
        let other =
            if models.is_empty() { String::new() } else { format!(", or using {}", models.join(" or ")) };
        format!(" {more} would carry the day{other}.")
    }
}

impl Pace {
    fn in_words(self) -> String {
        let Self { requests, seconds } = self;
        if seconds == 60 {
            return format!("{requests} requests a minute");
        }
        format!(
            "{requests} requests in {}",
            span(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000))
        )
    }
}

/// A length of time for people, to the minute.
fn span(ms: i64) -> String {
    let minutes = ms / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use pool::{Ask, Cost, Ending, KeyId, KeySpec, Limits, Pool, ProjectId, Provenance, Settings, Settled};

    use super::*;

    /// 2026-11-22T20:00:00Z: noon in Los Angeles.
    const NOON: Moment = Moment(1_795_377_600_000);

    fn pool(limits: &[(&str, u64)]) -> Pool {
        let mut pool = Pool::new(Settings::default());
        for id in 0..2 {
            pool.put_key(KeySpec { id: KeyId(id), project: ProjectId(id), enabled: true });
        }
        for (model, rpd) in limits {
            let limits = Limits { rpd: Some(*rpd), ..Limits::default() };
            pool.set_limits(None, model, limits, Provenance::Declared);
        }
        pool
    }

    fn call(pool: &mut Pool, model: &str, times: usize, now: Moment) {
        for _ in 0..times {
            let ask = Ask { model, cost: Cost { requests: 1, tokens: 5 }, ..Ask::default() };
            let taken = pool.take(&ask, now, 1).1.unwrap();
            pool.settle(taken, Settled { input_tokens: None, outcome: Ending::Success }, now);
        }
    }

    fn summaries(pool: &Pool, now: Moment) -> Vec<String> {
        forecasts(&pool.snapshot(now)).models.into_iter().map(|model| model.summary).collect()
    }

    #[test]
    fn each_outlook_is_said_in_a_sentence() {
        let mut pool = pool(&[("dry", 100), ("lasts", 2_000), ("spent", 4)]);
        call(&mut pool, "dry", 3, NOON);
        call(&mut pool, "lasts", 2, NOON.plus_ms(-120_000));
        call(&mut pool, "spent", 8, NOON);
        call(&mut pool, "unknown", 1, NOON);
        insta::assert_snapshot!(summaries(&pool, NOON).join("\n"), @r#"
        At 3 requests a minute, the 197 requests that dry has left today run dry at 2026-11-22T21:05:40Z; 1963 more would be needed until the Pacific midnight. 20 more projects like the others would carry the day, or using lasts.
        At 2 requests in 12 h, lasts lasts until the Pacific midnight (2026-11-23T08:00:00Z) with 3996 requests to spare.
        The day's quota of spent is used up; it returns in 12 h, at 2026-11-23T08:00:00Z. 1440 more projects like the others would carry the day, or using lasts.
        Nothing can be said of unknown: the day limit of 2 of its projects is not known yet.
        "#);
    }

    #[test]
    fn an_unused_pool_has_nothing_to_forecast() {
        let mut pool = pool(&[]);
        pool.open_model("never", NOON);
        assert!(summaries(&pool, NOON).is_empty());
    }

    #[test]
    fn times_are_iso_and_numbers_numbers() {
        let mut pool = pool(&[("dry", 100)]);
        call(&mut pool, "dry", 3, NOON);
        let shown = serde_json::to_string_pretty(&forecasts(&pool.snapshot(NOON))).unwrap();
        insta::assert_snapshot!(shown, @r#"
        {
          "at": "2026-11-22T20:00:00Z",
          "day_ends": "2026-11-23T08:00:00Z",
          "models": [
            {
              "model": "dry",
              "outlook": "runs_dry",
              "rate": {
                "requests": 3,
                "seconds": 60
              },
              "capacity": 200,
              "used": 3,
              "left": 197,
              "without_limit": 0,
              "runs_dry_at": "2026-11-22T21:05:40Z",
              "spare": null,
              "short": 1963,
              "help": {
                "projects": 20,
                "models": []
              },
              "summary": "At 3 requests a minute, the 197 requests that dry has left today run dry at 2026-11-22T21:05:40Z; 1963 more would be needed until the Pacific midnight. 20 more projects like the others would carry the day."
            }
          ]
        }
        "#);
    }
}
