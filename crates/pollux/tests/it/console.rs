//! The console's page, at each address that the gateway listens on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

fn page(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn it_answers_at_the_second_address_too_and_lets_no_foreign_script_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_pollux"))
        .arg("serve")
        .env_clear()
        .env("POLLUX_LISTEN", "127.0.0.1:0")
        .env("POLLUX_CONSOLE_LISTEN", "127.0.0.1:0")
        .env("POLLUX_DATA_DIR", folder.path())
        .env("POLLUX_ADMIN_TOKEN", "admin-token-of-the-console-test")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(gateway.stdout.take().unwrap()).lines().map_while(Result::ok);
    let addresses = lines.filter_map(|line| line.strip_prefix("listening on http://").map(str::to_owned));
    let addresses: Vec<String> = addresses.take(2).collect();
    let pages: Vec<String> = addresses.iter().map(|address| page(address)).collect();
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    assert_eq!(pages.len(), 2);
    for page in pages {
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("<title>Pollux</title>"), "{page}");
        assert!(page.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{page}");
        assert!(!page.contains("<script>") && !page.contains("://"), "{page}");
    }
}
