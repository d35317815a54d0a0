//! The order of a conversation: calls, their results and their signatures (wire.md §3.3, §4.5, §4.6).

use serde_json::Value;

use crate::model::Model;
use crate::refusal::Refusal;
use crate::signature::{Forgery, Notary};

/// Who checks a conversation, for which model and project.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Court {
    pub(crate) model: &'static Model,
    pub(crate) notary: Notary,
    pub(crate) project: u32,
}

impl Court {
    /// Refuses histories that Google refuses.
    pub(crate) fn judge(self, contents: &[Value]) -> Result<(), Refusal> {
        for (at, content) in contents.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| contents.get(at));
            self.judge_calls(content, before, contents.get(at + 1))?;
            judge_results(content, before)?;
        }
        if self.model.is_gen3() { self.judge_signatures(contents) } else { Ok(()) }
    }

    fn judge_calls(
        self,
        content: &Value,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Result<(), Refusal> {
        let calls = parts(content, "functionCall");
        if calls.is_empty() {
            return Ok(());
        }
        if before.is_none_or(|before| before["role"] == "model") {
            return Err(order(
                "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
            ));
        }
        let results = after.map(|after| parts(after, "functionResponse")).unwrap_or_default();
        if results.len() != calls.len() {
            return Err(order(
                "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
            ));
        }
        if self.model.is_gen3() { match_results(&calls, &results) } else { Ok(()) }
    }

    /// Only the current turn is checked: what follows the last content in which the user says something.
    fn judge_signatures(self, contents: &[Value]) -> Result<(), Refusal> {
        for (at, content) in contents.iter().enumerate().skip(current_turn(contents)) {
            let first = content["parts"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|part| part["functionCall"].is_object());
            let Some(first) = first else { continue };
            let name = first["functionCall"]["name"].as_str().unwrap_or_default();
            let Some(signature) = first["thoughtSignature"].as_str().filter(|text| !text.is_empty()) else {
                return Err(missing_signature(name, at + 1));
            };
            self.notary.check(self.project, name, signature).map_err(refuse_signature)?;
        }
        Ok(())
    }
}

/// Where the current turn begins; wire.md §4.6.
pub(crate) fn current_turn(contents: &[Value]) -> usize {
    let speaks =
        |content: &Value| content["role"] != "model" && parts(content, "functionResponse").is_empty();
    contents.iter().rposition(speaks).unwrap_or(0)
}

/// Parts of a content that carry the given payload.
pub(crate) fn parts<'a>(content: &'a Value, name: &str) -> Vec<&'a Value> {
    let all = content["parts"].as_array().into_iter().flatten();
    all.map(|part| &part[name]).filter(|payload| payload.is_object()).collect()
}

fn judge_results(content: &Value, before: Option<&Value>) -> Result<(), Refusal> {
    let has_results = !parts(content, "functionResponse").is_empty();
    if has_results && before.is_none_or(|before| parts(before, "functionCall").is_empty()) {
        return Err(order(
            "Please ensure that function response turn comes immediately after a function call turn.",
        ));
    }
    Ok(())
}

/// Results name their call: by id where the call has one, else by place (wire.md §1 fact 7).
fn match_results(calls: &[&Value], results: &[&Value]) -> Result<(), Refusal> {
    for (at, call) in calls.iter().enumerate() {
        let result = match call["id"].as_str() {
            Some(id) => results.iter().find(|result| result["id"] == id),
            None => results.get(at),
        };
        let Some(result) = result else {
            return Err(order("functionResponse.id does not match functionCall.id."));
        };
        if result["name"] != call["name"] {
            return Err(order("functionResponse.name does not match functionCall.name."));
        }
    }
    Ok(())
}

fn order(message: &str) -> Refusal {
    Refusal::invalid(message).because("turn-order")
}

fn missing_signature(name: &str, position: usize) -> Refusal {
    let message = format!(
        "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{name}` , position {position}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
    );
    Refusal::invalid(&message).because("signature-missing")
}

fn refuse_signature(forgery: Forgery) -> Refusal {
    let (message, reason) = match forgery {
        Forgery::NotBase64 => (
            "Invalid value at 'contents[].parts[].thought_signature' (TYPE_BYTES), Base64 decoding failed. Invalid thought signature.",
            "signature-base64",
        ),
        Forgery::Corrupted => ("Corrupted thought signature.", "signature-corrupted"),
        Forgery::Misplaced => ("Thought signature is not valid.", "signature-misplaced"),
    };
    Refusal::invalid(message).because(reason)
}

/// The 400 of a signature that this route cannot read, also available as a fault.
pub(crate) fn corrupted_signature() -> Refusal {
    refuse_signature(Forgery::Corrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judge(model: &str, contents: &Value) -> String {
        let notary = Notary { seed: 1, bind_to_project: false };
        let court = Court { model: crate::model::find(model).unwrap(), notary, project: 0 };
        court.judge(contents.as_array().unwrap()).err().map_or_else(String::new, |refusal| {
            refusal.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
        })
    }

    fn user() -> Value {
        json!({"role": "user", "parts": [{"text": "hi"}]})
    }

    fn call(signature: &str) -> Value {
        json!({"role": "model", "parts": [
            {"functionCall": {"name": "f", "id": "1"}, "thoughtSignature": signature}, {"functionCall": {"name": "g", "id": "2"}}]})
    }

    fn results(first: (&str, &str), second: (&str, &str)) -> Value {
        let part = |(name, id)| json!({"functionResponse": {"name": name, "id": id, "response": {}}});
        json!({"role": "user", "parts": [part(first), part(second)]})
    }

    const SENTINEL: &str = "skip_thought_signature_validator";

    #[test]
    fn histories_are_judged_as_google_judges_them() {
        let good = results(("f", "1"), ("g", "2"));
        let one = json!({"role": "user", "parts": [{"functionResponse": {"name": "f", "id": "1"}}]});
        for (model, contents, expected) in [
            ("gemini-3.8-flash", json!([user(), call(SENTINEL), good]), ""),
            ("gemini-3.8-flash", json!([user(), call(SENTINEL), results(("g", "2"), ("f", "1"))]), ""),
            (
                "gemini-3.8-flash",
                json!([user(), call(""), good]),
                "Function call is missing a thought_signature",
            ),
            ("gemini-3.8-flash", json!([user(), call("AAAA"), good]), "Corrupted thought signature."),
            ("gemini-3.8-flash", json!([user(), call(""), good, user()]), ""),
            (
                "gemini-3.8-flash",
                json!([user(), call(SENTINEL), results(("f", "1"), ("g", "9"))]),
                "functionResponse.id does not",
            ),
            (
                "gemini-3.8-flash",
                json!([user(), call(SENTINEL), results(("f", "1"), ("h", "2"))]),
                "functionResponse.name does",
            ),
            ("gemini-2.5-flash", json!([user(), call(""), good]), ""),
            (
                "gemini-2.5-flash",
                json!([user(), call(""), one]),
                "Please ensure that the number of function response",
            ),
            (
                "gemini-2.5-flash",
                json!([user(), call("")]),
                "Please ensure that the number of function response",
            ),
            ("gemini-2.5-flash", json!([call(""), good]), "Please ensure that function call turn comes"),
            ("gemini-2.5-flash", json!([user(), good]), "Please ensure that function response turn comes"),
        ] {
            let message = judge(model, &contents);
            let fits = if expected.is_empty() { message.is_empty() } else { message.starts_with(expected) };
            assert!(fits, "{model}: {contents}\n{message:?} != {expected:?}");
        }
    }
}
