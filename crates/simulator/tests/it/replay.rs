//! Answers out of recordings: one written here, and a corpus when it lies beside the repository.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use simulator::{Error, Options, Simulator};

use crate::bed::{Bed, say};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/open");

/// A folder that is gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        // Two runs of the suite at once must not share a folder.
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(path.join("deeper")).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, value: &Value) {
        std::fs::write(self.0.join(name), value.to_string()).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn record(id: &str, text: &str, response: &Value) -> Value {
    let path = "/v1beta/models/m:generateContent";
    json!({"id": id, "request": {"method": "POST", "path": path, "query": {}, "body": say(text)}, "response": response})
}

async fn replaying(folder: &Path) -> Bed {
    Bed::start(Options { replay: Some(folder.to_path_buf()), ..Options::default() }).await
}

#[tokio::test]
async fn recordings_answer_their_own_request_and_nothing_else() {
    let folder = Folder::new("recordings");
    folder.write("a.json", &record("first", "one", &json!({"status": 200, "body": {"n": 1}})));
    folder.write("b.json", &record("second", "one", &json!({"status": 429, "body": {"n": 2}})));
    folder.write("deeper/c.json", &record("third", "two", &json!({"status": 200, "headers": {"content-type": "text/event-stream"}, "raw": "data: x\r\n\r\n"})));
    folder.write(
        "d.json",
        &record("fourth", "three", &json!({"status": 200, "sse": [{"a": 1}], "trailing": "tail"})),
    );
    folder.write("e.json", &json!({"id": "no request", "response": {"status": 200, "body": {}}}));
    let bed = replaying(&folder.0).await;
    assert_eq!(bed.simulator.recordings(), Some(4));
    let ask = async |text: &str| bed.post("/v1beta/models/m:generateContent", &[], &say(text)).await;
    assert_eq!(ask("one").await.json()["n"], 1);
    assert_eq!((ask("one").await.status, ask("one").await.status), (429, 200), "in turn");
    assert_eq!(ask("two").await.text(), "data: x\r\n\r\n");
    assert_eq!(ask("three").await.text(), "data: {\"a\": 1}\r\n\r\ntail");
    let missed = ask("tw0").await;
    assert_eq!(missed.status, 404);
    assert!(
        missed.message().ends_with("The closest is 'third'; it differs at '/contents/0/parts/0/text'."),
        "{}",
        missed.message()
    );
    let elsewhere = bed.post("/v1beta/models/x:generateContent", &[], &say("one")).await;
    assert!(elsewhere.message().contains("nothing was recorded for this path. 4 recordings are loaded."));
}

#[tokio::test]
async fn broken_recordings_are_named() {
    let folder = Folder::new("broken");
    std::fs::write(folder.0.join("bad.json"), "{").unwrap();
    let error = Simulator::new(Options { replay: Some(folder.0.clone()), ..Options::default() }).unwrap_err();
    assert!(matches!(&error, Error::Recording { path, .. } if path.ends_with("bad.json")), "{error}");
}

/// Every n-th recorded request is sent to the simulator and must get its recorded status.
#[tokio::test]
async fn a_corpus_replays() {
    let corpus = Path::new(CORPUS);
    if !corpus.exists() {
        println!("no corpus beside the repository: replay of recordings skipped");
        return;
    }
    let bed = replaying(corpus).await;
    let loaded = bed.simulator.recordings().unwrap_or(0);
    let mut files: Vec<PathBuf> = std::fs::read_dir(corpus)
        .unwrap()
        .filter_map(|folder| std::fs::read_dir(folder.unwrap().path()).ok())
        .flatten()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let (mut replayed, mut matched) = (0, 0);
    for file in files.iter().step_by(13) {
        let record: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let (verb, path) = (&record["request"]["method"], &record["request"]["path"]);
        let (Some(verb), Some(path)) = (verb.as_str(), path.as_str()) else { continue };
        let request = bed.request(verb, &path.replace(' ', "%20"), &[], &record["request"]["body"]);
        let reply = bed.send(request).await.unwrap();
        replayed += 1;
        let recorded = record["response"]["raw"].as_str();
        let same = recorded.is_none_or(|raw| raw == reply.text());
        matched += u32::from(reply.status != 404 && same || record["response"]["status"] == 404);
    }
    println!("{loaded} recordings loaded, {replayed} sent, {matched} answered");
    assert!(loaded > 1_000 && replayed > 50);
    assert!(matched * 10 >= replayed * 9, "{matched} of {replayed}");
}
