//! Randomness: passwords, ids and the name of a run. The only place of this tool that draws lots.

use uuid::Uuid;

/// A password nobody has to remember: 144 random bits.
pub(crate) fn password() -> String {
    format!("demo-{}", hex::encode(rand::random::<[u8; 18]>()))
}

/// Eight hexadecimal digits that keep one run's ids apart from another's.
pub(crate) fn run_name() -> String {
    hex::encode(rand::random::<[u8; 4]>())
}

/// A fresh id for a delivery or an idempotency key.
pub(crate) fn uuid() -> String {
    Uuid::new_v4().to_string()
}
