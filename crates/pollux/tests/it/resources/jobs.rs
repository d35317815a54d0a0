//! Batches and stores.

use hyper::Method;
use serde_json::json;

use super::{MODEL, User, by_project, name, names, only_project, put, session};
use crate::bed::Plan;

#[tokio::test]
async fn a_batch_reads_a_file_and_its_results_are_its_makers() {
    let bed = Plan::default().start().await;
    let (anna, ben) = (User::first(&bed), User::another(&bed).await);
    let before = by_project(&bed);
    let file = anna.upload("application/jsonl", b"{\"key\": \"1\", \"request\": {}}\n").await;
    let path = format!("/v1beta/models/{MODEL}:batchGenerateContent");
    let body = json!({"batch": {"displayName": "night", "inputConfig": {"fileName": name(&file)}}});
    assert_eq!(ben.post(&path, &body).await.status, 404, "another's file");
    let made = anna.post(&path, &body).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let batch = format!("/v1beta/{}", name(&made.json()));
    assert_eq!(ben.get(&batch).await.status, 404);
    assert_eq!(ben.send(Method::POST, &format!("{batch}:cancel"), &[], Vec::new()).await.status, 404);
    assert_eq!(anna.get(&batch).await.json()["metadata"]["state"], "BATCH_STATE_PENDING");
    let done = anna.get(&batch).await.json();
    let results = done["response"]["responsesFile"].as_str().unwrap_or_else(|| panic!("{done}")).to_owned();
    for path in [
        format!("/download/v1beta/{results}:download?alt=media"),
        format!("/v1beta/{results}:download?alt=media"),
    ] {
        let read = anna.get(&path).await;
        assert_eq!(
            (read.status, read.header("content-type")),
            (200, Some("application/jsonl")),
            "{}",
            read.body
        );
        assert!(read.body.contains("Answered in a batch."), "{}", read.body);
        assert_eq!(ben.get(&path).await.status, 404);
    }
    only_project(&bed, &before);
    assert_eq!(names(&anna.get("/v1beta/batches").await.json(), "operations"), [name(&done)]);
    assert_eq!(anna.delete(&batch).await.status, 200);
    assert_eq!(anna.get(&batch).await.status, 404);
    bed.stop().await;
}

#[tokio::test]
async fn a_store_reads_files_in_and_tells_of_documents_and_operations() {
    let bed = Plan::default().start().await;
    let (anna, ben) = (User::first(&bed), User::another(&bed).await);
    let before = by_project(&bed);
    let store = name(&anna.post("/v1beta/fileSearchStores", &json!({"displayName": "papers"})).await.json());
    let file = anna.upload("text/plain", b"a paper").await;
    let import = format!("/v1beta/{store}:importFile");
    let body = json!({"fileName": name(&file)});
    assert_eq!(ben.post(&import, &body).await.status, 404);
    let operation = name(&anna.post(&import, &body).await.json());
    assert_eq!(anna.get(&format!("/v1beta/{operation}")).await.json()["done"], true);
    assert_eq!(ben.get(&format!("/v1beta/{operation}")).await.status, 404);

    let path = format!("/upload/v1beta/{store}:uploadToFileSearchStore");
    assert_eq!(ben.begin(&path, &json!({}), "text/plain").await.status, 404);
    let begun = anna.begin(&path, &json!({"displayName": "another paper"}), "text/plain").await;
    let last = put(&bed, &session(&bed, &begun), ("upload, finalize", 0), b"words").await;
    assert_eq!(last.json()["done"], true, "{}", last.body);
    let documents = anna.get(&format!("/v1beta/{store}/documents")).await.json();
    assert_eq!(names(&documents, "documents").len(), 2);
    let document = format!("/v1beta/{}", names(&documents, "documents")[0]);
    assert_eq!((anna.get(&document).await.status, ben.get(&document).await.status), (200, 404));
    only_project(&bed, &before);
    assert_eq!(
        names(&ben.get("/v1beta/fileSearchStores").await.json(), "fileSearchStores"),
        Vec::<String>::new()
    );
    bed.stop().await;
}

/// What is asked of Google besides is passed on with its query, but without the user's key.
#[tokio::test]
async fn methods_nobody_knows_keep_their_query() {
    let bed = Plan::default().start().await;
    let path =
        format!("/v1alpha/models/{MODEL}:countTokens?alt=json&key={}&$prettyPrint=false", bed.user_key);
    let counted = bed
        .send(Method::POST, &path, &[], json!({"contents": [{"parts": [{"text": "hi"}]}]}).to_string())
        .await;
    assert_eq!(counted.status, 200, "{}", counted.body);
    let seen = bed.simulator.state()["recent"].as_array().unwrap().last().unwrap().clone();
    let query = json!({"alt": "json", "$prettyPrint": "false"});
    assert_eq!((&seen["query"], &seen["credentials"]), (&query, &json!(["x-goog-api-key"])));
    bed.stop().await;
}
