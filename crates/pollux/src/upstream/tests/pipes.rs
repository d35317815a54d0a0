//! Without a network: connections that end in this process.

use std::io;

use async_trait::async_trait;
use http::Uri;
use tokio::io::DuplexStream;
use tokio::runtime::Handle;

use super::*;

/// Answers the first so many connections, in memory.
#[derive(Debug)]
struct Few(AtomicUsize);

#[async_trait]
impl Pipes for Few {
    async fn open(&self, to: &Uri) -> io::Result<DuplexStream> {
        assert_eq!(to.authority().unwrap(), "google.test:80");
        let turn = |left: usize| left.checked_sub(1);
        if self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, turn).is_err() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, mut theirs) = tokio::io::duplex(1 << 10);
        drop(Handle::current().spawn(async move {
            read(&mut theirs).await;
            answer(&mut theirs, "200 OK", "done").await;
        }));
        Ok(ours)
    }
}

#[tokio::test]
async fn a_pipe_carries_a_call_and_a_missing_one_is_a_failed_connect() {
    let pipes: Arc<dyn Pipes> = Arc::new(Few(AtomicUsize::new(1)));
    let upstream = Upstream::over(&settings("http://google.test"), Some(&pipes)).unwrap();
    let answered = post(&upstream, None).await.unwrap();
    assert_eq!(answered.collect(9).await.unwrap(), "done");
    let refused = post(&upstream, None).await.unwrap_err();
    assert_eq!(refused.label(), "connect");
    assert!(refused.proves_not_executed());
}
