//! What is asked: built step by step, checked when it is sent.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use settings::{ExposeSecret as _, SecretString};
use url::Url;

use crate::OutboundError;

/// One call.
#[derive(Clone, Debug)]
pub struct OutboundRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) patience: Option<Duration>,
    pub(crate) max_bytes: Option<usize>,
}

impl OutboundRequest {
    /// A call by any method.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub fn new(method: Method, url: &str) -> Result<Self, OutboundError> {
        let url = Url::parse(url).map_err(|source| OutboundError::InvalidUrl { url: url.to_owned(), source })?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Ok(Self { method, url, headers, body: None, patience: None, max_bytes: None })
    }

    /// A call that somebody else has put together, such as another client's library. Headers that are marked as
    /// sensitive never reach another origin.
    #[must_use]
    pub const fn from_parts(method: Method, url: Url, headers: HeaderMap, body: Option<Bytes>) -> Self {
        Self { method, url, headers, body, patience: None, max_bytes: None }
    }

    /// A `GET` that asks for JSON.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub fn get(url: &str) -> Result<Self, OutboundError> {
        Self::new(Method::GET, url)
    }

    /// A `POST` of form fields that asks for JSON.
    ///
    /// # Errors
    /// When the URL cannot be read or the fields cannot be written.
    pub fn post_form(url: &str, fields: &impl Serialize) -> Result<Self, OutboundError> {
        let body =
            serde_urlencoded::to_string(fields).map_err(|error| OutboundError::InvalidRequest(error.to_string()))?;
        let mut request = Self::new(Method::POST, url)?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        request.body = Some(body.into());
        Ok(request)
    }

    /// A `POST` of JSON that asks for JSON.
    ///
    /// # Errors
    /// When the URL cannot be read or the value cannot be written.
    pub fn post_json(url: &str, value: &impl Serialize) -> Result<Self, OutboundError> {
        let body = serde_json::to_vec(value).map_err(|error| OutboundError::InvalidRequest(error.to_string()))?;
        let mut request = Self::new(Method::POST, url)?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = Some(body.into());
        Ok(request)
    }

    /// With a body that is written already.
    ///
    /// # Errors
    /// When the content type has characters that a header cannot carry.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Result<Self, OutboundError> {
        self = self.header("content-type", content_type)?;
        self.body = Some(body.into());
        Ok(self)
    }

    /// For at most so long and so many bytes of answer; never more than the settings allow any call.
    #[must_use]
    pub const fn within(mut self, patience: Duration, max_bytes: usize) -> Self {
        self.patience = Some(patience);
        self.max_bytes = Some(max_bytes);
        self
    }

    /// With one more header, replaced when it is there. Another origin never sees it.
    ///
    /// # Errors
    /// When the name or value has characters that a header cannot carry.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, OutboundError> {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| OutboundError::InvalidRequest(format!("{name:?} is no header's name")))?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| OutboundError::InvalidRequest(format!("the value of header {name} cannot be sent")))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// With a bearer token. Another origin never sees it.
    ///
    /// # Errors
    /// When the token has characters that a header cannot carry.
    pub fn bearer(self, token: &SecretString) -> Result<Self, OutboundError> {
        self.authorization(&format!("Bearer {}", token.expose_secret()))
    }

    /// With a client's name and password, as OAuth's `client_secret_basic`: both form-encoded first (RFC 6749, 2.3.1).
    ///
    /// # Errors
    /// None in practice: base64 fits a header.
    pub fn basic(self, user: &str, password: &SecretString) -> Result<Self, OutboundError> {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(user), encode(password.expose_secret()));
        self.authorization(&format!("Basic {}", STANDARD.encode(pair)))
    }

    fn authorization(mut self, value: &str) -> Result<Self, OutboundError> {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| OutboundError::InvalidRequest("the authorization cannot be sent as a header".into()))?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }
}
