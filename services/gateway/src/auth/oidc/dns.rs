//! Whose a domain is: its TXT records, asked for at the operator's own name servers or, where the settings name one, over
//! HTTPS in the JSON form that public resolvers speak.

mod system;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use outbound::{OutboundRequest, Url};
use serde::Deserialize;

use super::{MAX_BYTES, ProviderError, Providers};
use crate::settings::SignInSettings;

pub(crate) use system::{ResolverError, parse_servers};

/// The type of TXT records (RFC 1035, 3.3.14).
const TXT: u16 = 16;

/// Who is asked whose a domain is.
#[derive(Clone, Debug)]
pub(super) enum Resolver {
    /// Nobody: owners are believed.
    Nobody,
    /// These name servers; those of the machine when there is none.
    NameServers(Arc<[SocketAddr]>),
    /// A resolver that speaks HTTPS.
    Https(Arc<str>),
}

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

impl Resolver {
    pub(super) fn new(settings: &SignInSettings) -> Self {
        if !settings.prove_domains {
            Self::Nobody
        } else if settings.resolver_url.is_empty() {
            Self::NameServers(parse_servers(&settings.name_servers).unwrap_or_default().into())
        } else {
            Self::Https(settings.resolver_url.as_str().into())
        }
    }
}

impl Providers {
    /// Whether domains have to be proven at all in this installation.
    pub(crate) const fn asks_for_proof(&self) -> bool {
        !matches!(self.resolver, Resolver::Nobody)
    }

    /// Whether the domain's TXT record holds the challenge.
    ///
    /// # Errors
    /// When nobody can be asked.
    pub(crate) async fn is_proven(&self, domain: &str, challenge: &str) -> Result<bool, ProviderError> {
        let name = record_name(domain);
        let texts = match &self.resolver {
            Resolver::Nobody => return Ok(true),
            Resolver::NameServers(servers) => system::texts(servers, &name, self.patience).await?,
            Resolver::Https(url) => self.texts_over_https(url, &name).await?,
        };
        Ok(texts.iter().any(|text| text == challenge))
    }

    async fn texts_over_https(&self, resolver: &str, name: &str) -> Result<Vec<String>, ProviderError> {
        let mut url = Url::parse(resolver).map_err(|_| ProviderError::Metadata("the resolver has no address"))?;
        url.query_pairs_mut().append_pair("name", name).append_pair("type", "TXT");
        let request = OutboundRequest::get(url.as_str())?.header("accept", "application/dns-json")?;
        let answer = self.outbound.send(request.within(self.patience, MAX_BYTES)).await?;
        if !answer.status.is_success() {
            return Err(ProviderError::Failing(answer.status.as_u16()));
        }
        let answers: Answers = answer.json()?;
        // Long records come in several quoted parts.
        let text = |record: &Record| record.data.split('"').filter(|part| !part.trim().is_empty()).collect::<String>();
        Ok(answers.answers.iter().filter(|record| record.kind == TXT).map(text).collect())
    }
}
