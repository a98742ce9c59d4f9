//! Embeddings from the endpoint: the configured alternative to the encoder in process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::TenantId;
use outbound::OutboundSettings;
use settings::{SettingsError, Validate as _};

use crate::budget::{self, Exhausted, NoCalls};
use crate::error::{NoAnswer, Unavailable, reason_of};
use crate::model::Parts;
use crate::outcome::Tokens;
use crate::price::{Micros, Price};
use crate::sendable::SendableText;
use crate::settings::LanguageModelSettings;
use crate::tokens::{estimate, upper_bound};
use crate::transport::{Meter, Transport};
use crate::wire::{EmbeddingRequest, EmbeddingResponse};

/// A JSON number of a vector takes up to so many bytes, its comma and blank included.
const BYTES_PER_NUMBER: usize = 28;

/// An encoder behind an endpoint. Cheap to clone.
#[derive(Clone)]
pub struct RemoteEmbedder {
    inner: Arc<Inner>,
}

struct Inner {
    settings: LanguageModelSettings,
    price: Price,
    transport: Transport,
    parts: Parts,
    endpoint: String,
}

/// Vectors, in the order of the texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// Of length one each.
    pub vectors: Vec<Vec<f32>>,
    /// What was read.
    pub tokens: Tokens,
    /// What was spent.
    pub cost: Micros,
}

/// Why there are no vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// The endpoint did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The tenant's budget does not cover it.
    #[error(transparent)]
    OverBudget(#[from] Exhausted),
    /// The tenant's plan has no calls left.
    #[error(transparent)]
    NoCalls(#[from] NoCalls),
    /// Vectors of another length than configured can never be compared with those that are stored.
    #[error(
        "the model's vectors have {found} numbers instead of {expected}. Correct VERDICT__LANGUAGE_MODEL__EMBEDDING__DIMENSIONS"
    )]
    Dimensions {
        /// As configured.
        expected: usize,
        /// As answered.
        found: usize,
    },
    /// Not one usable vector for each text.
    #[error("the endpoint did not answer one usable vector for each text")]
    Incomplete,
    /// A text is empty, which endpoints refuse together with all others of the call.
    #[error("text {index} is empty")]
    EmptyText {
        /// Its place.
        index: usize,
    },
}

impl From<NoAnswer> for EmbedError {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Unavailable(reason) => Self::Unavailable(reason),
            NoAnswer::OverBudget(exhausted) => Self::OverBudget(exhausted),
            NoAnswer::NoCalls(none) => Self::NoCalls(none),
        }
    }
}

impl RemoteEmbedder {
    /// The encoder of the settings; none while models are switched off.
    ///
    /// # Errors
    /// When a setting cannot work, or the encoder has no price.
    pub fn new(
        settings: &LanguageModelSettings,
        outbound: &OutboundSettings,
        parts: Parts,
    ) -> Result<Option<Self>, SettingsError> {
        settings.validate()?;
        if !settings.enabled {
            return Ok(None);
        }
        let model = &settings.embedding.model;
        let price = settings
            .price_of(model)
            .ok_or_else(|| SettingsError::invalid("language_model.prices", format!("has no entry for {model:?}")))?;
        let vectors = settings.embedding.batch_size * settings.embedding.dimensions * BYTES_PER_NUMBER;
        let bounds = LanguageModelSettings {
            max_response_bytes: settings.max_response_bytes.max(vectors + 65_536).min(256 << 20),
            ..settings.clone()
        };
        let transport = Transport::new(&bounds, outbound, Arc::clone(&parts.clock))?;
        // Of its own: a failing encoder must not stop the labelling model, nor the other way round.
        let endpoint = format!("{}/embeddings", settings.endpoint);
        Ok(Some(Self { inner: Arc::new(Inner { settings: settings.clone(), price, transport, parts, endpoint }) }))
    }

    /// What vectors of this encoder are stored under: others must not be compared with them.
    #[must_use]
    pub fn model_id(&self) -> String {
        let settings = &self.inner.settings;
        format!("{}:{}:{}", settings.endpoint, settings.embedding.model, settings.embedding.dimensions)
    }

    /// The length of the vectors.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.inner.settings.embedding.dimensions
    }

    /// Embeds texts, in as many calls as it takes. The work goes on when the caller has gone, so that it is settled.
    ///
    /// # Errors
    /// When one of the calls fails; then there are no vectors at all.
    pub async fn embed(&self, tenant: TenantId, texts: Vec<SendableText>) -> Result<Embedded, EmbedError> {
        if let Some(index) = texts.iter().position(|text| text.as_str().is_empty()) {
            return Err(EmbedError::EmptyText { index });
        }
        let inner = Arc::clone(&self.inner);
        let work = tokio::spawn(async move { inner.embed_all(tenant, &texts).await });
        work.await.unwrap_or(Err(EmbedError::Unavailable(Unavailable::Stopped)))
    }
}

