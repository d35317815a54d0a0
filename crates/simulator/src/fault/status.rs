//! Faults that answer with a status of their own.

use serde_json::json;

use super::Fault;
use crate::key::{Key, KeyState};
use crate::model::Model;
use crate::options::{Limits, Tier};
use crate::quota::{Breach, Exceeded, Meter};
use crate::refusal::{self, Refusal, RefusalBody, TROUBLE};
use crate::turn;

/// Who and what a fault hits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) key: &'a Key,
    pub(crate) model: &'static Model,
    pub(crate) method: &'a str,
    pub(crate) tier: Tier,
    pub(crate) limits: Limits,
}

const OVERLOADED: &str = "The model is overloaded. Please try again later.";
const DEMAND: &str = "This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again later.";
const EXHAUSTED: &str = "Resource has been exhausted (e.g. check quota).";
const QUOTA: &str = "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.";

/// The refusal of a fault that acts before the answer.
pub(crate) fn refusal(fault: &Fault, scene: Scene<'_>) -> Option<Refusal> {
    let found = scene
        .quota(fault)
        .or_else(|| scene.key_trouble(fault))
        .or_else(|| Scene::server(fault))
        .or_else(|| scene.request(fault));
    found.map(|refusal| refusal.because(&format!("fault:{}", fault.name())))
}

