//! How badly webhooks are delivered.

use serde_json::{Value, json};

/// What goes wrong on the way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Knobs {
    /// Further deliveries of each event.
    pub(crate) duplicate: u32,
    /// Each delivery waits a random time up to this, so that they overtake each other.
    pub(crate) reorder_millis: u64,
    /// Each delivery waits for this.
    pub(crate) delay_millis: u64,
    /// `signature` or `body`: what is changed on the way.
    pub(crate) tamper: Option<String>,
    /// Of 100 events, so many are never sent.
    pub(crate) drop_percent: u32,
}

impl Knobs {
    /// Takes over what is given; what is left out goes back to normal.
    pub(crate) fn from_params(params: &Value) -> Self {
        let number = |name: &str| params[name].as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let small = |name: &str| u32::try_from(number(name)).unwrap_or(u32::MAX);
        Self {
            duplicate: small("duplicate"),
            reorder_millis: number("reorder_millis"),
            delay_millis: number("delay_millis"),
            tamper: params["tamper"].as_str().filter(|what| !what.is_empty()).map(str::to_owned),
            drop_percent: small("drop_percent"),
        }
    }

    pub(crate) fn show(&self) -> Value {
        json!({
            "duplicate": self.duplicate, "reorder_millis": self.reorder_millis, "delay_millis": self.delay_millis,
            "tamper": self.tamper, "drop_percent": self.drop_percent,
        })
    }
}