impl Inner {
    async fn embed_all(&self, tenant: TenantId, texts: &[SendableText]) -> Result<Embedded, EmbedError> {
        let mut all =
            Embedded { vectors: Vec::with_capacity(texts.len()), tokens: Tokens::default(), cost: Micros::ZERO };
        for part in texts.chunks(self.settings.embedding.batch_size) {
            let part = self.embed_part(tenant, part).await?;
            all.vectors.extend(part.vectors);
            all.tokens = all.tokens + part.tokens;
            all.cost = all.cost + part.cost;
        }
        Ok(all)
    }

    async fn embed_part(&self, tenant: TenantId, texts: &[SendableText]) -> Result<Embedded, EmbedError> {
        let input: Vec<&str> = texts.iter().map(SendableText::as_str).collect();
        let permit = self.parts.breakers.enter(tenant, &self.endpoint).ok_or(Unavailable::CircuitOpen)?;
        let most = self.cost_of(upper_bound(input.iter().copied()));
        let most = most.times(u64::from(self.settings.retry.max_retries) + 1);
        let reservation = budget::hold(&*self.parts.budget, tenant, most, 0).await?;
        let counted = estimate(input.iter().copied());
        let meter = Arc::new(Meter::default());
        let answer = self.transmit(&input, &meter).await;
        let used = answer.as_ref().ok().map(|answer| answer.usage.unwrap_or_default());
        let said = used.and_then(|used| used.prompt_tokens.or(used.total_tokens)).filter(|count| *count > 0);
        let tokens = Tokens {
            prompt: if used.is_some() { said.unwrap_or(counted) } else { 0 },
            is_counted: said.is_none(),
            ..Tokens::default()
        };
        let cost = self.price.of(tokens) + self.cost_of(counted).times(meter.in_doubt().into());
        budget::settle(&*self.parts.budget, reservation, cost, 0).await;
        match answer {
            Ok(answer) => {
                permit.succeeded();
                Ok(Embedded { vectors: self.vectors(answer, texts.len())?, tokens, cost })
            }
            Err(reason) => {
                if reason.speaks_against_endpoint() {
                    permit.failed();
                }
                Err(reason.into())
            }
        }
    }

    async fn transmit(&self, input: &[&str], meter: &Arc<Meter>) -> Result<EmbeddingResponse, Unavailable> {
        let embedding = &self.settings.embedding;
        let request = EmbeddingRequest {
            model: &embedding.model,
            input: input.to_vec(),
            encoding_format: "float",
            dimensions: embedding.ask_dimensions.then_some(embedding.dimensions),
        };
        let deadline = Instant::now() + Duration::from_millis(self.settings.deadline_millis);
        let client = self.transport.client(deadline, Arc::clone(meter));
        let answer = client.embeddings().create_byot::<_, serde_json::Value>(request).await;
        let answer = answer.map_err(|error| meter.blame(reason_of(&error)))?;
        serde_json::from_value(answer).map_err(|_| Unavailable::Malformed)
    }

    fn cost_of(&self, prompt: u64) -> Micros {
        self.price.of(Tokens { prompt, ..Tokens::default() })
    }

    /// The vectors in the order of the texts, whatever order they came in.
    fn vectors(&self, answer: EmbeddingResponse, count: usize) -> Result<Vec<Vec<f32>>, EmbedError> {
        let expected = self.settings.embedding.dimensions;
        let mut placed = vec![None; count];
        for (place, row) in answer.data.into_iter().enumerate() {
            let found = row.embedding.len();
            if found != expected {
                return Err(EmbedError::Dimensions { expected, found });
            }
            let slot = placed.get_mut(row.index.unwrap_or(place)).ok_or(EmbedError::Incomplete)?;
            if slot.replace(normalised(row.embedding).ok_or(EmbedError::Incomplete)?).is_some() {
                return Err(EmbedError::Incomplete);
            }
        }
        placed.into_iter().collect::<Option<Vec<_>>>().ok_or(EmbedError::Incomplete)
    }
}

/// The vector at length one; none when it points nowhere.
fn normalised(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
    if !length.is_finite() || length < 1e-12 {
        return None;
    }
    for x in &mut vector {
        *x = (f64::from(*x) / length) as f32;
    }
    Some(vector)
}
