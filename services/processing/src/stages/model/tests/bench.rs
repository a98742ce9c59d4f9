//! A database, a provider and a clock of each test's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use common::clock::ManualClock;
use common::event::{Access, Allowance, EntitlementsUpdated};
use common::record::NormalizedRecord;
use common::{Actor, Clock as _, LabelId, TenantId};
use db::DbError;
use fake_model::FakeModel;
use language_model::{LanguageModelSettings, Price, RetrySettings};
use serde_json::Value;
use test_support::TestDb;

use super::super::{ModelExample, ModelRequest, ask};
use crate::app::App;
use crate::domain::label::Label;
use crate::domain::model_answer::ModelAnswer;
use crate::domain::settings::TenantSettings;
use crate::{store, test_app};

pub(super) struct Bench {
    database: TestDb,
    pub(super) fake: FakeModel,
    pub(super) app: App,
    pub(super) clock: ManualClock,
    pub(super) tenant: TenantId,
    settings: LanguageModelSettings,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut LanguageModelSettings)) -> Self {
        let database = test_app::database().await;
        let fake = FakeModel::start().await;
        let mut settings = settings(&fake.base_url());
        change(&mut settings);
        let clock = ManualClock::at("2026-01-31T12:00:00Z".parse().unwrap());
        let app = test_app::app(&database, &settings, Arc::new(clock.clone()));
        let tenant = TenantId::generate();
        let bench = Self { database, fake, app, clock, tenant, settings };
        bench.budget(tenant, Some("1000")).await;
        for label in ["Travel", "Meals", "Office"] {
            bench.label(tenant, label, &[]).await;
        }
        bench
    }

    /// Another process on the same database.
    pub(super) fn another(&self) -> App {
        test_app::app(&self.database, &self.settings, Arc::new(self.clock.clone()))
    }

    pub(super) async fn tenant_with_budget(&self, budget: &str) -> TenantId {
        let tenant = TenantId::generate();
        self.budget(tenant, Some(budget)).await;
        tenant
    }

    pub(super) async fn budget(&self, tenant: TenantId, budget: Option<&str>) {
        self.change(tenant, |settings| {
            settings.llm.monthly_budget = budget.map(|budget| budget.parse().unwrap());
        })
        .await;
    }

    pub(super) async fn change(&self, tenant: TenantId, change: impl FnOnce(&mut TenantSettings)) {
        let now = self.clock.now();
        let saved: Result<(), DbError> = self
            .app
            .db
            .tenant(tenant, async |connection| {
                let mut settings = store::settings::find(connection, tenant).await?;
                settings.stages.llm = true;
                change(&mut settings);
                store::settings::save(connection, tenant, &settings, &Actor::service("test"), now).await
            })
            .await;
        saved.unwrap();
    }

    pub(super) async fn label(&self, tenant: TenantId, name: &str, examples: &[&str]) -> Label {
        let now = self.clock.now();
        let label = Label {
            id: LabelId::generate(),
            tenant_id: tenant,
            name: name.into(),
            description: String::new(),
            examples: examples.iter().map(|text| (*text).to_owned()).collect(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let made: Result<(), DbError> =
            self.app.db.tenant(tenant, async |connection| store::labels::insert(connection, &label).await).await;
        made.unwrap();
        label
    }

    /// What billing says of the tenant's plan.
    pub(super) async fn allow(&self, tenant: TenantId, model_calls: Option<u64>, access: Access) {
        let told = EntitlementsUpdated {
            tenant_id: tenant,
            plan: "team".into(),
            status: "active".into(),
            access,
            reason: None,
            grace_ends_at: None,
            allowance: Allowance { model_calls, ..Allowance::default() },
            timezone: "Europe/Berlin".into(),
            version: 1,
        };
        let put: Result<(), DbError> =
            self.app.db.tenant(tenant, async |connection| store::entitlements::put(connection, &told).await).await;
        put.unwrap();
    }

    pub(super) fn request(&self, text: &str) -> ModelRequest {
        ModelRequest {
            tenant: self.tenant,
            record: record(text),
            source: "bank".into(),
            possible: Vec::new(),
            examples: Vec::new(),
        }
    }

    pub(super) fn example(&self, text: &str, label: &str) -> ModelExample {
        ModelExample { record: record(text), source: "bank".into(), label: label.into() }
    }

    pub(super) async fn put(&self, request: &ModelRequest) -> ModelAnswer {
        ask(&self.app, request).await
    }

    pub(super) async fn ask(&self, text: &str) -> ModelAnswer {
        self.put(&self.request(text)).await
    }

    pub(super) async fn ask_as(&self, tenant: TenantId, text: &str) -> ModelAnswer {
        self.put(&ModelRequest { tenant, ..self.request(text) }).await
    }

    /// The last request that came to the provider.
    pub(super) fn asked(&self) -> Value {
        self.fake.seen().last().expect("it was asked").body.clone()
    }

    pub(super) async fn sql(&self, sql: &str) {
        self.database.execute(sql).await;
    }

    pub(super) async fn count(&self, what: &str) -> i64 {
        self.database.count(what).await
    }

    /// Removes the database.
    pub(super) async fn end(self) {
        let Self { database, app, .. } = self;
        drop(app);
        database.drop().await;
    }
}

pub(super) fn record(text: &str) -> NormalizedRecord {
    NormalizedRecord { text: text.into(), ..NormalizedRecord::default() }
}

fn settings(base_url: &str) -> LanguageModelSettings {
    LanguageModelSettings {
        enabled: true,
        base_url: base_url.into(),
        model: "model-a".into(),
        deadline_millis: 10_000,
        attempt_timeout_millis: 5_000,
        retry: RetrySettings { max_retries: 2, base_millis: 1, max_wait_millis: 4, max_asked_wait_millis: 40 },
        // A micro-unit a token, so that costs can be read as tokens.
        prices: BTreeMap::from([(
            "*".to_owned(),
            Price { prompt: 1_000_000, cached_prompt: None, completion: 1_000_000 },
        )]),
        ..LanguageModelSettings::default()
    }
}
