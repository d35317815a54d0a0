//! What is told, when, and how often.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::secret::Secret;

const NOW: Moment = Moment(1_795_377_600_000);

fn finding(subject: &str) -> Finding {
    Finding { rule: "runs_dry", subject: subject.to_owned(), message: format!("{subject} runs dry") }
}

/// The events of news, with their subjects.
fn events(state: &Mutex<State>, findings: &[&str], minute: i64) -> Vec<(&'static str, String)> {
    let findings = findings.iter().map(|subject| finding(subject)).collect();
    let news = news(state, findings, NOW.plus_ms(minute * 60_000));
    news.into_iter().map(|message| (message.event, message.subject)).collect()
}

#[test]
fn each_alert_is_told_when_it_begins_and_when_it_is_over() {
    let state = Mutex::<State>::default();
    let told = |event, subject: &str| (event, subject.to_owned());
    assert_eq!(events(&state, &["a"], 0), [told("raised", "a")]);
    assert_eq!(events(&state, &["a"], 1), []);
    assert_eq!(events(&state, &["a", "b"], 2), [told("raised", "b")]);
    assert_eq!(events(&state, &["b"], 3), [told("resolved", "a")]);
    assert_eq!(events(&state, &["a", "b"], 4), [told("raised", "a")]);
    assert_eq!(events(&state, &[], 5), [told("resolved", "a"), told("resolved", "b")]);
    let state = state.into_inner().unwrap();
    assert_eq!((state.open.len(), state.over.len()), (0, 3));
    assert_eq!(state.over[2].resolved_at.as_deref(), Some("2026-11-22T20:03:00Z"));
}

#[test]
fn what_is_over_is_forgotten_in_the_end() {
    let state = Mutex::<State>::default();
    for minute in 0..150 {
        let _ = events(&state, &["a"], minute * 2);
        let _ = events(&state, &[], minute * 2 + 1);
    }
    assert_eq!(state.into_inner().unwrap().over.len(), REMEMBERED);
}

/// Answers each status once; gives back what came.
async fn receiver(listener: TcpListener, statuses: &[&str]) -> Vec<String> {
    let mut came = Vec::new();
    for status in statuses {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains('}') {
            let mut more = vec![0; 4_096];
            let length = stream.read(&mut more).await.unwrap();
            bytes.extend_from_slice(&more[..length]);
        }
        came.push(String::from_utf8_lossy(&bytes).into_owned());
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    came
}

fn test_message() -> Message {
    Message { event: "test", rule: "test", subject: String::new(), text: "hello".to_owned(), at: NOW }
}

#[tokio::test]
async fn a_message_is_signed_and_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Secret::new(format!("http://{}/hook?token=canary", listener.local_addr().unwrap()));
    let outlet = Outlet::new(vec![Channel::Webhook { url, secret: Some(Secret::new("key")) }]);
    let message = test_message();
    let (came, told) = tokio::join!(receiver(listener, &["500 Oops", "200 OK"]), outlet.tell(&message));
    assert_eq!(told, [Told { channel: "webhook", error: None }]);
    assert_eq!(came.len(), 2);
    assert!(came[1].starts_with("POST /hook?token=canary HTTP/1.1"), "{}", came[1]);
    assert!(came[1].contains("x-pollux-signature: sha256="), "{}", came[1]);
    assert!(came[1].contains(r#""message":"hello""#), "{}", came[1]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_delivered_is_told_without_its_address() {
    let outlet = Outlet::new(vec![Channel::Feishu(Secret::new("http://127.0.0.1:1/canary"))]);
    let message = test_message();
    let told = tokio::time::timeout(Duration::from_mins(5), outlet.tell(&message)).await.unwrap();
    assert_eq!(told[0].error.as_deref(), Some("it cannot be reached"));
    assert!(!format!("{told:?}{outlet:?}").contains("canary"));
}

/// A small SMTP server: takes one letter, or refuses the sender; gives back what it was told.
async fn post_office(listener: TcpListener, sender: &str) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = tokio::io::BufReader::new(stream);
    stream.write_all(b"220 post.example ESMTP\r\n").await.unwrap();
    let (mut told, mut writing) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
            return told;
        }
        told.push_str(&line);
        let answer = match line.split([' ', ':', '\r']).next().unwrap_or_default() {
            "." => {
                writing = false;
                "250 taken"
            }
            _ if writing => continue,
            "EHLO" => "250-post.example\r\n250 AUTH PLAIN",
            "AUTH" => "235 come in",
            "MAIL" => sender,
            "DATA" => {
                writing = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 yes",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
    }
}

async fn mailed(sender: &str) -> (String, Result<(), String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Secret::new(format!("smtp://ann:canary@{}", listener.local_addr().unwrap()));
    let to = ["ben@example.org".to_owned(), "eva@example.org".to_owned()];
    let post = Post::new(&server, "pollux@example.org", &to).unwrap();
    assert!(!format!("{post:?}").contains("canary"));
    let message = Message { text: "密钥用尽\nBcc: all@example.org".to_owned(), ..test_message() };
    tokio::join!(post_office(listener, sender), post.send(&message))
}

#[tokio::test]
async fn a_letter_goes_to_everybody_and_nobody_else() {
    let (told, sent) = mailed("250 yes").await;
    assert_eq!(sent, Ok(()), "{told}");
    assert!(told.contains("MAIL FROM:<pollux@example.org>"), "{told}");
    for to in ["ben", "eva"] {
        assert!(told.contains(&format!("RCPT TO:<{to}@example.org>")), "{told}");
    }
    assert_eq!(told.matches("RCPT TO").count(), 2, "{told}");
    let head = told.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("Subject: ") && head.contains("Date: Sun, 22 Nov 2026"), "{told}");
    assert!(!head.contains("\r\nBcc:"), "a text is not a header: {told}");
}

#[tokio::test]
async fn a_server_that_refuses_is_told_by_its_code() {
    let (_, sent) = mailed("550 canary is not welcome").await;
    assert_eq!(sent, Err("it answered 550".to_owned()));
}
