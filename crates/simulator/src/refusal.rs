//! Answers that are not answers: Google's error bodies as they are seen in the wild (wire.md §9.1).

use serde_json::{Value, json};

use crate::key::{Key, KeyState};
use crate::model::Model;

/// What a refused request gets, and the word under which the ledger counts it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: RefusalBody,
    pub(crate) reason: String,
}

/// The shapes an error body comes in.
#[derive(Debug, Clone)]
pub(crate) enum RefusalBody {
    Json(Value),
    Html(String),
    Empty,
}

const HOST: &str = "generativelanguage.googleapis.com";
pub(crate) const TROUBLE: &str =
    "Please retry or report in https://developers.generativeai.google/guide/troubleshooting";

impl Refusal {
    /// An error in Google's envelope.
    pub(crate) fn rpc(status: u16, name: &str, message: &str) -> Self {
        let error = json!({"code": status, "message": message, "status": name});
        Self { status, body: RefusalBody::Json(json!({ "error": error })), reason: name.to_ascii_lowercase() }
    }

    pub(crate) fn invalid(message: &str) -> Self {
        Self::rpc(400, "INVALID_ARGUMENT", message)
    }

    pub(crate) fn denied(message: &str) -> Self {
        Self::rpc(403, "PERMISSION_DENIED", message)
    }

    pub(crate) fn exhausted(message: &str) -> Self {
        Self::rpc(429, "RESOURCE_EXHAUSTED", message)
    }

    pub(crate) fn html(status: u16, title: &str, text: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>{title}</title>\n  <p>{text}\n</html>\n"
        );
        Self { status, body: RefusalBody::Html(page), reason: "html".to_owned() }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: RefusalBody::Empty, reason: "empty".to_owned() }
    }

    pub(crate) fn because(self, reason: &str) -> Self {
        Self { reason: reason.to_owned(), ..self }
    }

    /// Adds an entry to `error.details`.
    pub(crate) fn with(mut self, kind: &str, detail: Value) -> Self {
        let RefusalBody::Json(body) = &mut self.body else { return self };
        let mut entry = serde_json::Map::new();
        entry.insert("@type".to_owned(), json!(format!("type.googleapis.com/google.rpc.{kind}")));
        if let Value::Object(fields) = detail {
            entry.extend(fields);
        }
        match body.pointer_mut("/error/details").and_then(Value::as_array_mut) {
            Some(details) => details.push(Value::Object(entry)),
            None => body["error"]["details"] = Value::Array(vec![Value::Object(entry)]),
        }
        self
    }

    fn with_info(self, reason: &str, metadata: Value) -> Self {
        let mut metadata = metadata;
        metadata["service"] = json!(HOST);
        self.with("ErrorInfo", json!({"reason": reason, "domain": "googleapis.com", "metadata": metadata}))
    }

    /// The envelope alone, for errors that travel inside a stream.
    pub(crate) fn json(&self) -> Value {
        match &self.body {
            RefusalBody::Json(body) => body.clone(),
            RefusalBody::Html(_) | RefusalBody::Empty => json!({}),
        }
    }
}

/// E1 and E2.
pub(crate) fn bad_key(expired: bool) -> Refusal {
    let message = if expired {
        "API key expired. Please renew the API key."
    } else {
        "API key not valid. Please pass a valid API key."
    };
    Refusal::invalid(message)
        .with_info("API_KEY_INVALID", json!({}))
        .with("LocalizedMessage", json!({"locale": "en-US", "message": message}))
        .because(if expired { "key-expired" } else { "key-invalid" })
}

/// A call without any credential.
pub(crate) fn unregistered() -> Refusal {
    Refusal::denied(
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
    )
    .because("unregistered")
}

/// E3: a key sent as a bearer token.
pub(crate) fn bearer(method: &str) -> Refusal {
    let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
    Refusal::rpc(401, "UNAUTHENTICATED", message)
        .with_info("ACCESS_TOKEN_TYPE_UNSUPPORTED", json!({"method": rpc_name(method)}))
        .because("bearer")
}

/// E4.
pub(crate) fn two_credentials() -> Refusal {
    Refusal::invalid("Multiple authentication credentials received. Please pass only one.")
        .because("two-credentials")
}

