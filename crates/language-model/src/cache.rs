//! Answers that are given again. A key holds its tenant, so that no tenant ever sees what another was answered.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use common::clock::Clock;
use common::{DateTime, TenantId};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::answer::Abstention;
use crate::confidence::Confidence;
use crate::outcome::{Decision, Outcome, Provenance};
use crate::prompt::PROMPT_VERSION;
use crate::question::Question;
use crate::settings::CacheSettings;

/// What a cached answer is found by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// Whose answer it is.
    pub tenant: TenantId,
    /// SHA-256 of tenant, endpoint, model, prompt version, label set version, the labels offered, and content.
    pub digest: [u8; 32],
}

impl CacheKey {
    /// The key of a question. Examples are no part of it: they change with each decision of a person's, and the answer
    /// about the same content is to stay until it is forgotten or too old.
    #[must_use]
    pub fn of(question: &Question, endpoint: &str) -> Self {
        let mut digest = Sha256::new();
        let labels = &question.labels;
        let mut add = |part: &[u8]| {
            // Each part with its length before it: no two questions run together to the same bytes.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        };
        add(question.tenant.0.as_bytes());
        for part in [endpoint, &question.choice.model, PROMPT_VERSION, &labels.version, &labels.policy] {
            add(part.as_bytes());
        }
        for label in &labels.labels {
            add(label.name.as_bytes());
        }
        add(question.content.as_json().as_bytes());
        Self { tenant: question.tenant, digest: digest.finalize().into() }
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({}, {})", self.tenant, hex::encode(self.digest))
    }
}

/// An answer that may be given again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The label and what speaks for it; none when the model abstained.
    pub decided: Option<(String, Confidence)>,
    /// Why it abstained.
    pub abstained: Option<Abstention>,
    /// Where it is from.
    pub provenance: Provenance,
}

impl Answer {
    /// The part of an outcome that another record with the same content may get; none of what may go otherwise next time.
    pub(crate) fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Decided(Decision { label, confidence, provenance }) => Some(Self {
                decided: Some((label.clone(), *confidence)),
                abstained: None,
                provenance: provenance.clone(),
            }),
            Outcome::Abstained { why: why @ (Abstention::NoneOfThese | Abstention::Disagreement), provenance } => {
                Some(Self { decided: None, abstained: Some(*why), provenance: provenance.clone() })
            }
            _ => None,
        }
    }

    pub(crate) fn into_outcome(self) -> Outcome {
        let provenance = self.provenance.again();
        match self.decided {
            Some((label, confidence)) => Outcome::Decided(Decision { label, confidence, provenance }),
            None => Outcome::Abstained { why: self.abstained.unwrap_or(Abstention::NoneOfThese), provenance },
        }
    }
}

/// A cache that failed. The question is then asked.
#[derive(Debug, thiserror::Error)]
#[error("the cache of answers failed")]
pub struct CacheError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where answers are kept.
#[async_trait]
pub trait AnswerCache: Send + Sync {
    /// The answer, unless it is too old.
    async fn get(&self, key: &CacheKey) -> Result<Option<Answer>, CacheError>;

    /// Keeps an answer.
    async fn put(&self, key: &CacheKey, answer: Answer) -> Result<(), CacheError>;

    /// Forgets an answer, because a person has decided otherwise.
    async fn forget(&self, key: &CacheKey) -> Result<(), CacheError>;
}

/// Answers in the memory of one process, the least used dropped when there are too many.
#[derive(Debug)]
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    ttl: chrono::Duration,
    answers: Cache<CacheKey, (DateTime, Answer)>,
}

impl MemoryCache {
    /// An empty one.
    #[must_use]
    pub fn new(settings: CacheSettings, clock: Arc<dyn Clock>) -> Self {
        let ttl = chrono::Duration::seconds(settings.ttl_seconds.into());
        Self { clock, ttl, answers: Cache::new(settings.max_entries) }
    }
}

#[async_trait]
impl AnswerCache for MemoryCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Answer>, CacheError> {
        let now = self.clock.now();
        Ok(self.answers.get(key).filter(|(until, _)| now < *until).map(|(_, answer)| answer))
    }

    async fn put(&self, key: &CacheKey, answer: Answer) -> Result<(), CacheError> {
        self.answers.insert(*key, (self.clock.now() + self.ttl, answer));
        Ok(())
    }

    async fn forget(&self, key: &CacheKey) -> Result<(), CacheError> {
        self.answers.invalidate(key);
        Ok(())
    }
}
