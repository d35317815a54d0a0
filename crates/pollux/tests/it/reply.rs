//! What came back, and how to look at it.

use hyper::HeaderMap;
use serde_json::Value;

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The text of a whole answer.
    pub(crate) fn text(&self) -> String {
        self.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
    }

    /// The data of every event, `[DONE]` included.
    pub(crate) fn events(&self) -> Vec<&str> {
        self.body.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect()
    }

    pub(crate) fn chunks(&self) -> Vec<Value> {
        self.events()
            .into_iter()
            .filter(|data| *data != "[DONE]")
            .map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.events().last() == Some(&"[DONE]")
    }

    /// The content of all chunks together.
    pub(crate) fn streamed_text(&self) -> String {
        let chunks = self.chunks();
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
    }

    pub(crate) fn finish_reasons(&self) -> Vec<String> {
        let chunks = self.chunks();
        chunks
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str().map(str::to_owned))
            .collect()
    }

    /// The error of a stream that broke off.
    pub(crate) fn stream_error(&self) -> Option<Value> {
        self.chunks().into_iter().find(|chunk| !chunk["error"].is_null()).map(|chunk| chunk["error"].clone())
    }

    /// `status code`, for tables.
    pub(crate) fn verdict(&self) -> String {
        if self.status == 200 {
            return "200".to_owned();
        }
        format!("{} {}", self.status, self.json()["error"]["code"].as_str().unwrap_or("-"))
    }
}
