//! Every setting that can be turned while the gateway runs.

use std::time::Duration;

use dialect::names::Aliases;
use pool::Strategy;
use serde_json::{Map, Value};

use super::key::{Key, live};
use super::kind::Kind;
use super::media::MediaByUrl;
use super::models::{BUDGET, ModelSettings, Models, Thoughts};
use super::origin::Origins;
use super::problem::{Bad, Problem};
use super::replicas::RedisAway;
use super::setting::Setting;
use crate::store::record::InjectionPosition as Position;

const STRATEGIES: Kind = Kind::Choice(&["headroom", "least_used", "round_robin", "fill_first"]);
const POSITIONS: Kind = Kind::Choice(&["system", "user_prefix", "user_suffix"]);
const REDIS_AWAY: Kind = Kind::Choice(&["share", "refuse"]);
const SECONDS: Kind = Kind::Time { least_ms: 1, unit: "s" };
const DAYS: Kind = Kind::Whole { least: 1, most: 3_650 };

live! {
    section "Calls" {
        /// The model for calls that name none.
        default_model: String = "gemini-3.8-flash", "default-model", ["POLLUX_DEFAULT_MODEL"], Kind::Model;
        /// Who goes first among the projects that have room: `headroom`, `least_used`, `round_robin` or `fill_first`.
        strategy: Strategy = "headroom", "strategy", ["POLLUX_STRATEGY"], STRATEGIES;
        /// `on` keeps each user to a share of a model's day, by weight, as long as others may still want theirs; what they
        /// leave is lent out as the day goes by. A call beyond it waits, or gets 429 with `Retry-After`.
        daily_pacing: bool = "off", "daily-pacing", ["POLLUX_DAILY_PACING"], Kind::Switch;
        /// How many calls one project may have under way for one model: a number, or `off` for no limit.
        project_concurrency: Option<u32> = "off", "project-concurrency", ["POLLUX_PROJECT_CONCURRENCY"],
            Kind::WholeOrOff { least: 1, most: 1_000_000 };
        /// How many projects one call may try.
        max_attempts: u32 = "3", "max-attempts", ["POLLUX_MAX_ATTEMPTS"], Kind::Whole { least: 1, most: 100 };
        /// How long a streamed call may take to its first event, all attempts together.
        request_timeout: Duration = "2m", "request-timeout", ["POLLUX_REQUEST_TIMEOUT"], SECONDS;
        /// How long a call that is not streamed may take, all attempts together. Google sends nothing of such an
        /// answer before it has all of it.
        answer_timeout: Duration = "10m", "answer-timeout", ["POLLUX_ANSWER_TIMEOUT"], SECONDS;
        /// How long a call waits in the queue when no project has room. Google's quotas are of a minute: who waits half of
        /// one is nearly always served, and shares under overload are even.
        queue_patience: Duration = "30s", "queue-patience", ["POLLUX_QUEUE_PATIENCE"],
            Kind::Time { least_ms: 0, unit: "s" };
        /// How late the first event of a stream may be before a second project is asked as well; the first to begin
        /// wins. `off` by default: each hedge costs a request of somebody's day.
        hedge_after: Option<Duration> = "off", "hedge-after", ["POLLUX_HEDGE_AFTER"],
            Kind::TimeOrOff { least_ms: 100 };
        /// After how much silence a stream sends its client a sign of life.
        heartbeat_after: Duration = "10s", "heartbeat-after", ["POLLUX_HEARTBEAT_AFTER"], SECONDS;
        /// Whether answers of OpenAI's clients that rest on Google Search, Maps or pages end with a list of their sources.
        /// The sources are told as annotations in any case; not every client shows those.
        append_sources: bool = "off", "append-sources", ["POLLUX_APPEND_SOURCES"], Kind::Switch;
        /// What becomes of images and other media that OpenAI's and Anthropic's clients name by URL: `google` passes the URL on and
        /// Google fetches it, `fetch` has the gateway fetch it, from the public internet only, `refuse` takes none.
        media_by_url: MediaByUrl = "google", "media-by-url", ["POLLUX_MEDIA_BY_URL"],
            Kind::Choice(&["google", "fetch", "refuse"]);
        /// How large all media together may be that the gateway fetches for one request, in MB.
        media_max_mb: u32 = "20", "media-max-mb", ["POLLUX_MEDIA_MAX_MB"], Kind::Whole { least: 1, most: 100 };
        /// Origins of web pages that may call `/v1` from a browser, separated by commas: `https://app.example.com`, or `*`
        /// for every page. Without it, browsers keep pages of other origins out.
        cors_origins: Origins = "", "cors-origins", ["POLLUX_CORS_ORIGINS"], Kind::Origins;
    }
    section "Replicas" {
        /// What a replica does while Redis is away: `share` goes on with its part of every limit, `refuse` begins no call.
        redis_away: RedisAway = "share", "redis-away", ["POLLUX_REDIS_AWAY"], REDIS_AWAY;
    }
    section "Thinking" {
        /// Whether models think when the request does not say how much. `off` asks for no thinking, or the least the model
        /// knows; a request that says otherwise wins.
        thinking_enabled: bool = "on", "thinking-enabled", ["POLLUX_THINKING_ENABLED"], Kind::Switch;
        /// How many tokens a model may think when the request does not say: `-1` leaves it to the model, `0` is off, others
        /// are brought into what the model takes. Newer models take a level; the budget becomes the nearest one.
        thinking_budget: i64 = "-1", "thinking-budget", ["POLLUX_THINKING_BUDGET"], BUDGET;
        /// Whether thoughts are shown, as `reasoning_content`, when the request does not say.
        include_thoughts: bool = "on", "include-thoughts", ["POLLUX_INCLUDE_THOUGHTS"], Kind::Switch;
    }
    section "Prompt injection" {
        /// Whether `injection_content` is added to every call.
        injection_enabled: bool = "off", "injection-enabled", ["POLLUX_INJECTION_ENABLED"], Kind::Switch;
        /// What is added to every call.
        injection_content: String = "", "injection-content", ["POLLUX_INJECTION_CONTENT"],
            Kind::Text { most: 20_000 };
        /// Where it goes: `system` before the system instruction, `user_prefix` before the first message of the user,
        /// `user_suffix` after the last one.
        injection_position: Position = "system", "injection-position", ["POLLUX_INJECTION_POSITION"], POSITIONS;
    }
    section "Models" {
        /// What holds for single models: whether they may be called (`enabled`), their `thinking_budget` and
        /// `include_thoughts`. Limits are declared at `PUT /admin/limits/{model}`.
        models: Models = "", "models", ["POLLUX_MODELS"], Kind::Models;
        /// What names of your own mean, for clients that insist on theirs: `gpt-4o` or a pattern such as `claude-*`, and the
        /// Gemini model that answers. A name goes before a pattern, and of patterns the one with the most letters. Answers
        /// name the model that answered.
        aliases: Aliases = "", "aliases", ["POLLUX_ALIASES"], Kind::Aliases;
        /// Whether options may hang on a model's name: `-search`, `-url`, `-code`, `-maps`, `-nothinking`, `-thinking=high`,
        /// `-thinking=2048`.
        model_suffixes: bool = "off", "model-suffixes", ["POLLUX_MODEL_SUFFIXES"], Kind::Switch;
    }
    section "Retention" {
        /// How many days single usage events are kept. Hourly sums are kept for good.
        usage_retention_days: u32 = "30", "usage-retention-days", ["POLLUX_USAGE_RETENTION_DAYS"], DAYS;
        /// How many days the request log is kept.
        request_log_retention_days: u32 = "30", "request-log-retention-days", ["POLLUX_REQUEST_LOG_RETENTION_DAYS"],
            DAYS;
        /// How many days it is kept what was said in calls, of users of whom that is kept (`log_bodies`).
        bodies_retention_days: u32 = "7", "bodies-retention-days", ["POLLUX_BODIES_RETENTION_DAYS"], DAYS;
        /// How much is kept of each request and each answer, in KiB; the rest is cut.
        bodies_max_kb: u32 = "256", "bodies-max-kb", ["POLLUX_BODIES_MAX_KB"], Kind::Whole { least: 1, most: 4_096 };
    }
    section "Alerts" {
        /// Below which share of the keys that are not switched off, in percent, it is an alert that so few can serve.
        alert_pool_share: Option<u32> = "25", "alert-pool-share", ["POLLUX_ALERT_POOL_SHARE"],
            Kind::WholeOrOff { least: 1, most: 100 };
        /// Whether keys that Google refuses for good are an alert.
        alert_dead_keys: bool = "on", "alert-dead-keys", ["POLLUX_ALERT_DEAD_KEYS"], Kind::Switch;
        /// Above which share of failed calls, in percent of those of this hour and the last, it is an alert. Refusals for a
        /// client's own mistake or limit do not count, nor do fewer than 20 calls.
        alert_error_share: Option<u32> = "20", "alert-error-share", ["POLLUX_ALERT_ERROR_SHARE"],
            Kind::WholeOrOff { least: 1, most: 99 };
        /// How long before a model's day quota runs dry, at the present rate, it is an alert.
        alert_dry_within: Option<Duration> = "off", "alert-dry-within", ["POLLUX_ALERT_DRY_WITHIN"],
            Kind::TimeOrOff { least_ms: 60_000 };
        /// How many dollars, at list price, the calls of a day (UTC) may cost before it is an alert.
        alert_spend_day: Option<u32> = "off", "alert-spend-day", ["POLLUX_ALERT_SPEND_DAY"],
            Kind::WholeOrOff { least: 1, most: 1_000_000 };
    }
    section "Hosting" {
        /// Whether the gateway calls itself now and then, so that a free host does not put it to sleep. Only with an
        /// external URL.
        keep_alive: bool = "on", "keep-alive", ["POLLUX_KEEP_ALIVE", "ENABLE_KEEP_ALIVE"], Kind::Switch;
        /// Minutes between two such calls; `0` for never.
        keep_alive_interval: Duration = "14", "keep-alive-interval", ["KEEP_ALIVE_INTERVAL"],
            Kind::Time { least_ms: 0, unit: "m" };
    }
}

