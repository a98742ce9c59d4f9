//! The step: from a question to an outcome.
//!
//! The call itself runs in a task of its own. A caller that goes away leaves it running to its deadline, so that what was
//! spent is settled and the answer, which is paid for, is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use common::clock::Clock;
use outbound::OutboundSettings;
use settings::{SettingsError, Validate as _};
use tracing::Instrument as _;

use crate::answer::{Abstention, Reading, read, tokens_of};
use crate::breaker::Breakers;
use crate::budget::{self, Budget};
use crate::cache::{Answer, AnswerCache, CacheKey};
use crate::capabilities::{Capabilities, Probe, observed, probe_prompt};
use crate::confidence::Confidence;
use crate::error::{NoAnswer, Unavailable, reason_of};
use crate::flight::{Flights, landed};
use crate::outcome::{Decision, Outcome, Provenance, Tokens};
use crate::price::{Micros, Price};
use crate::prompt::{self, Ids, Meaning, PROMPT_VERSION};
use crate::question::Question;
use crate::settings::LanguageModelSettings;
use crate::tokens::{estimate, upper_bound};
use crate::transport::{Meter, Transport};
use crate::wire::{ChatRequest, ChatResponse};

/// How many alternatives are told for each token; the interface has no more.
const TOP_LOGPROBS: u8 = 20;
/// Beyond the deadline of the call, for the cache and the ledger.
const GRACE: Duration = Duration::from_millis(500);
/// Longest step with a batch's file.
pub(crate) const FILE_DEADLINE_MILLIS: u64 = 120_000;
/// Longest attempt with a batch's file.
const FILE_ATTEMPT_MILLIS: u64 = 60_000;
/// Largest file of results that is read.
const MAX_FILE_BYTES: usize = 128 << 20;

/// What the step is made of.
#[derive(Clone)]
pub struct Parts {
    /// Answers given before.
    pub cache: Arc<dyn AnswerCache>,
    /// Who may spend how much.
    pub budget: Arc<dyn Budget>,
    /// Which endpoints are left alone.
    pub breakers: Arc<Breakers>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A language model behind an endpoint. Cheap to clone.
#[derive(Clone)]
pub struct LanguageModel {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) settings: LanguageModelSettings,
    pub(crate) transport: Transport,
    pub(crate) file_transport: Transport,
    pub(crate) parts: Parts,
    flights: Arc<Flights>,
    calls: AtomicU32,
}

/// One answered call.
struct Called {
    reading: Reading,
    tokens: Tokens,
    cost: Micros,
    served_by: Option<String>,
    fingerprint: Option<String>,
}

impl LanguageModel {
    /// The step of the settings; none while it is switched off.
    ///
    /// # Errors
    /// When a setting cannot work, such as an endpoint whose address may not be called.
    pub fn new(
        settings: &LanguageModelSettings,
        outbound: &OutboundSettings,
        parts: Parts,
    ) -> Result<Option<Self>, SettingsError> {
        settings.validate()?;
        if !settings.enabled {
            return Ok(None);
        }
        let transport = Transport::new(settings, outbound, Arc::clone(&parts.clock))?;
        let file_bounds = LanguageModelSettings {
            attempt_timeout_millis: FILE_ATTEMPT_MILLIS,
            max_response_bytes: MAX_FILE_BYTES,
            ..settings.clone()
        };
        let file_transport = Transport::new(&file_bounds, outbound, Arc::clone(&parts.clock))?;
        let (settings, flights, calls) = (settings.clone(), Arc::default(), AtomicU32::new(0));
        Ok(Some(Self { inner: Arc::new(Inner { settings, transport, file_transport, parts, flights, calls }) }))
    }

    /// Asks, or gives the answer that was given before. Never longer than the deadline of the settings and a moment.
    pub async fn classify(&self, question: Question) -> Outcome {
        let inner = Arc::clone(&self.inner);
        let key = CacheKey::of(&question, &inner.settings.endpoint);
        let longest = Duration::from_millis(inner.settings.deadline_millis) + GRACE;
        let answered = async {
            if let Some(outcome) = inner.cached(&key).await {
                return outcome;
            }
            let (receiver, landing) = inner.flights.join(key);
            let leads = landing.is_some();
            if let Some(landing) = landing {
                let inner = Arc::clone(&inner);
                let asking = async move { landing.answer(inner.ask_and_keep(&key, &question).await) };
                tokio::spawn(asking.in_current_span());
            }
            let outcome = landed(receiver).await;
            if leads { outcome } else { outcome.again() }
        };
        let outcome = tokio::time::timeout(longest, answered).await;
        outcome.unwrap_or(Outcome::Unavailable(Unavailable::TimedOut))
    }

