//! Files.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::{MODEL, User, about, by_project, name, names, only_project, put, session};
use crate::bed::Plan;

#[tokio::test]
async fn what_names_a_file_goes_to_its_project_also_after_a_restart() {
    let bed = Plan::default().start().await;
    let before = by_project(&bed);
    let file = User::first(&bed).upload("image/png", b"not really a picture").await;
    let home = only_project(&bed, &before);
    assert_eq!(file["sizeBytes"], "20");
    // SHA-256 of the bytes: they came through as they were.
    assert_eq!(file["sha256Hash"], "/hpKsftjRwNr6tc1l9XSlYsmrAuW9oyi9tzuU6UPKX4=");
    for _ in 0..6 {
        assert_eq!(User::first(&bed).ask_about(&file).await.status, 200);
    }
    let chat = json!({"model": MODEL, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is it?"}, {"type": "file", "file": {"file_id": file["uri"]}}]}]});
    let answered = bed.post("/v1/chat/completions", &chat).await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    assert_eq!(only_project(&bed, &before), home);

    let key = bed.user_key.clone();
    let bed = bed.restart().await;
    let user = User { bed: &bed, key };
    let (before, streamed) =
        (by_project(&bed), format!("/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"));
    for _ in 0..4 {
        assert_eq!(user.ask_about(&file).await.status, 200);
        assert_eq!(user.post(&streamed, &about(&file)).await.status, 200);
    }
    assert_eq!(only_project(&bed, &before), home);
    bed.stop().await;
}

#[tokio::test]
async fn a_file_is_its_users_alone() {
    let bed = Plan { projects: 1, ..Plan::default() }.start().await;
    let (anna, ben) = (User::first(&bed), User::another(&bed).await);
    let file = anna.upload("text/plain", b"a secret").await;
    let path = format!("/v1beta/{}", name(&file));
    assert_eq!(anna.get(&path).await.json()["displayName"], "a file");

    let refused = [
        ben.get(&path).await,
        ben.delete(&path).await,
        ben.get(&format!("{path}:download?alt=media")).await,
        ben.get(&format!("/download{path}:download?alt=media")).await,
        ben.ask_about(&file).await,
        ben.ask(&about(&json!({"uri": name(&file)}))).await,
        ben.post(&format!("/v1beta/models/{MODEL}:countTokens"), &about(&file)).await,
        ben.post(
            "/v1beta/cachedContents",
            &json!({"model": format!("models/{MODEL}"),
            "contents": about(&file)["contents"]}),
        )
        .await,
    ];
    for refused in refused {
        assert_eq!((refused.status, &refused.json()["error"]["status"]), (404, &json!("NOT_FOUND")));
        assert!(!refused.body.contains("a secret"), "{}", refused.body);
    }
    let unknown = ben.get("/v1beta/files/nowhere").await;
    let said = ben
        .get(&path)
        .await
        .body
        .replace(&name(&file), "files/nowhere")
        .replace(name(&file).trim_start_matches("files/"), "nowhere");
    assert_eq!(said, unknown.body, "what is somebody else's and what is not there are told apart");

    let (hers, his) = (anna.get("/v1beta/files").await.json(), ben.get("/v1beta/files").await.json());
    assert_eq!((names(&hers, "files"), names(&his, "files")), (vec![name(&file)], vec![]));
    assert_eq!(anna.get(&path).await.status, 200, "what another may not delete is there still");
    assert_eq!(anna.delete(&path).await.status, 200);
    assert_eq!(anna.get(&path).await.status, 404);
    bed.stop().await;
}

#[tokio::test]
async fn a_users_files_lie_together_and_are_listed_page_by_page() {
    let bed = Plan::default().start().await;
    let (anna, ben) = (User::first(&bed), User::another(&bed).await);
    let before = by_project(&bed);
    let mut made = Vec::new();
    for number in 0..5 {
        bed.advance(Duration::from_secs(1));
        made.push(name(&anna.upload("text/plain", format!("number {number}").as_bytes()).await));
    }
    only_project(&bed, &before);
    ben.upload("text/plain", b"another's").await;
    made.reverse();
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = anna.get(&format!("/v1beta/files?pageSize=2&pageToken={token}")).await.json();
        seen.extend(names(&page, "files"));
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let wrong = anna.get("/v1beta/files?pageToken=xyz").await;
    assert_eq!((wrong.status, &wrong.json()["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    // After two days Google has deleted them, and they are not listed any more.
    bed.advance(Duration::from_hours(49));
    assert_eq!(names(&anna.get("/v1beta/files").await.json(), "files"), Vec::<String>::new());
    assert_eq!(anna.ask(&about(&json!({"uri": made[0]}))).await.status, 404);
    bed.stop().await;
}

#[tokio::test]
async fn a_full_project_is_waited_for_and_no_other_is_asked() {
    let bed = Plan::default().limits(Some(3), None).start().await;
    let user = User::first(&bed);
    let file = user.upload("text/plain", b"hello").await;
    for _ in 0..3 {
        assert_eq!(user.ask_about(&file).await.status, 200);
    }
    let before = by_project(&bed);
    // Google says that the minute is full; from then on the gateway knows.
    let mut wait = 0;
    for _ in 0..2 {
        let full = user.ask_about(&file).await;
        assert_eq!((full.status, &full.json()["error"]["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
        wait = full.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=62).contains(&wait), "{wait} s");
    }
    assert_eq!(by_project(&bed), before, "another project was asked");
    assert_eq!(bed.chat(MODEL, "hello").await.status, 200, "the others have room");
    bed.advance(Duration::from_secs(wait));
    assert_eq!(user.ask_about(&file).await.status, 200);
    bed.stop().await;
}

#[tokio::test]
async fn another_key_of_the_project_serves_when_one_dies() {
    let bed = Plan { projects: 3, keys_per_project: 2, ..Plan::default() }.start().await;
    let user = User::first(&bed);
    let before = by_project(&bed);
    let file = user.upload("text/plain", b"hello").await;
    let home = only_project(&bed, &before);
    bed.script(json!({"keys": {format!("p{home}k0"): "leaked"}}));
    for _ in 0..4 {
        assert_eq!(user.get(&format!("/v1beta/{}", name(&file))).await.status, 200);
        assert_eq!(user.ask_about(&file).await.status, 200);
    }
    bed.stop().await;
}

#[tokio::test]
async fn a_file_comes_in_one_request_too() {
    let bed = Plan::default().start().await;
    let user = User::first(&bed);
    let body = "--edge\r\nContent-Type: application/json\r\n\r\n{\"file\": {\"display_name\": \"notes\"}}\r\n\
                --edge\r\nContent-Type: text/plain\r\n\r\nsome notes\r\n--edge--\r\n";
    let headers =
        [("content-type", "multipart/related; boundary=edge"), ("x-goog-upload-protocol", "multipart")];
    let sent = user.send(Method::POST, "/upload/v1beta/files", &headers, body.as_bytes().to_vec()).await;
    let file = sent.json()["file"].clone();
    assert_eq!((&file["displayName"], &file["sizeBytes"]), (&json!("notes"), &json!("10")), "{}", sent.body);
    assert_eq!(user.ask_about(&file).await.status, 200);
    let nobody = bed.send(Method::POST, "/upload/v1beta/files", &headers, body).await;
    assert_eq!((nobody.status, &nobody.json()["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
    bed.stop().await;
}

#[tokio::test]
async fn a_session_is_gone_on_with_and_belongs_to_whoever_began_it() {
    let bed = Plan::default().start().await;
    let (anna, ben) = (User::first(&bed), User::another(&bed).await);
    let begun =
        anna.begin("/upload/v1beta/files", &json!({"file": {"name": "files/mine"}}), "text/plain").await;
    let address = session(&bed, &begun);
    assert_eq!(put(&bed, &address, ("upload", 0), b"one ").await.status, 200);
    let asked = put(&bed, &address, ("query", 0), b"").await;
    assert_eq!(asked.header("x-goog-upload-size-received"), Some("4"));
    let wrong = put(&bed, &address, ("upload", 9), b"two").await;
    assert_eq!((wrong.status, &wrong.json()["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));

    // Whoever sends the rest, it is the file of the one who began.
    let bed_key = ben.key.as_str();
    let headers = [
        ("x-goog-api-key", bed_key),
        ("x-goog-upload-command", "upload, finalize"),
        ("x-goog-upload-offset", "4"),
    ];
    assert_eq!(bed.send(Method::POST, &address, &headers, "two").await.status, 200);
    assert_eq!(anna.get("/v1beta/files/mine").await.json()["sizeBytes"], "7");
    assert_eq!(ben.get("/v1beta/files/mine").await.status, 404);
    assert_eq!(put(&bed, &address, ("query", 0), b"").await.status, 404, "the session is over");
    let again =
        anna.begin("/upload/v1beta/files", &json!({"file": {"name": "files/mine"}}), "text/plain").await;
    assert_eq!((again.status, &again.json()["error"]["status"]), (409, &json!("ALREADY_EXISTS")));
    let unknown = put(&bed, "/upload/v1beta/files?upload_id=guessed", ("query", 0), b"").await;
    assert_eq!(unknown.status, 404);
    let disk = std::fs::read(bed.data.path().join("pollux.db")).unwrap();
    let id = address.split(['=', '&']).nth(1).unwrap();
    assert!(!disk.windows(id.len()).any(|window| window == id.as_bytes()), "the session's id is on the disk");
    bed.stop().await;
}

#[tokio::test]
async fn deleting_a_projects_last_key_says_what_nobody_can_reach_any_more() {
    let bed = Plan { projects: 1, keys_per_project: 2, ..Plan::default() }.start().await;
    let user = User::first(&bed);
    let file = user.upload("text/plain", b"one").await;
    user.upload("text/plain", b"two").await;
    let keys = bed.admin(Method::GET, "/admin/keys", &Value::Null).await.json();
    let path = |at: usize| format!("/admin/keys/{}", keys["data"][at]["id"].as_str().unwrap());
    let first = bed.admin(Method::DELETE, &path(0), &Value::Null).await;
    assert_eq!((first.status, first.body.as_str()), (204, ""), "another key reaches them");
    assert_eq!(user.ask_about(&file).await.status, 200);
    let last = bed.admin(Method::DELETE, &path(1), &Value::Null).await;
    assert_eq!((last.status, last.json()), (200, json!({"unreachable": {"files": 2}})));
    let refused = user.ask_about(&file).await;
    assert_eq!(refused.status, 404);
    assert!(refused.body.contains("no key of its project"), "{}", refused.body);
    let listed = user.get("/v1beta/files").await;
    assert_eq!(listed.header("x-pollux-warning"), Some("unreachable_resources"));
    bed.stop().await;
}

#[tokio::test]
async fn files_of_two_projects_cannot_be_named_together() {
    let bed = Plan { projects: 2, keys_per_project: 1, ..Plan::default() }.start().await;
    let user = User::first(&bed);
    let before = by_project(&bed);
    let one = user.upload("text/plain", b"one").await;
    let home = only_project(&bed, &before);
    bed.script(json!({"keys": {format!("p{home}k0"): "service_disabled"}}));
    let other = user.upload("text/plain", b"other").await;
    bed.script(json!({}));
    let mut both = about(&one);
    let more = about(&other)["contents"][0].clone();
    both["contents"].as_array_mut().unwrap().push(more);
    let refused = user.ask(&both).await;
    assert_eq!((refused.status, &refused.json()["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    assert!(refused.body.contains("different Google projects"), "{}", refused.body);
    bed.stop().await;
}

#[tokio::test]
async fn openais_own_paths_are_not_taken_for_googles() {
    let bed = Plan::default().start().await;
    let bearer = format!("Bearer {}", bed.user_key);
    let listed = bed.send(Method::GET, "/v1/files", &[("authorization", &bearer)], "").await;
    assert_eq!(listed.verdict(), "404 unknown_url");
    let google = User::first(&bed).get("/v1/files").await;
    assert_eq!((google.status, google.json()), (200, json!({"files": []})));
    bed.stop().await;
}
