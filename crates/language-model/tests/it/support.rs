//! A model of its own for each test, and questions to ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use common::TenantId;
use common::clock::ManualClock;
use common::record::NormalizedRecord;
use fake_model::FakeModel;
use language_model::{
    Breakers, Budget, CacheSettings, Capabilities, ContentLimits, Decision, Disclosure, EmbeddingSettings, Example,
    Label, LabelSet, LanguageModel, LanguageModelSettings, Limits, MemoryBudget, MemoryCache, Micros, ModelChoice,
    Outcome, Parts, Price, Question, RetrySettings, Sendable, Unavailable,
};
use outbound::OutboundSettings;

pub(crate) struct Bench {
    pub(crate) fake: FakeModel,
    pub(crate) model: LanguageModel,
    pub(crate) parts: Parts,
    pub(crate) budget: Arc<MemoryBudget>,
    pub(crate) clock: ManualClock,
    pub(crate) settings: LanguageModelSettings,
    pub(crate) tenant: TenantId,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut LanguageModelSettings)) -> Self {
        let fake = FakeModel::start().await;
        let mut settings = settings(&fake.base_url());
        change(&mut settings);
        let clock = ManualClock::at("2026-01-31T12:00:00Z".parse().unwrap());
        let budget = Arc::new(MemoryBudget::new(Arc::new(clock.clone())));
        let parts = Parts {
            cache: Arc::new(MemoryCache::new(settings.cache, Arc::new(clock.clone()))),
            budget: Arc::clone(&budget) as Arc<dyn Budget>,
            breakers: Breakers::new(settings.breaker, Arc::new(clock.clone())),
            clock: Arc::new(clock.clone()),
        };
        let model = LanguageModel::new(&settings, &loopback(), parts.clone()).unwrap().unwrap();
        let bench = Self { fake, model, parts, budget, clock, settings, tenant: TenantId::generate() };
        bench.allow(bench.tenant, 1_000_000_000);
        bench
    }

    pub(crate) fn allow(&self, tenant: TenantId, month: u64) {
        self.budget.set_limits(tenant, Limits { day: None, month: Some(Micros(month)) });
    }

    pub(crate) async fn ask(&self, text: &str) -> Outcome {
        self.model.classify(question(self.tenant, text)).await
    }
}

pub(crate) fn loopback() -> OutboundSettings {
    OutboundSettings { allow: vec!["127.0.0.1".into()], ..OutboundSettings::default() }
}

pub(crate) fn settings(base_url: &str) -> LanguageModelSettings {
    LanguageModelSettings {
        enabled: true,
        base_url: base_url.into(),
        api_key: Some("sk-the-key".into()),
        model: "model-a".into(),
        deadline_millis: 10_000,
        attempt_timeout_millis: 5_000,
        max_response_bytes: 64 << 10,
        retry: RetrySettings { max_retries: 3, base_millis: 1, max_wait_millis: 4, max_asked_wait_millis: 40 },
        cache: CacheSettings { ttl_seconds: 3_600, max_entries: 1_000 },
        embedding: EmbeddingSettings { model: "embed-a".into(), dimensions: 8, ask_dimensions: true, batch_size: 3 },
        // One micro-unit a token, so that costs can be read as tokens.
        prices: BTreeMap::from([(
            "*".to_owned(),
            Price { prompt: 1_000_000, cached_prompt: None, completion: 1_000_000 },
        )]),
        ..LanguageModelSettings::default()
    }
}

pub(crate) fn labels() -> Arc<LabelSet> {
    let label = |name: &str, description: &str| Label { name: name.into(), description: description.into() };
    Arc::new(LabelSet {
        version: "7".into(),
        labels: vec![
            label("Travel", "Flights, hotels, trains and taxis"),
            label("Meals", "Restaurants and food"),
            label("Office, small", ""),
            label("Income", "Money that comes in"),
        ],
        policy: "A taxi to a restaurant is travel.".into(),
    })
}

pub(crate) fn record(text: &str) -> NormalizedRecord {
    NormalizedRecord { text: text.into(), ..NormalizedRecord::default() }
}

pub(crate) fn sendable(text: &str) -> Sendable {
    Sendable::of(&record(text), "bank", Disclosure::Permitted, ContentLimits::default()).unwrap()
}

pub(crate) fn question(tenant: TenantId, text: &str) -> Question {
    question_of(tenant, text, Capabilities::FULL, Vec::new())
}

pub(crate) fn question_of(
    tenant: TenantId,
    text: &str,
    capabilities: Capabilities,
    examples: Vec<Example>,
) -> Question {
    let choice = ModelChoice { model: "model-a".into(), capabilities };
    Question::new(tenant, choice, labels(), sendable(text), examples).unwrap()
}

pub(crate) fn decided(outcome: Outcome) -> Decision {
    match outcome {
        Outcome::Decided(decision) => decision,
        other => panic!("not decided: {other:?}"),
    }
}

pub(crate) fn reason(outcome: Outcome) -> Unavailable {
    match outcome {
        Outcome::Unavailable(reason) => reason,
        other => panic!("not unavailable: {other:?}"),
    }
}