impl Setting for Position {
    fn parse(text: &str, _: &Kind) -> Result<Self, Bad> {
        let found = Self::ALL.into_iter().find(|position| position.name() == text);
        found.ok_or_else(|| Bad::new("is not a position", "write system, user_prefix or user_suffix"))
    }

    fn json(&self) -> Value {
        Value::from(self.name())
    }
}

impl Values {
    /// What holds when nothing is written.
    pub fn of_defaults() -> Option<Self> {
        Self::read(|key| key.default.into(), |_, _| {})
    }

    /// How a model thinks if the request does not say; the model by its names, what was asked for first.
    pub fn thoughts<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Thoughts {
        let own = self.models.of(names);
        let own_budget = own.and_then(|model| model.thinking_budget);
        let budget = match own_budget {
            Some(budget) => budget,
            None if self.thinking_enabled => self.thinking_budget,
            None => 0,
        };
        let shown = own.and_then(|model: &ModelSettings| model.include_thoughts);
        Thoughts {
            budget: Some(budget).filter(|budget| *budget >= 0),
            shown: shown.unwrap_or(self.include_thoughts),
        }
    }

    /// What is added to every call, and where.
    pub fn injection(&self) -> Option<(Position, &str)> {
        let content = self.injection_content.trim();
        (self.injection_enabled && !content.is_empty()).then_some((self.injection_position, content))
    }

