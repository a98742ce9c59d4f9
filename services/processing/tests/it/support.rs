//! What the tests have in common: a started service, events as other services would tell them.

use common::decision::{Proposal, Reasoning, Thresholds};
use common::event::{ApprovalOutcome, Approved, Cause, Event, EventData, Ingested, RecordSnapshot, RuleRequested};
use common::identity::ActorKind;
use common::record::{NormalizedRecord, Stage};
use common::rule::RuleStatus;
use common::trace::TraceContext;
use common::{
    Actor, ApprovalId, Clock as _, DateTime, DecisionId, RecordId, Role, RuleId, SystemClock, TenantId, UserId,
};
use language_model::{LanguageModelSettings, Price};
use outbound::OutboundSettings;
use processing::{EmbeddingSource, EmbeddingsSettings, Processing, ProcessingSettings, RulesSettings};
use serde_json::{Value, json};
use test_support::{Client, Resources, TestApp, wait_until};

/// The whole service.
pub(crate) async fn start() -> TestApp {
    TestApp::start::<Processing>(settings).await
}

pub(crate) fn settings(resources: &Resources) -> ProcessingSettings {
    ProcessingSettings {
        server: resources.server(),
        database: resources.database(),
        broker: resources.broker(),
        internal: resources.internal(),
        telemetry: resources.telemetry(),
        rules: RulesSettings::default(),
        embeddings: embeddings(),
        language_model: LanguageModelSettings::default(),
        outbound: OutboundSettings::default(),
    }
}

/// Vectors without a model's files, and models that are fitted as soon as there is anything to learn.
pub(crate) fn embeddings() -> EmbeddingsSettings {
    EmbeddingsSettings {
        source: EmbeddingSource::Hashed,
        refit_after: 1,
        refit_seconds: 0,
        ..EmbeddingsSettings::default()
    }
}

/// The whole service with the language model `model-a` behind that address.
pub(crate) async fn start_with_model(base_url: &str) -> TestApp {
    TestApp::start::<Processing>(|resources| {
        // A micro-unit a token.
        let price = Price { prompt: 1_000_000, cached_prompt: None, completion: 1_000_000 };
        let language_model = LanguageModelSettings {
            enabled: true,
            base_url: base_url.to_owned(),
            model: "model-a".into(),
            prices: [("model-a".to_owned(), price)].into(),
            ..LanguageModelSettings::default()
        };
        let outbound = OutboundSettings { allow: vec!["127.0.0.1".into()], ..OutboundSettings::default() };
        ProcessingSettings { language_model, outbound, ..settings(resources) }
    })
    .await
}

/// A tenant with its admin.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) admin: Client,
}

impl Tenant {
    pub(crate) fn new(app: &TestApp) -> Self {
        let id = TenantId::generate();
        Self { id, admin: app.caller(id, Role::Admin) }
    }

    /// A tenant with these labels.
    pub(crate) async fn with_labels(app: &TestApp, names: &[&str]) -> Self {
        let tenant = Self::new(app);
        for name in names {
            tenant.label(name).await;
        }
        tenant
    }

    /// Makes a label and returns its id.
    pub(crate) async fn label(&self, name: &str) -> String {
        let made = self.admin.post("/api/v1/labels", json!({"name": name})).await;
        assert_eq!(made.status, 201, "{made:?}");
        text(&made.body["id"])
    }

    /// Makes a rule with the defaults and returns it.
    pub(crate) async fn rule(&self, name: &str, condition: &str, label: &str) -> Value {
        self.rule_with(json!({"name": name, "condition": condition, "label": label})).await
    }

    pub(crate) async fn rule_with(&self, body: Value) -> Value {
        let made = self.admin.post("/api/v1/rules", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.body
    }

    /// The receipts of the record, once there are at least so many.
    pub(crate) async fn outcomes(&self, record: RecordId, at_least: usize) -> Vec<Value> {
        wait_until(&format!("{at_least} decisions of {record}"), async || {
            let answer = self.admin.get(&format!("/api/v1/processing/outcomes/{record}")).await;
            let list = answer.body.as_array().cloned().unwrap_or_default();
            (answer.status == 200 && list.len() >= at_least).then_some(list)
        })
        .await
    }

    /// The record's one decision that stands.
    pub(crate) async fn current(&self, record: RecordId) -> Value {
        let mut current = self.outcomes(record, 1).await;
        current.retain(|outcome| outcome["current"] == true);
        assert_eq!(current.len(), 1, "exactly one decision stands: {current:?}");
        current.remove(0)
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

pub(crate) fn person(name: &str) -> Actor {
    Actor { kind: ActorKind::User, id: UserId::generate().to_string(), name: Some(name.to_owned()) }
}

pub(crate) fn snapshot(text: &str) -> RecordSnapshot {
    RecordSnapshot {
        record_id: RecordId::generate(),
        external_id: Some("ext-1".into()),
        source: "generic".into(),
        integration_id: None,
        received_at: SystemClock.now(),
        normalized: NormalizedRecord { text: text.to_owned(), ..NormalizedRecord::default() },
    }
}

/// An event as another service would tell it.
pub(crate) fn event<D: EventData>(tenant: TenantId, service: &str, actor: Actor, data: &D) -> Event {
    let cause = Cause { tenant_id: tenant, actor, trace: TraceContext::random(), at: SystemClock.now() };
    Event::new(&cause, service, data)
}

pub(crate) fn ingested(tenant: TenantId, record: &RecordSnapshot) -> Event {
    let data = Ingested { record: record.clone(), delivery_id: None };
    event(tenant, "ingestion", Actor::service("ingestion"), &data)
}

/// A person's decision about the record.
pub(crate) fn approved(
    record: &RecordSnapshot,
    outcome: ApprovalOutcome,
    label: &str,
    decided_at: DateTime,
) -> Approved {
    let reasoning = Reasoning {
        summary: "None of 1 active rules matched, so a person is asked.".into(),
        rule: None,
        rule_set_version: Some(1),
        rules_evaluated: 1,
        thresholds: Thresholds { auto_accept: 0.9, ..Thresholds::default() },
        why_human: Some(common::decision::WhyHuman::NoStageDecided),
        ..Reasoning::default()
    };
    Approved {
        approval_id: Some(ApprovalId::generate()),
        was_pending: true,
        decision_id: DecisionId::generate(),
        outcome,
        label: label.to_owned(),
        proposal: Proposal {
            decision_id: DecisionId::generate(),
            label: None,
            stage: Stage::None,
            confidence: None,
            reasoning,
        },
        record: record.clone(),
        comment: Some("seen".into()),
        rule_id: None,
        requested_at: decided_at,
        decided_at,
    }
}

pub(crate) fn rule_requested(name: &str, condition: &str, label: &str) -> RuleRequested {
    RuleRequested {
        rule_id: RuleId::generate(),
        approval_id: ApprovalId::generate(),
        name: name.to_owned(),
        condition: condition.to_owned(),
        label_id: None,
        label: label.to_owned(),
        priority: 50,
        status: RuleStatus::Active,
    }
}