/// E17, in the wording for unknown ids.
pub(crate) fn unknown_model(id: &str, version: &str, method: &str) -> Refusal {
    let message = format!(
        "models/{id} is not found for API version {version}, or is not supported for {method}. Call ModelService.ListModels to see the list of available models and their supported methods."
    );
    Refusal::rpc(404, "NOT_FOUND", &message).because("unknown-model")
}

/// E17, in the wording for models that are switched off.
pub(crate) fn retired_model(id: &str) -> Refusal {
    let message = format!(
        "This model models/{id} is no longer available. Please update your code to use a newer model for the latest features and improvements."
    );
    Refusal::rpc(404, "NOT_FOUND", &message).because("retired-model")
}

/// E6.
pub(crate) fn context_too_long(tokens: u64, model: &Model) -> Refusal {
    let message = format!(
        "The input token count ({tokens}) exceeds the maximum number of tokens allowed ({}).",
        model.input
    );
    Refusal::invalid(&message).because("context")
}

/// E31.
pub(crate) fn payload_too_large(status: u16, limit: u64) -> Refusal {
    let message = format!(
        "Request payload size exceeds the limit: {limit} bytes. Please upload your files with the File API instead. Example: f = genai.upload_file(path=...)"
    );
    Refusal::rpc(status, "INVALID_ARGUMENT", &message).because("payload")
}

/// What a key in this state answers; `None` when it works.
pub(crate) fn key_state(state: KeyState, key: &Key, method: &str) -> Option<Refusal> {
    let consumer = json!({"consumer": key.consumer()});
    let refusal = match state {
        KeyState::Valid => return None,
        KeyState::Invalid => bad_key(false),
        KeyState::Expired => bad_key(true),
        KeyState::Leaked => leaked(),
        KeyState::Suspended => suspended(key),
        KeyState::ServiceDisabled => service_disabled(key),
        KeyState::Blocked => {
            let message = format!("Requests to this API {HOST} method {} are blocked.", rpc_name(method));
            Refusal::denied(&message).with_info("API_KEY_SERVICE_BLOCKED", consumer).because("key-blocked")
        }
        KeyState::Referrer => Refusal::denied("Requests from referer <empty> are blocked.")
            .with_info("API_KEY_HTTP_REFERRER_BLOCKED", consumer)
            .because("key-referrer"),
        KeyState::Permission => Refusal::denied("The caller does not have permission").because("permission"),
        KeyState::Region => region(),
        KeyState::Billing => billing(),
    };
    Some(refusal)
}

fn leaked() -> Refusal {
    Refusal::denied("Your API key was reported as leaked. Please use another API key.").because("key-leaked")
}

/// E11 prints the whole key, which is why every log line must be redacted.
fn suspended(key: &Key) -> Refusal {
    let message = format!("Permission denied: Consumer 'api_key:{}' has been suspended.", key.text);
    let metadata = json!({"consumer": key.consumer(), "containerInfo": format!("api_key:{}", key.text)});
    Refusal::denied(&message).with_info("CONSUMER_SUSPENDED", metadata).because("key-suspended")
}

fn service_disabled(key: &Key) -> Refusal {
    let number = key.consumer().replace("projects/", "");
    let url = format!("https://console.developers.google.com/apis/api/{HOST}/overview?project={number}");
    let message = format!(
        "Generative Language API has not been used in project {number} before or it is disabled. Enable it by visiting {url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
    );
    let metadata = json!({"consumer": key.consumer(), "containerInfo": number, "activationUrl": url, "serviceTitle": "Generative Language API"});
    Refusal::denied(&message)
        .with_info("SERVICE_DISABLED", metadata)
        .with(
            "Help",
            json!({"links": [{"description": "Google developers console API activation", "url": url}]}),
        )
        .because("service-disabled")
}

fn region() -> Refusal {
    Refusal::rpc(400, "FAILED_PRECONDITION", "User location is not supported for the API use.")
        .because("region")
}

fn billing() -> Refusal {
    Refusal::exhausted("Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.")
        .because("billing")
}

/// The RPC name that Google puts into messages and metadata.
pub(crate) fn rpc_name(method: &str) -> String {
    let mut letters = method.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter();
    let rest: String = first.chain(letters).collect();
    let service = if rest.ends_with("Models") || rest.ends_with("Model") {
        "ModelService"
    } else {
        "GenerativeService"
    };
    format!("google.ai.generativelanguage.v1beta.{service}.{rest}")
}
