//! The endpoint as the client library sees it. Unlike the library's own, it reads nothing from the environment.

use async_openai::config::Config;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use settings::{ExposeSecret as _, SecretString, SettingsError};

use crate::settings::{KeyHeader, LanguageModelSettings};

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    base_url: String,
    headers: HeaderMap,
    query: Option<String>,
    key: SecretString,
}

impl Endpoint {
    pub(crate) fn new(settings: &LanguageModelSettings) -> Result<Self, SettingsError> {
        let mut headers = HeaderMap::new();
        let key = settings.api_key.clone().unwrap_or_default();
        if !key.expose_secret().is_empty() {
            let (name, value) = match settings.key_header {
                KeyHeader::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose_secret())),
                KeyHeader::ApiKey => (HeaderName::from_static("api-key"), key.expose_secret().to_owned()),
            };
            let mut value = HeaderValue::from_str(&value).map_err(|_| {
                SettingsError::invalid("language_model.api_key", "has characters that a header cannot carry")
            })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let base_url = settings.base_url.trim_end_matches('/').to_owned();
        Ok(Self { base_url, headers, query: settings.api_version.clone(), key })
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|version| ("api-version", version.as_str())).collect()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}
