//! What is mutated: short bodies of every kind, written for this.

/// No real key; it stands in seeds and must not come out.
pub(crate) const KEY: &str = "AIzaSyFuzzFuzzFuzzFuzzFuzzFuzzFuzzFuzz0";

/// The seeds of a target, and the files of `FUZZ_CORPUS`.
pub(crate) fn corpus(own: &[&str]) -> Vec<Vec<u8>> {
    let mut corpus: Vec<Vec<u8>> = own.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    #[expect(clippy::disallowed_methods, reason = "a knob of the test")]
    let folder = std::env::var("FUZZ_CORPUS");
    if let Ok(folder) = folder {
        let files =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("FUZZ_CORPUS={folder}: {error}"));
        let mut paths: Vec<_> =
            files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect();
        paths.sort();
        corpus.extend(paths.iter().map(|path| std::fs::read(path).unwrap()));
    }
    corpus
}

pub(crate) const STREAMS: &[&str] = &[
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hel\"}],\"role\":\"model\"},\"index\":0}],\"responseId\":\"r1\"}\n\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"lo é\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":7,\"candidatesTokenCount\":2,\"thoughtsTokenCount\":3,\"totalTokenCount\":12,\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":7}]}}\n\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true},{\"functionCall\":{\"name\":\"look_up\",\"args\":{\"q\":\"x\",\"n\":1.5},\"id\":\"c1\"},\"thoughtSignature\":\"c2ln\"},{\"functionCall\":{\"name\":\"write\",\"args\":{\"input\":\"a\"}}}]}}]}\r\n\r\ndata: {\"candidates\":[{\"finishReason\":\"MALFORMED_FUNCTION_CALL\",\"finishMessage\":\"no\"},{\"index\":1,\"content\":{\"parts\":[{\"text\":\"\",\"thoughtSignature\":\"c2ln\"}]},\"finishReason\":\"SAFETY\",\"safetyRatings\":[{\"category\":\"HARM\",\"probability\":\"HIGH\",\"blocked\":true}]}]}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"look_up\",\"id\":\"c\",\"willContinue\":true}},{\"functionCall\":{\"partialArgs\":[{\"jsonPath\":\"$.a[0].b\",\"stringValue\":\"x\",\"willContinue\":true}],\"willContinue\":true}}]}}]}\n\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"partialArgs\":[{\"jsonPath\":\"$.a[0].b\",\"stringValue\":\"y\"},{\"jsonPath\":\"$['c']\",\"numberValue\":3},{\"jsonPath\":\"$.d\",\"nullValue\":\"NULL_VALUE\"}]}}]},\"finishReason\":\"STOP\"}]}\n\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"```json\\n{\\\"a\\\":1}\\n```\"},{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBORw0KGgo=\"}},{\"executableCode\":{\"language\":\"PYTHON\",\"code\":\"1+1\"}},{\"codeExecutionResult\":{\"outcome\":\"OUTCOME_OK\",\"output\":\"2\"}},{\"fileData\":{\"fileUri\":\"files/a\",\"mimeType\":\"video/mp4\"}}]},\"continuationToken\":\"t\",\"finishReason\":\"MAX_TOKENS\"}]}\n\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Grüße 你好\"}]},\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":\"https://a.example/\",\"title\":\"A\"}}],\"groundingSupports\":[{\"segment\":{\"startIndex\":2,\"endIndex\":7,\"partIndex\":0,\"text\":\"üße\"},\"groundingChunkIndices\":[0]}],\"webSearchQueries\":[\"q\"],\"searchEntryPoint\":{\"renderedContent\":\"<b>\"}},\"citationMetadata\":{\"citationSources\":[{\"startIndex\":0,\"endIndex\":3,\"uri\":\"https://b.example/\"}]},\"logprobsResult\":{\"chosenCandidates\":[{\"token\":\"Gr\",\"logProbability\":-0.5}],\"topCandidates\":[{\"candidates\":[{\"token\":\"Gr\",\"logProbability\":-0.5}]}]},\"urlContextMetadata\":{\"urlMetadata\":[{\"retrievedUrl\":\"https://c.example/\"}]},\"finishReason\":\"STOP\"}]}\n\n",
    "data: {\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},\"usageMetadata\":{\"promptTokenCount\":4}}\n\n{\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}\n",
    "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n,\r\n{\"candidates\":[{\"finishReason\":\"STOP\"}]}]",
    "\u{feff}: note\nevent: message\nid: 1\ndata: {\"candidates\":\ndata: []}\n\ndata: [DONE]\n\n",
];