    /// How often the gateway calls itself, if it does.
    pub fn keep_alive_every(&self) -> Option<Duration> {
        Some(self.keep_alive_interval).filter(|every| self.keep_alive && !every.is_zero())
    }

    /// What no single setting can say for itself, by the name of the setting.
    pub fn contradictions(&self) -> Vec<(&'static str, Bad)> {
        let mut found = Vec::new();
        if self.injection_enabled && self.injection_content.trim().is_empty() {
            let bad =
                Bad::new("is empty while prompt injection is on", "say what to inject, or switch it off");
            found.push(("injection_content", bad));
        }
        if self.models.are_off([self.default_model.as_str()]) {
            let bad = Bad::new("is a model that is switched off", "name another, or enable it in `models`");
            found.push(("default_model", bad));
        }
        if let Some((alias, _)) = self.aliases.iter().find(|(_, target)| self.models.are_off([*target])) {
            let reason = format!("leads from {alias:?} to a model that is switched off");
            found.push(("aliases", Bad::new(reason, "name another, or enable it in `models`")));
        }
        if self.hedge_after.is_some_and(|after| after >= self.request_timeout) {
            let bad =
                Bad::new("is no shorter than request_timeout, which would always come first", "shorten it");
            found.push(("hedge_after", bad));
        }
        found
    }

    /// These values with stored ones over them, and what of those cannot be used.
    pub(super) fn over(&self, stored: &Map<String, Value>) -> (Self, Vec<Problem>) {
        let mut values = self.clone();
        let mut problems = Vec::new();
        for (name, value) in stored {
            let mut note = |below: String, bad: Bad| problems.push(Problem::new(name, &below, bad));
            values.set(name, value, &mut note);
        }
        (values, problems)
    }
}

fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

pub(super) fn stranger() -> Bad {
    Bad::new("is not a setting that can be changed here", "GET /admin/settings lists those that can")
}
