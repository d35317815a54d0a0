//! From a body to a cause (`wire.md` §9.1). The first phrase that fits decides, so order matters.

use serde_json::Value;

use super::evidence::Evidence;
use super::{Cause, Outcome, Repair};
use crate::gemini::quota::Quota;
use crate::gemini::redact::redact;

/// Says what a failed HTTP answer means. `content_type` is that of the answer, `body` may be anything.
pub fn classify(status: u16, content_type: Option<&str>, body: &[u8]) -> Outcome {
    let evidence = Evidence::from_body(status, content_type, body);
    Outcome::new(if status < 400 { evidence.status } else { status }, &evidence)
}

impl Outcome {
    /// Says what an error inside a body of status 200 means: `{"error":…}`, an array of it, or the error itself.
    pub(crate) fn from_error_value(value: &Value) -> Self {
        let evidence =
            Evidence::from_value(value, 500).unwrap_or(Evidence { status: 500, ..Evidence::default() });
        Self::new(evidence.status, &evidence)
    }

    fn new(status: u16, evidence: &Evidence) -> Self {
        Self {
            cause: cause(evidence),
            status,
            rpc_status: evidence.rpc_status.clone(),
            message: redact(&evidence.message).into_owned(),
            consumer: evidence.consumer.clone(),
        }
    }
}

fn cause(evidence: &Evidence) -> Cause {
    if let Some(cause) = anywhere(evidence) {
        return cause;
    }
    match evidence.status {
        400 => bad_request(evidence),
        401 => Cause::KeyInvalid,
        402 => Cause::BillingDepleted,
        403 => forbidden(evidence),
        404 => not_found(evidence),
        413 => Cause::PayloadTooLarge,
        429 => throttled(evidence),
        500 => internal(evidence),
        503 => unavailable(evidence),
        504 => Cause::DeadlineExceeded,
        405 | 406 | 410..=412 | 414..=417 | 422 => Cause::InvalidRequest { repair: None },
        _ => Cause::Unavailable,
    }
}

/// Phrases that mean the same under any status.
fn anywhere(evidence: &Evidence) -> Option<Cause> {
    Some(match () {
        () if evidence.says("multiple authentication credentials") => Cause::CredentialsDoubled,
        () if evidence.says("pup_limited_disabled") => Cause::AccountLimited,
        () if evidence.says("reported as leaked") => Cause::KeyLeaked,
        () if evidence.says_any(&[
            "consumer_suspended",
            "has been suspended",
            "project has been denied access",
        ]) =>
        {
            Cause::ProjectSuspended
        }
        () if evidence.says_any(&["user location is not supported", "not available in your country"]) => {
            Cause::RegionBlocked
        }
        () if evidence.is_html && evidence.says_any(&["automated queries", "unusual traffic"]) => {
            Cause::EgressFlagged
        }
        () if evidence.says_any(&[
            "prepayment credits",
            "credits are depleted",
            "credit balance is too low",
        ]) =>
        {
            Cause::BillingDepleted
        }
        () if evidence.says("payload size exceeds the limit") => Cause::PayloadTooLarge,
        () if evidence.says_any(&["model_capacity_exhausted", "no capacity available"]) => {
            Cause::Throttled { retry_delay: Quota::read(&evidence.message, &evidence.details).retry_delay }
        }
        () => return None,
    })
}

fn bad_request(evidence: &Evidence) -> Cause {
    if evidence.says("api key expired") {
        return Cause::KeyExpired;
    }
    if evidence.says_any(&["api_key_invalid", "api key not valid", "api key not found"]) {
        return Cause::KeyInvalid;
    }
    if evidence.says("input token count") && evidence.says("exceeds the maximum") {
        return Cause::ContextTooLong;
    }
    Cause::InvalidRequest { repair: Repair::recognise(&evidence.message) }
}

/// Reasons that say a key or project is not set up for this API (E12–E14), with a phrase for bodies without reason.
const MISCONFIGURED: [(&str, &str); 9] = [
    ("SERVICE_DISABLED", "has not been used in project"),
    ("API_KEY_SERVICE_BLOCKED", "requests to this api"),
    ("API_KEY_HTTP_REFERRER_BLOCKED", "requests from referer"),
    ("API_KEY_IP_ADDRESS_BLOCKED", "ip address restriction"),
    ("API_KEY_ANDROID_APP_BLOCKED", "requests from this android client"),
    ("API_KEY_IOS_APP_BLOCKED", "requests from this ios client"),
    ("CONSUMER_INVALID", "consumer_invalid"),
    ("BILLING_DISABLED", "requires billing to be enabled"),
    ("SERVICE_NOT_ACTIVATED", "service_not_activated"),
];

fn forbidden(evidence: &Evidence) -> Cause {
    let configured = MISCONFIGURED.iter().find(|(reason, phrase)| {
        evidence.reason.as_deref() == Some(*reason)
            || evidence.says(phrase)
            || evidence.says(&reason.to_lowercase())
    });
    if let Some((reason, _)) = configured {
        return Cause::KeyMisconfigured { reason: (*reason).to_owned() };
    }
    if evidence.says_any(&["unregistered callers", "api_key_invalid", "access_token_scope_insufficient"]) {
        return Cause::KeyInvalid;
    }
    if evidence.says_any(&["access the file", "cachedcontent", "or it may not exist"]) {
        return Cause::ResourceForbidden;
    }
    // Google's front end turns an address away with a page, before any key is looked at.
    if evidence.is_html { Cause::EgressFlagged } else { Cause::PermissionDenied }
}

fn not_found(evidence: &Evidence) -> Cause {
    let resource = ["cachedcontent", "files/", "the file", "filesearchstores/", "batches/", "interaction"];
    if !evidence.says("models/") && evidence.says_any(&resource) {
        Cause::ResourceForbidden
    } else {
        Cause::ModelNotFound
    }
}

fn throttled(evidence: &Evidence) -> Cause {
    if evidence.is_html {
        return Cause::EgressFlagged;
    }
    let quota = Quota::read(&evidence.message, &evidence.details);
    if quota.violations.is_empty() {
        Cause::Throttled { retry_delay: quota.retry_delay }
    } else if quota.is_not_offered() {
        Cause::ModelNotOffered(quota)
    } else {
        Cause::QuotaExhausted(quota)
    }
}

fn internal(evidence: &Evidence) -> Cause {
    if evidence.says("overloaded") { Cause::Overloaded } else { Cause::Internal }
}

fn unavailable(evidence: &Evidence) -> Cause {
    if evidence.says("deadline expired") {
        Cause::DeadlineExceeded
    } else if evidence.is_structured || evidence.says("overloaded") {
        Cause::Overloaded
    } else {
        // A page or nothing at all comes from something on the way, not from the model.
        Cause::Unavailable
    }
}
