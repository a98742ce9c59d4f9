//! The settings section `language_model`.

use std::collections::BTreeMap;

use common::record::is_currency_code;
use serde::Deserialize;
use settings::{SecretString, SettingsError, Validate};

use crate::price::Price;
use crate::sendable::ContentLimits;

/// `language_model`: the endpoint that is asked, its bounds and its prices. Off unless switched on.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LanguageModelSettings {
    /// Whether any model is asked (`VERDICT__LANGUAGE_MODEL__ENABLED`).
    pub enabled: bool,
    /// The endpoint's name on receipts (`VERDICT__LANGUAGE_MODEL__ENDPOINT`).
    pub endpoint: String,
    /// Where the interface begins, up to and with `/v1` (`VERDICT__LANGUAGE_MODEL__BASE_URL`). A private or plain-HTTP one
    /// must be listed in `outbound.allow`.
    pub base_url: String,
    /// The key; none for endpoints without (`VERDICT__LANGUAGE_MODEL__API_KEY`).
    pub api_key: Option<SecretString>,
    /// How the key is sent (`VERDICT__LANGUAGE_MODEL__KEY_HEADER`): `bearer` or `api_key`.
    pub key_header: KeyHeader,
    /// `api-version` of each URL, for Azure (`VERDICT__LANGUAGE_MODEL__API_VERSION`).
    pub api_version: Option<String>,
    /// The model of tenants that have not chosen one (`VERDICT__LANGUAGE_MODEL__MODEL`).
    pub model: String,
    /// Most calls at the same time in this process (`VERDICT__LANGUAGE_MODEL__MAX_CONCURRENT_CALLS`).
    pub max_concurrent_calls: usize,
    /// Longest question, waiting and retries in it, in milliseconds (`VERDICT__LANGUAGE_MODEL__DEADLINE_MILLIS`).
    pub deadline_millis: u64,
    /// Longest single attempt, in milliseconds (`VERDICT__LANGUAGE_MODEL__ATTEMPT_TIMEOUT_MILLIS`).
    pub attempt_timeout_millis: u64,
    /// Longest answer that is read, in bytes (`VERDICT__LANGUAGE_MODEL__MAX_RESPONSE_BYTES`).
    pub max_response_bytes: usize,
    /// Most tokens of an answer (`VERDICT__LANGUAGE_MODEL__MAX_OUTPUT_TOKENS`).
    pub max_output_tokens: u32,
    /// The seed of each request (`VERDICT__LANGUAGE_MODEL__SEED`).
    pub seed: u32,
    /// Longest text of a record that is sent, in characters (`VERDICT__LANGUAGE_MODEL__MAX_TEXT_CHARS`).
    pub max_text_chars: usize,
    /// Whether addresses of mail and long numbers are replaced first (`VERDICT__LANGUAGE_MODEL__MASK_PERSONAL_DATA`).
    pub mask_personal_data: bool,
    /// When an attempt is repeated.
    pub retry: RetrySettings,
    /// When an endpoint is left alone.
    pub breaker: BreakerSettings,
    /// How long answers are kept.
    pub cache: CacheSettings,
    /// Remote embeddings.
    pub embedding: EmbeddingSettings,
    /// Micro-units per million tokens by model, with `*` for all others. A model without a price is not asked.
    pub prices: BTreeMap<String, Price>,
    /// ISO 4217 code of the prices (`VERDICT__LANGUAGE_MODEL__CURRENCY`).
    pub currency: String,
    /// What a batch costs, in percent of the price (`VERDICT__LANGUAGE_MODEL__BATCH_PERCENT`).
    pub batch_percent: u8,
}

/// How the key is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyHeader {
    /// `Authorization: Bearer …`.
    #[default]
    Bearer,
    /// `api-key: …`, as Azure wants it.
    ApiKey,
}

/// `language_model.retry`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetrySettings {
    /// Most repetitions of a call (`VERDICT__LANGUAGE_MODEL__RETRY__MAX_RETRIES`).
    pub max_retries: u32,
    /// The first wait is at random below this, each next one below its double
    /// (`VERDICT__LANGUAGE_MODEL__RETRY__BASE_MILLIS`).
    pub base_millis: u64,
    /// No own wait is longer (`VERDICT__LANGUAGE_MODEL__RETRY__MAX_WAIT_MILLIS`).
    pub max_wait_millis: u64,
    /// No wait that the endpoint asks for is longer (`VERDICT__LANGUAGE_MODEL__RETRY__MAX_ASKED_WAIT_MILLIS`).
    pub max_asked_wait_millis: u64,
}

/// `language_model.breaker`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// So many failures (`VERDICT__LANGUAGE_MODEL__BREAKER__FAILURES`) …
    pub failures: u32,
    /// … within so long open the circuit (`VERDICT__LANGUAGE_MODEL__BREAKER__WITHIN_SECONDS`) …
    pub within_seconds: u32,
    /// … for so long (`VERDICT__LANGUAGE_MODEL__BREAKER__OPEN_SECONDS`).
    pub open_seconds: u32,
}

/// `language_model.cache`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheSettings {
    /// How long an answer is given again (`VERDICT__LANGUAGE_MODEL__CACHE__TTL_SECONDS`).
    pub ttl_seconds: u32,
    /// Most answers kept in memory (`VERDICT__LANGUAGE_MODEL__CACHE__MAX_ENTRIES`).
    pub max_entries: u64,
}