    /// Forgets the answer to a question, because a person has decided otherwise.
    ///
    /// # Errors
    /// When the cache fails.
    pub async fn forget(&self, question: &Question) -> Result<(), crate::CacheError> {
        let key = CacheKey::of(question, &self.inner.settings.endpoint);
        self.inner.parts.cache.forget(&key).await
    }

    /// Finds out what a model can do, by a question without any data of a tenant's. To be done when a model is configured.
    ///
    /// # Errors
    /// When the endpoint does not answer at all.
    pub async fn probe(&self, model: &str) -> Result<Probe, Unavailable> {
        let mut tokens = Tokens::default();
        for tried in Capabilities::LADDER {
            let request = self.inner.request(model, tried, &probe_prompt(tried));
            match self.inner.transmit(&request, self.inner.deadline(), &Arc::default()).await {
                Ok(response) => {
                    tokens = tokens + tokens_of(&response, estimate(request.texts()));
                    return Ok(Probe { capabilities: observed(tried, &response), tokens });
                }
                // Not taken as it is: with less, it may be.
                Err(Unavailable::Rejected { status: 400 | 404 | 422 | 501 }) => {}
                Err(reason) => return Err(reason),
            }
        }
        Err(Unavailable::Rejected { status: 400 })
    }

    /// How many calls were sent to the endpoint, repetitions not counted.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.inner.calls.load(Ordering::Relaxed)
    }
}

