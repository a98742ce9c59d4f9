//! The client: every hop checked, every answer bounded.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Certificate, Client, Method, StatusCode, redirect};
use settings::{SettingsError, Validate as _};
use url::Url;

use crate::policy::{Policy, host_of};
use crate::resolver::{GuardedResolver, NoAddress, SystemLookup};
use crate::{Lookup, OutboundError, OutboundRequest, OutboundResponse, OutboundSettings};

const USER_AGENT: &str = concat!("Verdict/", env!("CARGO_PKG_VERSION"));

/// The client for calls that leave the house. Cheap to clone; connections are kept and shared.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    policy: Arc<Policy>,
    total_timeout: Duration,
    max_response_bytes: usize,
    max_redirects: usize,
}

impl Outbound {
    /// The client with the system's name service.
    ///
    /// # Errors
    /// When a setting cannot work, such as a certificate file that cannot be read.
    pub fn new(settings: &OutboundSettings) -> Result<Self, SettingsError> {
        Self::with_lookup(settings, Arc::new(SystemLookup))
    }

    /// The client with another name service.
    ///
    /// # Errors
    /// As [`Outbound::new`].
    pub fn with_lookup(settings: &OutboundSettings, lookup: Arc<dyn Lookup>) -> Result<Self, SettingsError> {
        settings.validate()?;
        let policy = Arc::new(Policy::new(&settings.allow)?);
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(Duration::from_millis(settings.connect_timeout_millis))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .tls_certs_only(authorities(settings)?)
            .dns_resolver(Arc::new(GuardedResolver { policy: Arc::clone(&policy), lookup }))
            .build()
            .map_err(|error| SettingsError::invalid("outbound", format!("the client cannot be built: {error}")))?;
        Ok(Self {
            client,
            policy,
            total_timeout: Duration::from_millis(settings.total_timeout_millis),
            max_response_bytes: settings.max_response_bytes,
            max_redirects: settings.max_redirects,
        })
    }

    /// Whether a call to the URL would be made as far as can be told without resolving its name: for checking a
    /// setting when it is given.
    ///
    /// # Errors
    /// [`OutboundError::Refused`] or [`OutboundError::InvalidUrl`].
    pub fn check(&self, url: &str) -> Result<(), OutboundError> {
        let parsed = Url::parse(url).map_err(|source| OutboundError::InvalidUrl { url: url.to_owned(), source })?;
        self.policy.check_url(&parsed)
    }

    /// Sends the call and reads the answer, whatever its status.
    ///
    /// # Errors
    /// When the call may not go there, or no whole answer came.
    pub async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let host = host_of(&request.url);
        let limit = request.patience.map_or(self.total_timeout, |patience| patience.min(self.total_timeout));
        tokio::time::timeout(limit, self.follow(request)).await.unwrap_or(Err(OutboundError::TimedOut { host, limit }))
    }

    async fn follow(&self, mut request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        for _ in 0..=self.max_redirects {
            let response = self.hop(&request).await?;
            match next_hop(&request, &response)? {
                None => return Ok(response),
                Some(next) => request = next,
            }
        }
        Err(OutboundError::Redirect { host: host_of(&request.url), reason: "too many redirects" })
    }

    async fn hop(&self, request: &OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        self.policy.check_url(&request.url)?;
        let mut call =
            self.client.request(request.method.clone(), request.url.clone()).headers(request.headers.clone());
        if let Some(body) = &request.body {
            call = call.body(body.clone());
        }
        let failed = |error| classify(&request.url, error);
        let mut answer = call.send().await.map_err(failed)?;
        let limit = request.max_bytes.map_or(self.max_response_bytes, |bytes| bytes.min(self.max_response_bytes));
        let too_large = || OutboundError::TooLarge { host: host_of(&request.url), limit };
        if answer.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(OutboundResponse {
            url: request.url.clone(),
            status: answer.status(),
            headers: answer.headers().clone(),
            body: body.freeze(),
        })
    }
}

/// The authorities that are trusted: Mozilla's list of this build, so that an image without a certificate store
/// works the same, and those of the settings.
fn authorities(settings: &OutboundSettings) -> Result<Vec<Certificate>, SettingsError> {
    let refuse = |error: String| SettingsError::invalid("outbound.ca_file", error);
    let mut found = Vec::new();
    for authority in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        found.push(Certificate::from_der(authority).map_err(|error| refuse(error.to_string()))?);
    }
    if let Some(file) = &settings.ca_file {
        let pem = std::fs::read(file).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let own = Certificate::from_pem_bundle(&pem).map_err(|error| refuse(format!("is not PEM: {error}")))?;
        if own.is_empty() {
            return Err(refuse("holds no certificate".into()));
        }
        found.extend(own);
    }
    Ok(found)
}

fn next_hop(request: &OutboundRequest, response: &OutboundResponse) -> Result<Option<OutboundRequest>, OutboundError> {
    let keeps_method = match response.status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        _ => return Ok(None),
    };
    let refuse = |reason| OutboundError::Redirect { host: host_of(&request.url), reason };
    let location = response.headers.get(LOCATION).ok_or_else(|| refuse("without a Location"))?;
    let location = location.to_str().map_err(|_| refuse("to something that is no URL"))?;
    let url = request.url.join(location).map_err(|_| refuse("to something that is no URL"))?;
    let mut next = request.clone();
    if !keeps_method && next.method != Method::GET && next.method != Method::HEAD {
        next.method = Method::GET;
        next.body = None;
        next.headers.remove(CONTENT_TYPE);
        next.headers.remove(CONTENT_LENGTH);
    }
    if url.origin() != request.url.origin() {
        if next.body.is_some() {
            return Err(refuse("to another origin, with a body that was not meant for it"));
        }
        // What else the caller wrote may be a key under a name of the service's own.
        let accepted = next.headers.remove(ACCEPT);
        next.headers = accepted.map(|value| (ACCEPT, value)).into_iter().collect();
    }
    next.url = url;
    Ok(Some(next))
}

fn classify(url: &Url, error: reqwest::Error) -> OutboundError {
    let host = host_of(url);
    let mut source: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(current) = source {
        match current.downcast_ref::<NoAddress>() {
            Some(NoAddress::Refused(reason)) => return OutboundError::Refused { host, reason: *reason },
            Some(NoAddress::Unresolved) => return OutboundError::Unresolved { host },
            None => source = current.source(),
        }
    }
    // The URL may carry a cursor or a key in its query.
    OutboundError::Unreachable { host, source: error.without_url() }
}
