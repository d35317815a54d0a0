//! Every recorded Chat Completions request can be said in Gemini's words, with nothing refused.

use std::collections::HashMap;
use std::path::Path;

use dialect::gemini::content::Content;
use dialect::model::{Capabilities, Family, Level, Sampling, Thinking};
use dialect::openai::chat::Policy;
use dialect::openai::chat::request::ChatRequest;
use dialect::openai::chat::translate::{Context, to_gemini};
use serde_json::Value;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/google-openai-compat");

#[test]
fn recorded_requests_are_translated() {
    let requests = recorded(Path::new(CORPUS));
    if requests.is_empty() {
        println!("skipped: no recordings at {CORPUS}");
        return;
    }
    let capabilities = capabilities();
    for (name, body) in &requests {
        let request = ChatRequest::parse(body.to_string().as_bytes()).expect(name);
        let calls = request.call_ids().len();
        let context =
            Context { capabilities: &capabilities, policy: &Policy::default(), recall: &HashMap::new() };
        let translated = to_gemini(request, &context).expect(name);
        let contents = translated.request.contents.expect(name);
        let parts = || contents.iter().flat_map(Content::parts);
        let sent = parts().filter(|part| part.function_call.is_some()).count();
        let answered = parts().filter(|part| part.function_response.is_some()).count();
        assert!(
            calls <= sent && sent == answered,
            "{name}: {calls} calls in, {sent} out, {answered} answered"
        );
    }
    println!("{} recorded requests translated", requests.len());
}

fn recorded(folder: &Path) -> Vec<(String, Value)> {
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let request = |path: &Path| {
        let mut record: Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let body = record.get_mut("request")?.get_mut("body")?.take();
        body.get("messages")?;
        Some((path.display().to_string(), body))
    };
    files.filter_map(|file| request(&file.ok()?.path())).collect()
}

fn capabilities() -> Capabilities {
    Capabilities {
        family: Family::Gen3,
        input_limit: 1_048_576,
        output_limit: 65_536,
        thinking: Thinking::Level { levels: vec![Level::Low, Level::Medium, Level::High], default: None },
        sampling: Sampling::Ignored,
        penalties: false,
        logprobs: false,
        max_candidates: 1,
        function_ids: true,
        mixed_tools: true,
        multimodal_tool_results: true,
        json_with_tools: true,
        system_instruction: true,
        part_media_resolution: true,
        signatures_required: true,
        long_decode: false,
        output: Vec::new(),
    }
}