pub(crate) const EVENTS: &[&str] = &[
    r#"{"candidates":[{"content":{"parts":[{"text":"Hello","thought":true,"thoughtSignature":"c2ln"}],"role":"model"},"finishReason":"STOP","index":0,"safetyRatings":[{"category":"C","probability":"LOW"}],"avgLogprobs":-0.1234567890123}],"usageMetadata":{"promptTokenCount":7,"toolUsePromptTokenCount":1,"cachedContentTokenCount":2,"serviceTier":"standard"},"modelVersion":"m","responseId":"r"}"#,
    r#"{"candidates":[{"content":{"parts":[{"function_call":{"name":"f","args":{"a":[1,2.5,-1e-7,null,true]}}},{"inline_data":{"mime_type":"audio/wav","data":"AAAA"}},{"hologram":{"x":1}}]}}],"promptFeedback":{"blockReason":"SAFETY"}}"#,
    r#"{"error":{"code":429,"message":"Resource has been exhausted","status":"RESOURCE_EXHAUSTED"}}"#,
    r#"[{"error":{"message":"x","status":"INTERNAL"}}]"#,
    r#"[{"candidates":[{"finishReason":3}]}]"#,
];

pub(crate) const ERRORS: &[&str] = &[
    r#"{"error":{"code":429,"message":"You exceeded your current quota. * Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 20, model: m\nPlease retry in 26.5s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaDimensions":{"model":"m","location":"global"},"quotaValue":"20"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"26s"}]}}"#,
    r#"{"error":{"code":400,"message":"API key AIzaSyFuzzFuzzFuzzFuzzFuzzFuzzFuzzFuzz0 not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com","consumer":"projects/123"}}]}}"#,
    r#"[{"error":{"code":503,"message":"The model is overloaded. See https://a.example/?key=AIzaSyFuzzFuzzFuzzFuzzFuzzFuzzFuzzFuzz0&x=1","status":"UNAVAILABLE"}}]"#,
    r#"{"error":{"code":400,"message":"Thinking budget 5 is invalid. Please choose a value between 128 and 32768.","status":"INVALID_ARGUMENT"}}"#,
    r#"{"error":{"code":403,"message":"Permission denied: Consumer 'api_key:AIzaSyFuzzFuzzFuzzFuzzFuzzFuzzFuzzFuzz0' has been suspended.","status":"PERMISSION_DENIED","details":[{"reason":"CONSUMER_SUSPENDED","metadata":{"consumer":"projects/9","containerInfo":"x"}}]}}"#,
    "<html><head><title>502 Bad Gateway</title></head><body>That's an error.</body></html>",
    r#"{"error":{"code":429,"message":"retry in 23h59m59.9s","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"55.8s"},{"violations":[{"quotaId":"GenerateContentInputTokensPerModelPerMinute","quotaValue":125000}]}]}}"#,
];

pub(crate) const GEMINI: &[&str] = &[
    r#"{"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1.25},"id":"c1"},"thoughtSignature":"c2ln"},{"text":"t","thought":true}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"r":[1]},"id":"c1"}}]}],"systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]},{"googleSearch":{}},{"codeExecution":{}}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"safetySettings":[{"category":"C","threshold":"OFF"}],"generationConfig":{"temperature":0.7,"topP":0.95,"topK":40,"candidateCount":2,"maxOutputTokens":100,"stopSequences":["x"],"presencePenalty":0.5,"frequencyPenalty":0.1,"seed":7,"responseMimeType":"application/json","responseJsonSchema":{"type":"object"},"thinkingConfig":{"thinkingBudget":128,"includeThoughts":true,"thinkingLevel":"low"}},"cachedContent":"cachedContents/a"}"#,
    r#"{"contents":{"parts":{"text":"one"}},"system_instruction":{"parts":{"text":"s"}},"generation_config":{"max_output_tokens":5,"thinking_config":{"thinking_level":"HIGH"}},"tools":{"function_declarations":[{"name":"g","parameters":{"type":"OBJECT"}}]}}"#,
    r#"{"contents":[{"parts":[]},{"role":"model"},{"role":"user","parts":[{"fileData":{"fileUri":"files/a"}},{"executableCode":{"code":"1"}}]}]}"#,
];

