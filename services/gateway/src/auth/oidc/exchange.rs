//! A code for tokens (RFC 6749, 4.1.3; RFC 7636, 4.5).

use outbound::OutboundRequest;
use serde::Deserialize;
use settings::{ExposeSecret as _, SecretString};

use super::{MAX_BYTES, Metadata, ProviderError, Providers};
use crate::auth::domain::id_token::TokenFault;

/// Longest error that is passed on, in characters.
const MAX_ERROR: usize = 64;

/// What the provider calls us.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub id: String,
    pub secret: SecretString,
}

/// What the browser brought back, and what only we know of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant<'a> {
    pub code: &'a str,
    pub verifier: &'a str,
    pub redirect_uri: &'a str,
}

/// What the provider gives for it.
#[derive(Deserialize)]
pub(crate) struct Tokens {
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    pub access_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Providers {
    /// Exchanges a code.
    ///
    /// # Errors
    /// When the provider refuses it, gives no ID token, or cannot be reached.
    pub(crate) async fn exchange(
        &self,
        metadata: &Metadata,
        client: &Client,
        grant: Grant<'_>,
    ) -> Result<(String, Option<String>), ProviderError> {
        let secret = client.secret.expose_secret();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", grant.code),
            ("redirect_uri", grant.redirect_uri),
            ("code_verifier", grant.verifier),
            ("client_id", client.id.as_str()),
        ];
        let in_body = metadata.wants_secret_in_body();
        if in_body {
            fields.push(("client_secret", secret));
        }
        let mut request =
            OutboundRequest::post_form(&metadata.token_endpoint, &fields)?.within(self.patience, MAX_BYTES);
        if !in_body {
            request = request.basic(&client.id, &client.secret)?;
        }
        let answer = self.outbound.send(request).await?;
        match answer.status.as_u16() {
            200 => {
                let tokens: Tokens = answer.json()?;
                Ok((tokens.id_token.ok_or(TokenFault::Malformed)?, tokens.access_token))
            }
            400..=403 => Err(match error_of(&answer) {
                error if error == "invalid_grant" => ProviderError::Code,
                error => ProviderError::Client(error),
            }),
            status => Err(ProviderError::Failing(status)),
        }
    }
}

/// The error by its registered name, such as `invalid_grant`; whatever else the provider says stays there.
fn error_of(answer: &outbound::OutboundResponse) -> String {
    let named = answer.json::<Refusal>().map(|refusal| refusal.error).unwrap_or_default();
    let name: String = named.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(MAX_ERROR).collect();
    if name.is_empty() { format!("status {}", answer.status.as_u16()) } else { name }
}
