//! The settings section `outbound`.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use settings::{SettingsError, Validate};

use crate::policy::Policy;

/// `outbound`: where calls that leave the house may go, and their bounds.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundSettings {
    /// Networks (`10.1.0.0/16`), addresses and host names that may be called although they are not public, also
    /// by plain HTTP; a list in a file, comma-separated in the environment (`VERDICT__OUTBOUND__ALLOW`).
    #[serde(deserialize_with = "list_or_text")]
    pub allow: Vec<String>,
    /// Longest wait for a connection, in milliseconds (`VERDICT__OUTBOUND__CONNECT_TIMEOUT_MILLIS`).
    pub connect_timeout_millis: u64,
    /// Longest whole call, redirects and body in it, in milliseconds (`VERDICT__OUTBOUND__TOTAL_TIMEOUT_MILLIS`).
    pub total_timeout_millis: u64,
    /// Longest answer, in bytes (`VERDICT__OUTBOUND__MAX_RESPONSE_BYTES`).
    pub max_response_bytes: usize,
    /// Most redirects of one call (`VERDICT__OUTBOUND__MAX_REDIRECTS`).
    pub max_redirects: usize,
    /// PEM file with further certificate authorities, such as a company's own (`VERDICT__OUTBOUND__CA_FILE`).
    pub ca_file: Option<PathBuf>,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout_millis: 5_000,
            total_timeout_millis: 30_000,
            max_response_bytes: 8 << 20,
            max_redirects: 3,
            ca_file: None,
        }
    }
}

impl Validate for OutboundSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        Policy::new(&self.allow)?;
        for (key, value) in [
            ("outbound.connect_timeout_millis", self.connect_timeout_millis),
            ("outbound.total_timeout_millis", self.total_timeout_millis),
        ] {
            if !(1..=600_000).contains(&value) {
                return Err(SettingsError::invalid(key, "must be from 1 to 600000"));
            }
        }
        if !(1_024..=256 << 20).contains(&self.max_response_bytes) {
            return Err(SettingsError::invalid("outbound.max_response_bytes", "must be from 1 KiB to 256 MiB"));
        }
        if self.max_redirects > 10 {
            return Err(SettingsError::invalid("outbound.max_redirects", "must be at most 10"));
        }
        Ok(())
    }
}

fn list_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of networks and hosts, or one text with commas between them")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = sequence.next_element()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_any(Entries)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use settings::Validate as _;

    use super::OutboundSettings;

    #[test]
    fn the_allowed_are_a_list_or_one_text() {
        for allow in [json!(["10.0.0.0/8", "idp.internal"]), json!("10.0.0.0/8, idp.internal")] {
            let settings: OutboundSettings = serde_json::from_value(json!({ "allow": allow })).unwrap();
            assert_eq!(settings.allow, ["10.0.0.0/8", "idp.internal"]);
            settings.validate().unwrap();
        }
    }

    #[test]
    fn values_that_cannot_work_name_their_key() {
        for (settings, key) in [
            (json!({ "allow": ["10.0.0.0/99"] }), "outbound.allow"),
            (json!({ "allow": ["https://idp.internal"] }), "outbound.allow"),
            (json!({ "total_timeout_millis": 0 }), "outbound.total_timeout_millis"),
            (json!({ "max_response_bytes": 1 }), "outbound.max_response_bytes"),
            (json!({ "max_redirects": 11 }), "outbound.max_redirects"),
        ] {
            let settings: OutboundSettings = serde_json::from_value(settings).unwrap();
            assert!(settings.validate().unwrap_err().to_string().starts_with(key), "{key}");
        }
    }
}