/// `language_model.embedding`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddingSettings {
    /// The model (`VERDICT__LANGUAGE_MODEL__EMBEDDING__MODEL`).
    pub model: String,
    /// The length of its vectors (`VERDICT__LANGUAGE_MODEL__EMBEDDING__DIMENSIONS`).
    pub dimensions: usize,
    /// Whether that length is asked for, for models that can shorten (`VERDICT__LANGUAGE_MODEL__EMBEDDING__ASK_DIMENSIONS`).
    pub ask_dimensions: bool,
    /// Most texts of one call (`VERDICT__LANGUAGE_MODEL__EMBEDDING__BATCH_SIZE`).
    pub batch_size: usize,
}

impl Default for LanguageModelSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            endpoint: "default".into(),
            base_url: "https://api.openai.com/v1".into(),
            api_key: None,
            key_header: KeyHeader::Bearer,
            api_version: None,
            model: "gpt-4o-mini".into(),
            max_concurrent_calls: 8,
            deadline_millis: 20_000,
            attempt_timeout_millis: 10_000,
            max_response_bytes: 256 << 10,
            max_output_tokens: 32,
            seed: 7,
            max_text_chars: 1_500,
            mask_personal_data: true,
            retry: RetrySettings::default(),
            breaker: BreakerSettings::default(),
            cache: CacheSettings::default(),
            embedding: EmbeddingSettings::default(),
            prices: BTreeMap::new(),
            currency: "USD".into(),
            batch_percent: 50,
        }
    }
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self { max_retries: 3, base_millis: 250, max_wait_millis: 8_000, max_asked_wait_millis: 15_000 }
    }
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, within_seconds: 30, open_seconds: 60 }
    }
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { ttl_seconds: 30 * 86_400, max_entries: 100_000 }
    }
}

impl Default for EmbeddingSettings {
    fn default() -> Self {
        Self { model: "text-embedding-3-small".into(), dimensions: 384, ask_dimensions: true, batch_size: 64 }
    }
}

impl LanguageModelSettings {
    /// How much of a record is sent.
    #[must_use]
    pub const fn content_limits(&self) -> ContentLimits {
        ContentLimits { max_text_chars: self.max_text_chars, masks_personal_data: self.mask_personal_data }
    }

    /// The price of a model, its own or the one for all others.
    #[must_use]
    pub fn price_of(&self, model: &str) -> Option<Price> {
        self.prices.get(model).or_else(|| self.prices.get("*")).copied()
    }
}

impl Validate for LanguageModelSettings {
    fn validate(&self) -> Result<(), SettingsError> {
        let ranges = [
            ("max_concurrent_calls", self.max_concurrent_calls as u64, 1, 1_000),
            ("deadline_millis", self.deadline_millis, 10, 600_000),
            ("attempt_timeout_millis", self.attempt_timeout_millis, 10, 600_000),
            ("max_response_bytes", self.max_response_bytes as u64, 1_024, 256 << 20),
            ("max_output_tokens", u64::from(self.max_output_tokens), 8, 4_096),
            ("max_text_chars", self.max_text_chars as u64, 50, 50_000),
            ("retry.max_retries", u64::from(self.retry.max_retries), 0, 10),
            ("retry.base_millis", self.retry.base_millis, 1, 60_000),
            ("retry.max_wait_millis", self.retry.max_wait_millis, 1, 600_000),
            ("retry.max_asked_wait_millis", self.retry.max_asked_wait_millis, 1, 600_000),
            ("breaker.failures", u64::from(self.breaker.failures), 1, 1_000),
            ("breaker.within_seconds", u64::from(self.breaker.within_seconds), 1, 86_400),
            ("breaker.open_seconds", u64::from(self.breaker.open_seconds), 1, 86_400),
            ("cache.max_entries", self.cache.max_entries, 1, 100_000_000),
            ("embedding.dimensions", self.embedding.dimensions as u64, 1, 65_535),
            ("embedding.batch_size", self.embedding.batch_size as u64, 1, 2_048),
            ("batch_percent", u64::from(self.batch_percent), 1, 100),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                let key = format!("language_model.{key}");
                return Err(SettingsError::invalid(&key, format!("must be from {least} to {most}")));
            }
        }
        if !is_currency_code(&self.currency) {
            return Err(SettingsError::invalid("language_model.currency", "must be an ISO 4217 code such as USD"));
        }
        if self.enabled && self.price_of(&self.model).is_none() {
            let reason = format!(
                "has no entry for the model {:?}; give its micro-units per million tokens, or 0 for a model of your own",
                self.model
            );
            return Err(SettingsError::invalid("language_model.prices", reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use settings::Validate as _;

    use super::LanguageModelSettings;

    #[test]
    fn it_is_off_unless_switched_on_and_then_wants_a_price() {
        let settings = LanguageModelSettings::default();
        assert!(!settings.enabled);
        settings.validate().unwrap();
        let on = |more: serde_json::Value| -> LanguageModelSettings { serde_json::from_value(more).unwrap() };
        let error = on(json!({ "enabled": true })).validate().unwrap_err().to_string();
        assert!(error.starts_with("language_model.prices"), "{error}");
        on(json!({ "enabled": true, "prices": { "*": { "prompt": 0, "completion": 0 } } })).validate().unwrap();
        let error = on(json!({ "retry": { "max_retries": 99 } })).validate().unwrap_err().to_string();
        assert!(error.starts_with("language_model.retry.max_retries"), "{error}");
    }

    #[test]
    fn a_key_is_not_shown() {
        let settings: LanguageModelSettings = serde_json::from_value(json!({ "api_key": "sk-very-secret" })).unwrap();
        assert!(!format!("{settings:?}").contains("very-secret"));
    }
}
