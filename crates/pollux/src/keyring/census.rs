//! Counting the pool for whoever watches it.

use pool::Census;
use tokio::task::yield_now;

use super::Keyring;

/// Projects that are counted before calls get their turn at the pool again.
const AT_ONCE: usize = 512;

impl Keyring {
    /// The pool in numbers. Calls go on while it is counted, so it is not one moment's picture.
    pub async fn census(&self) -> Census {
        let (mut census, mut start) = (Census::default(), 0);
        loop {
            let end = {
                let pool = self.ring.pool();
                let end = pool.projects_to_count().min(start + AT_ONCE);
                pool.count(start..end, &mut census, self.now());
                end
            };
            if end <= start || end - start < AT_ONCE {
                return census;
            }
            start = end;
            yield_now().await;
        }
    }
}
