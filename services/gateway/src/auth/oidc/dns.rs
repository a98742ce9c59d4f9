//! Whose a domain is: its TXT records, asked for over HTTPS in the JSON form that public resolvers speak.

use outbound::{OutboundRequest, Url};
use serde::Deserialize;

use super::{MAX_BYTES, ProviderError, Providers};

/// The type of TXT records (RFC 1035, 3.3.14).
const TXT: u16 = 16;

#[derive(Deserialize)]
struct Answers {
    #[serde(rename = "Answer", default)]
    answers: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "type")]
    kind: u16,
    data: String,
}

/// The name whose TXT record proves a domain.
pub(crate) fn record_name(domain: &str) -> String {
    format!("_verdict-sign-in.{domain}")
}

impl Providers {
    /// Whether domains have to be proven at all in this installation.
    pub(crate) fn asks_for_proof(&self) -> bool {
        !self.resolver.is_empty()
    }

    /// Whether the domain's TXT record holds the challenge.
    ///
    /// # Errors
    /// When the resolver cannot be reached.
    pub(crate) async fn is_proven(&self, domain: &str, challenge: &str) -> Result<bool, ProviderError> {
        let mut url = Url::parse(&self.resolver).map_err(|_| ProviderError::Metadata("the resolver has no address"))?;
        url.query_pairs_mut().append_pair("name", &record_name(domain)).append_pair("type", "TXT");
        let request = OutboundRequest::get(url.as_str())?.header("accept", "application/dns-json")?;
        let answer = self.outbound.send(request.within(self.patience, MAX_BYTES)).await?;
        if !answer.status.is_success() {
            return Err(ProviderError::Failing(answer.status.as_u16()));
        }
        let answers: Answers = answer.json()?;
        // Long records come in several quoted parts.
        let text = |record: &Record| record.data.split('"').filter(|part| !part.trim().is_empty()).collect::<String>();
        Ok(answers.answers.iter().any(|record| record.kind == TXT && text(record) == challenge))
    }
}