pub(crate) const CHAT: &[&str] = &[
    r#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo=","detail":"high"}},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERg==","filename":"a.pdf"}}]}],"temperature":0.5,"top_p":1,"max_completion_tokens":10,"stop":["a","b"],"n":1,"seed":3,"stream":true,"stream_options":{"include_usage":true},"reasoning_effort":"low","user":"u","store":false,"logit_bias":{"1":2}}"#,
    r#"{"model":"m","messages":[{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"look.up","arguments":"{\"q\":1}"},"extra_content":{"google":{"thought_signature":"c2ln"}}},{"id":"c2","type":"custom","custom":{"name":"write","input":"x"}}],"reasoning_content":"hm"},{"role":"tool","tool_call_id":"c1","content":"{\"r\":1}"},{"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"done"}]}],"tools":[{"type":"function","function":{"name":"look.up","description":"d","parameters":{"type":"object","properties":{"q":{"anyOf":[{"type":"integer"},{"type":"null"}]}},"required":["q"]},"strict":true}},{"type":"custom","custom":{"name":"write"}}],"tool_choice":{"type":"function","function":{"name":"look.up"}},"parallel_tool_calls":false}"#,
    r##"{"model":"m","messages":[{"role":"developer","content":[{"type":"text","text":"s"}]},{"role":"user","content":"json"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"$defs":{"a":{"type":"object","properties":{"b":{"$ref":"#/$defs/a"},"c":{"enum":[1,"x",null]}},"allOf":[{"$ref":"#/$defs/e"},{"required":["b"]}]},"e":{"type":["string","null"],"format":"uuid","minLength":1,"pattern":"^a"}},"oneOf":[{"$ref":"#/$defs/a"},{"type":"array","prefixItems":[{"const":1}],"items":{"$ref":"#"},"exclusiveMinimum":3,"maxItems":4}],"definitions":{}}}},"extra_body":{"google":{"thinking_config":{"thinking_budget":100,"include_thoughts":true},"safety_settings":[{"category":"C","threshold":"OFF"}],"cached_content":"cachedContents/a"}}}"##,
    r#"{"model":"m","messages":[{"role":"user","content":"a ![i](data:image/png;base64,iVBORw0KGgo=) b","name":"n"},{"role":"assistant","content":"","function_call":{"name":"f","arguments":""}},{"role":"function","name":"f","content":"r"}],"functions":[{"name":"f","parameters":{}}],"function_call":"auto","modalities":["text","audio"],"audio":{"voice":"Kore","format":"wav"},"web_search_options":{},"logprobs":true,"top_logprobs":3,"presence_penalty":0.1}"#,
];

pub(crate) const MESSAGES: &[&str] = &[
    r#"{"model":"m","max_tokens":100,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"title":"t"}]}],"temperature":0.5,"top_k":3,"stop_sequences":["a"],"stream":true,"thinking":{"type":"enabled","budget_tokens":1024},"metadata":{"user_id":"u"}}"#,
    r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"AAAA"},{"type":"text","text":"ok"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":[{"type":"text","text":"r"},{"type":"image","source":{"type":"url","url":"https://a.example/b.png"}}]},{"type":"text","text":"and?"}]}],"tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"integer","minimum":0}}}},{"type":"web_search_20250305","name":"web_search","max_uses":2}],"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}}"#,
    r#"{"model":"m","max_tokens":1,"system":"s","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"{"}],"output_config":{"effort":"high","format":{"type":"json_schema","schema":{"type":"object"}}},"thinking":{"type":"adaptive"},"service_tier":"auto"}"#,
];

pub(crate) const EMBEDDINGS: &[&str] = &[
    r#"{"model":"m","input":["a","b é"],"dimensions":768,"encoding_format":"base64","task_type":"RETRIEVAL_QUERY","title":"t"}"#,
    r#"{"model":"m","input":"a","encoding_format":"float","user":"u"}"#,
    r#"{"embeddings":[{"values":[0.25,-3e-5,1]},{"values":[]}]}"#,
    r#"{"embeddings":[{"values":[3.0,4.0,0.0]}],"input":"a"}"#,
];