impl Inner {
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.settings.deadline_millis)
    }

    async fn cached(&self, key: &CacheKey) -> Option<Outcome> {
        match self.parts.cache.get(key).await {
            Ok(answer) => answer.map(Answer::into_outcome),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "answers cannot be looked up; asking anew");
                None
            }
        }
    }

    async fn ask_and_keep(&self, key: &CacheKey, question: &Question) -> Outcome {
        // Another flight may have landed between the look into the cache and the start of this one.
        if let Some(outcome) = self.cached(key).await {
            return outcome;
        }
        let outcome = self.ask(question).await;
        if let Some(answer) = Answer::of(&outcome)
            && let Err(error) = self.parts.cache.put(key, answer).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "an answer cannot be kept");
        }
        outcome
    }

    async fn ask(&self, question: &Question) -> Outcome {
        let deadline = self.deadline();
        let count = question.labels.labels.len();
        let first = match self.call(question, &Ids::in_order(count), deadline).await {
            Ok(called) => called,
            Err(why) => return why.into(),
        };
        let mut provenance = self.provenance(question, &first);
        let meaning = match first.reading.said {
            Ok(Meaning::Label(label)) => label,
            Ok(Meaning::NoneOfThese) => return Outcome::Abstained { why: Abstention::NoneOfThese, provenance },
            Err(why) => return Outcome::Abstained { why, provenance },
        };
        let label = question.labels.labels[meaning].name.clone();
        if let Some(probability) = first.reading.probability {
            let confidence = Confidence::Probability(probability);
            return Outcome::Decided(Decision { label, confidence, provenance });
        }
        let second = match self.call(question, &Ids::permuted(count), deadline).await {
            Ok(called) => called,
            Err(why) => return why.into(),
        };
        provenance.calls += 1;
        provenance.tokens = provenance.tokens + second.tokens;
        provenance.cost = provenance.cost + second.cost;
        match second.reading.said {
            Ok(Meaning::Label(again)) if again == meaning => {
                Outcome::Decided(Decision { label, confidence: Confidence::Agreement, provenance })
            }
            Ok(_) => Outcome::Abstained { why: Abstention::Disagreement, provenance },
            Err(why) => Outcome::Abstained { why, provenance },
        }
    }

    fn provenance(&self, question: &Question, called: &Called) -> Provenance {
        Provenance {
            endpoint: self.settings.endpoint.clone(),
            model: question.choice.model.clone(),
            served_by: called.served_by.clone(),
            fingerprint: called.fingerprint.clone(),
            prompt_version: PROMPT_VERSION.to_owned(),
            prompt_hash: prompt::hash(question),
            label_set_version: question.labels.version.clone(),
            calls: 1,
            tokens: called.tokens,
            cost: called.cost,
            is_cached: false,
            answered_at: self.parts.clock.now(),
        }
    }

    /// One call with leave of the breaker and money of the budget.
    async fn call(&self, question: &Question, ids: &Ids, deadline: Instant) -> Result<Called, NoAnswer> {
        let request = self.chat_request(question, ids);
        let model = &question.choice.model;
        let price = self.settings.price_of(model).ok_or(Unavailable::NoPrice)?;
        let permit = self.parts.breakers.enter(question.tenant, &self.settings.endpoint);
        let permit = permit.ok_or(Unavailable::CircuitOpen)?;
        let most = price.of(self.most_tokens(&request)).times(u64::from(self.settings.retry.max_retries) + 1);
        let reservation = budget::hold(&*self.parts.budget, question.tenant, most, 1).await?;
        let meter = Arc::new(Meter::default());
        let answer = self.transmit(&request, deadline, &meter).await;
        let counted = estimate(request.texts());
        let tokens = answer.as_ref().map(|response| tokens_of(response, counted)).unwrap_or_default();
        let cost = price.of(tokens) + self.doubtful_cost(&request, price, &meter);
        budget::settle(&*self.parts.budget, reservation, cost, answer.is_ok().into()).await;
        match answer.and_then(|response| Ok((read(&response, ids)?, response))) {
            Ok((reading, response)) => {
                permit.succeeded();
                let ChatResponse { model: served_by, system_fingerprint: fingerprint, .. } = response;
                Ok(Called { reading, tokens, cost, served_by, fingerprint })
            }
            Err(reason) => {
                if reason.speaks_against_endpoint() {
                    permit.failed();
                }
                tracing::warn!(tenant = %question.tenant, model, %reason, "the model was not available");
                Err(reason.into())
            }
        }
    }

    /// Attempts that were sent and never answered may be charged: counted as if they were.
    pub(crate) fn doubtful_cost(&self, request: &ChatRequest, price: Price, meter: &Meter) -> Micros {
        let tokens = Tokens {
            prompt: estimate(request.texts()),
            completion: self.settings.max_output_tokens.into(),
            ..Tokens::default()
        };
        price.of(tokens).times(meter.in_doubt().into())
    }

    pub(crate) fn most_tokens(&self, request: &ChatRequest) -> Tokens {
        let schema = request.response_format.as_ref().map(ToString::to_string).unwrap_or_default();
        Tokens {
            prompt: upper_bound(request.texts().chain([schema.as_str()])),
            completion: self.settings.max_output_tokens.into(),
            ..Tokens::default()
        }
    }

    pub(crate) fn chat_request(&self, question: &Question, ids: &Ids) -> ChatRequest {
        let prompt = prompt::render(question, ids, &prompt::fresh_mark());
        self.request(&question.choice.model, question.choice.capabilities, &prompt)
    }

    fn request(&self, model: &str, capabilities: Capabilities, prompt: &prompt::Prompt) -> ChatRequest {
        ChatRequest {
            model: model.to_owned(),
            messages: prompt.messages.clone(),
            response_format: prompt.response_format.clone(),
            temperature: capabilities.temperature.then_some(0),
            seed: capabilities.seed.then_some(self.settings.seed),
            max_completion_tokens: self.settings.max_output_tokens,
            logprobs: capabilities.logprobs.then_some(true),
            top_logprobs: capabilities.logprobs.then_some(TOP_LOGPROBS),
        }
    }

    async fn transmit(
        &self,
        request: &ChatRequest,
        deadline: Instant,
        meter: &Arc<Meter>,
    ) -> Result<ChatResponse, Unavailable> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let client = self.transport.client(deadline, Arc::clone(meter));
        // First as any JSON: the library would log a body that does not fit a struct.
        let answer = client.chat().create_byot::<_, serde_json::Value>(request).await;
        let answer = answer.map_err(|error| meter.blame(reason_of(&error)))?;
        serde_json::from_value(answer).map_err(|_| Unavailable::Malformed)
    }
}
