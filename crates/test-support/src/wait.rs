//! Waiting for a state.

use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks again and again until `look` gives something.
///
/// # Panics
/// When it has not after 30 seconds; says what was waited for.
pub async fn wait_until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited 30 s in vain for: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
