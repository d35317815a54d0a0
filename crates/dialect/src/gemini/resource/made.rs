//! Which things of a project an answer tells of for the first time.

use serde_json::Value;

use super::{collection, file_of_uri};

/// Something that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its name: `files/abc`.
    pub name: String,
    /// When Google will delete it, in its own words.
    pub expires: Option<String>,
}

/// What the answer to a call that makes things says it has made. An operation that a model or a store carries out is told by
/// its own name.
pub fn made(answer: &Value) -> Vec<Made> {
    if let Some(file) = answer.get("file").filter(|file| file.is_object()) {
        return of_object(file).into_iter().collect();
    }
    if let Some(files) = answer.get("files").and_then(Value::as_array) {
        return files.iter().filter_map(of_object).collect();
    }
    of_object(answer).into_iter().collect()
}

fn of_object(object: &Value) -> Option<Made> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("name").filter(|name| is_whole(name))?.to_owned();
    let expires = text("expirationTime").or_else(|| text("expireTime")).or_else(|| text("expire_time"));
    Some(Made { name, expires: expires.map(str::to_owned) })
}

fn is_whole(name: &str) -> bool {
    let first = name.split('/').next().unwrap_or_default();
    let of_model = first == "models" && name.contains("/operations/");
    name.contains('/') && (of_model || collection(first).is_some())
}

/// The files in which a batch or an operation that has ended left what it made.
pub fn results(answer: &Value) -> Vec<Made> {
    let mut found = Vec::new();
    let response = answer.get("response").unwrap_or(&Value::Null);
    for place in [response, answer.get("metadata").unwrap_or(&Value::Null)] {
        for field in ["/responsesFile", "/output/responsesFile", "/dest/fileName"] {
            found.extend(place.pointer(field).and_then(Value::as_str).and_then(file_of_uri));
        }
    }
    let videos = ["/generateVideoResponse/generatedSamples", "/generatedSamples", "/generatedVideos"];
    for samples in videos.iter().filter_map(|place| response.pointer(place)?.as_array()) {
        let uris = samples.iter().filter_map(|sample| sample.pointer("/video/uri")?.as_str());
        found.extend(uris.filter_map(file_of_uri));
    }
    found.into_iter().map(|name| Made { name, expires: None }).collect()
}

/// The collection that a name belongs to; operations of models and stores are operations.
pub fn kind_of(name: &str) -> &'static str {
    if name.contains("/operations/") {
        return "operations";
    }
    name.split('/').next().and_then(collection).map_or("other", |collection| collection.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(answer: &Value) -> Vec<String> {
        made(answer).into_iter().map(|made| made.name).collect()
    }

    #[test]
    fn answers_tell_what_they_made() {
        let file = json!({"file": {"name": "files/abc", "expirationTime": "2026-12-03T00:00:00Z"}});
        let told = made(&file);
        assert_eq!(told[0], Made { name: "files/abc".into(), expires: Some("2026-12-03T00:00:00Z".into()) });
        assert_eq!(
            names(&json!({"files": [{"name": "files/a"}, {"name": "files/b"}]})),
            ["files/a", "files/b"]
        );
        assert_eq!(names(&json!({"name": "cachedContents/c"})), ["cachedContents/c"]);
        assert_eq!(names(&json!({"name": "batches/b", "metadata": {}})), ["batches/b"]);
        let video = json!({"name": "models/veo/operations/o"});
        assert_eq!(names(&video), ["models/veo/operations/o"]);
        assert!(names(&json!({"id": "v1_x", "status": "completed"})).is_empty());
        assert!(names(&json!({"error": {"code": 400}})).is_empty());
        assert!(names(&json!({"name": "elsewhere/x"})).is_empty());
    }

    #[test]
    fn results_are_found_where_google_puts_them_and_nowhere_else() {
        let batch = json!({"name": "batches/b", "response": {"responsesFile": "files/out"},
            "metadata": {"displayName": "files/no"}});
        assert_eq!(results(&batch), [Made { name: "files/out".into(), expires: None }]);
        let video = json!({"response": {"generateVideoResponse": {"generatedSamples": [{"video": {"uri":
            "https://generativelanguage.googleapis.com/v1beta/files/film:download?alt=media"}}]}}});
        assert_eq!(results(&video)[0].name, "files/film");
    }

    #[test]
    fn kinds_are_told_by_names() {
        for (name, kind) in [
            ("files/a", "files"),
            ("models/m/operations/o", "operations"),
            ("fileSearchStores/s/operations/o", "operations"),
            ("uploads/abc", "other"),
        ] {
            assert_eq!(kind_of(name), kind);
        }
    }
}
