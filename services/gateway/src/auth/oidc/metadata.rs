//! What a provider publishes about itself (OpenID Connect Discovery, 3 and 4).

use serde::Deserialize;

use super::{ProviderError, Providers};

const PATH: &str = "/.well-known/openid-configuration";

/// Where a provider is, and how it wants to be spoken to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    /// Whether its answers name it (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// Asks a provider about itself.
///
/// # Errors
/// When it cannot be reached, is another one, or cannot do what is needed.
pub(super) async fn read(providers: &Providers, issuer: &str) -> Result<Metadata, ProviderError> {
    let metadata: Metadata = providers.fetch(&format!("{}{PATH}", issuer.trim_end_matches('/'))).await?;
    if metadata.issuer != issuer {
        return Err(ProviderError::Metadata("it names another issuer"));
    }
    for endpoint in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
        providers.outbound.check(endpoint)?;
    }
    let lacks = |methods: &Option<Vec<String>>, wanted: &[&str]| {
        methods.as_ref().is_some_and(|methods| !methods.iter().any(|method| wanted.contains(&method.as_str())))
    };
    if lacks(&metadata.code_challenge_methods_supported, &["S256"]) {
        return Err(ProviderError::Metadata("it does not take PKCE with S256"));
    }
    if lacks(&metadata.token_endpoint_auth_methods_supported, &["client_secret_basic", "client_secret_post"]) {
        return Err(ProviderError::Metadata("it takes no client secret"));
    }
    Ok(metadata)
}

impl Metadata {
    /// Whether the client's secret is sent in the body instead of a header.
    pub(super) fn wants_secret_in_body(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref();
        methods.is_some_and(|methods| !methods.iter().any(|method| method == "client_secret_basic"))
    }
}