impl Scene<'_> {
    fn quota(self, fault: &Fault) -> Option<Refusal> {
        let Scene { model, tier, limits, .. } = self;
        let meter = Meter { model, tier, limits };
        let exceeded = |breaches: &[Breach]| Exceeded {
            breaches: breaches.to_vec(),
            wait_ms: i64::try_from(fault.number(26_300)).unwrap_or(i64::MAX),
        };
        let refusal = match fault.name() {
            "429-minute" => meter.refuse(&exceeded(&[Breach::RequestsPerMinute])),
            "429-tokens" => meter.refuse(&exceeded(&[Breach::TokensPerMinute])),
            "429-day" => meter.refuse(&exceeded(&[Breach::RequestsPerDay])),
            "429-both" => meter.refuse(&exceeded(&[Breach::RequestsPerDay, Breach::RequestsPerMinute])),
            "429-zero" => {
                let none = Limits { rpm: Some(0), tpm: Some(0), rpd: Some(0) };
                let all = [Breach::RequestsPerDay, Breach::RequestsPerMinute, Breach::TokensPerMinute];
                Meter { limits: none, ..meter }.refuse(&exceeded(&all))
            }
            "429-bare" => Refusal::exhausted(EXHAUSTED),
            "429-help" => Refusal::exhausted(QUOTA).with(
                "Help",
                json!({"links": [{"description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}]}),
            ),
            "429-old" => self.old_quota(),
            "429-html" => Refusal::html(429, "Sorry...", "We're sorry... but your computer or network may be sending automated queries. To protect our users, we can't process your request right now."),
            "429-empty" => Refusal::empty(429),
            "429-capacity" => Refusal::exhausted(&format!("No capacity available for model {} on the server", model.id)).with(
                "ErrorInfo",
                json!({"reason": "MODEL_CAPACITY_EXHAUSTED", "domain": "cloudcode-pa.googleapis.com", "metadata": {"model": model.id}}),
            ),
            _ => return None,
        };
        Some(refusal)
    }

    /// E23: the wording before QuotaFailure existed.
    fn old_quota(self) -> Refusal {
        let consumer = self.key.consumer();
        let message = format!(
            "Quota exceeded for quota metric 'Generate Content API requests per minute' and limit 'GenerateContent request limit per minute for a region' of service 'generativelanguage.googleapis.com' for consumer '{}'.",
            consumer.replace("projects/", "project_number:")
        );
        let metadata = json!({
            "service": "generativelanguage.googleapis.com",
            "consumer": consumer,
            "quota_metric": "generativelanguage.googleapis.com/generate_content_requests",
            "quota_limit": "GenerateContentRequestsPerMinutePerProjectPerRegion",
            "quota_limit_value": self.limits.rpm.unwrap_or(60).to_string(),
            "quota_location": "us-east1",
        });
        Refusal::exhausted(&message).with(
            "ErrorInfo",
            json!({"reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com", "metadata": metadata}),
        )
    }

    fn key_trouble(self, fault: &Fault) -> Option<Refusal> {
        let state = match fault.name() {
            "400-key-invalid" => KeyState::Invalid,
            "400-key-expired" => KeyState::Expired,
            "400-region" => KeyState::Region,
            "403-service-disabled" => KeyState::ServiceDisabled,
            "403-suspended" => KeyState::Suspended,
            "403-leaked" => KeyState::Leaked,
            "403-blocked" => KeyState::Blocked,
            "403-referrer" => KeyState::Referrer,
            "403-permission" => KeyState::Permission,
            "429-billing" => KeyState::Billing,
            "401" => return Some(refusal::bearer(self.method)),
            "400-credentials" => return Some(refusal::two_credentials()),
            _ => return None,
        };
        refusal::key_state(state, self.key, self.method)
    }

    fn server(fault: &Fault) -> Option<Refusal> {
        let refusal = match fault.name() {
            "500" => Refusal::rpc(500, "INTERNAL", &format!("An internal error has occurred. {TROUBLE}")),
            "500-html" => Refusal::html(
                500,
                "Error 500 (Server Error)!!1",
                "The server encountered an error and could not complete your request.",
            ),
            "502" => Refusal::html(
                502,
                "Error 502 (Server Error)!!1",
                "The server encountered a temporary error and could not complete your request.",
            ),
            "503" => Refusal::rpc(503, "UNAVAILABLE", OVERLOADED),
            "503-capacity" => Refusal::rpc(503, "UNAVAILABLE", DEMAND),
            "503-deadline" => {
                Refusal::rpc(503, "UNAVAILABLE", "Deadline expired before operation could complete.")
            }
            "503-array" => {
                let body = Refusal::rpc(503, "UNAVAILABLE", OVERLOADED).json();
                Refusal { status: 503, body: RefusalBody::Json(json!([body])), reason: String::new() }
            }
            "504" => Refusal::rpc(504, "DEADLINE_EXCEEDED", "Deadline Exceeded"),
            "html-200" => Refusal::html(200, "Sign in", "Please sign in to this network."),
            "empty-200" => Refusal::empty(200),
            "error-json-200" => Refusal { status: 200, ..Refusal::rpc(503, "UNAVAILABLE", OVERLOADED) },
            _ => return None,
        };
        Some(refusal)
    }

    fn request(self, fault: &Fault) -> Option<Refusal> {
        let refusal = match fault.name() {
            "400-context" => refusal::context_too_long(self.model.input + 151_717, self.model),
            "400-bare" => Refusal::invalid("Request contains an invalid argument."),
            "400-image" => Refusal::invalid(&format!("Unable to process input image. {TROUBLE}")),
            "400-states" => Refusal::invalid(
                "The specified schema produces a constraint that has too many states for serving. Typical causes of this error are schemas with lots of text, schemas with very long array length limits, or schemas using complex value matchers.",
            ),
            "400-signature" => turn::corrupted_signature(),
            "400-html" => Refusal::html(
                400,
                "Error 400 (Bad Request)!!1",
                "Your client has issued a malformed or illegal request.",
            ),
            "403-file" => {
                Refusal::denied("You do not have permission to access the File abc123 or it may not exist.")
            }
            "404-model" => refusal::unknown_model(self.model.id, "v1beta", self.method),
            "404-retired" => refusal::retired_model(self.model.id),
            "413" => refusal::payload_too_large(413, 104_857_600),
            _ => return None,
        };
        Some(refusal)
    }
}
