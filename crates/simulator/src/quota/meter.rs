//! What Google says of a limit that was reached (wire.md §9.1, §9.2).

use serde_json::{Value, json};

use super::{Breach, Exceeded};
use crate::model::{Class, Model};
use crate::options::{Limits, Tier};
use crate::refusal::Refusal;

/// The names that Google gives to one project's limits on one model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    pub(crate) model: &'static Model,
    pub(crate) tier: Tier,
    pub(crate) limits: Limits,
}

impl Meter {
    /// The 429 body of E18, or of E19 when a limit is zero.
    pub(crate) fn refuse(self, exceeded: &Exceeded) -> Refusal {
        let zero = exceeded.breaches.iter().any(|breach| self.limit(*breach) == 0);
        let delay_ms = claimed_delay_ms(exceeded);
        let lines: String = exceeded.breaches.iter().map(|breach| self.line(*breach)).collect();
        let message = format!(
            "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/rate-limit. {lines}\nPlease retry in {}.{:03}s.",
            delay_ms / 1000,
            delay_ms % 1000
        );
        let violations: Vec<Value> = exceeded.breaches.iter().map(|breach| self.violation(*breach)).collect();
        let day = exceeded.breaches.contains(&Breach::RequestsPerDay);
        Refusal::exhausted(&message)
            .with("Help", json!({"links": [{"description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}]}))
            .with("QuotaFailure", json!({ "violations": violations }))
            .with("RetryInfo", json!({"retryDelay": format!("{}s", delay_ms / 1000)}))
            .because(if zero { "quota-zero" } else if day { "quota-day" } else { "quota-minute" })
    }

    fn limit(self, breach: Breach) -> u64 {
        let Limits { rpm, tpm, rpd } = self.limits;
        match breach {
            Breach::RequestsPerMinute => rpm,
            Breach::TokensPerMinute => tpm,
            Breach::RequestsPerDay => rpd,
        }
        .unwrap_or_default()
    }

    fn line(self, breach: Breach) -> String {
        let Meter { model, .. } = self;
        format!(
            "\n* Quota exceeded for metric: {}, limit: {}, model: {}",
            self.metric(breach),
            self.limit(breach),
            model.bucket()
        )
    }

    fn violation(self, breach: Breach) -> Value {
        json!({
            "quotaMetric": self.metric(breach),
            "quotaId": self.quota_id(breach),
            "quotaDimensions": {"location": "global", "model": self.model.bucket()},
            "quotaValue": self.limit(breach).to_string(),
        })
    }

    fn metric(self, breach: Breach) -> String {
        let embed = self.model.class == Class::Embedding;
        let name = match (embed, self.tier, breach) {
            (true, Tier::Free, Breach::TokensPerMinute) => "embed_content_free_tier_input_token_count",
            (true, Tier::Free, _) => "embed_content_free_tier_requests",
            (true, Tier::Paid, Breach::TokensPerMinute) => "embed_content_paid_tier_input_token_count",
            (true, Tier::Paid, _) => "embed_content_paid_tier_requests",
            (false, Tier::Free, Breach::TokensPerMinute) => "generate_content_free_tier_input_token_count",
            (false, Tier::Free, _) => "generate_content_free_tier_requests",
            (false, Tier::Paid, Breach::TokensPerMinute) => "generate_content_paid_tier_input_token_count",
            (false, Tier::Paid, Breach::RequestsPerMinute) => "generate_requests_per_model",
            (false, Tier::Paid, Breach::RequestsPerDay) => "generate_requests_per_model_per_day",
        };
        format!("generativelanguage.googleapis.com/{name}")
    }

    fn quota_id(self, breach: Breach) -> String {
        let embed = self.model.class == Class::Embedding;
        let id = match (embed, self.tier, breach) {
            (true, _, Breach::RequestsPerMinute) => "EmbedContentRequestsPerMinutePerProjectPerModel",
            (true, _, Breach::RequestsPerDay) => "EmbedContentRequestsPerDayPerProjectPerModel",
            (true, _, Breach::TokensPerMinute) => "EmbedContentInputTokensPerModelPerMinute",
            (false, _, Breach::RequestsPerMinute) => "GenerateRequestsPerMinutePerProjectPerModel",
            (false, _, Breach::RequestsPerDay) => "GenerateRequestsPerDayPerProjectPerModel",
            (false, Tier::Free, Breach::TokensPerMinute) => "GenerateContentInputTokensPerModelPerMinute",
            (false, Tier::Paid, Breach::TokensPerMinute) => {
                "GenerateContentPaidTierInputTokensPerModelPerMinute"
            }
        };
        let suffix = if self.tier == Tier::Free { "-FreeTier" } else { "" };
        format!("{id}{suffix}")
    }
}

/// A day violation claims that seconds would help, as Google's do.
fn claimed_delay_ms(exceeded: &Exceeded) -> i64 {
    if exceeded.breaches.contains(&Breach::RequestsPerDay) { 36_412 } else { exceeded.wait_ms }
}
