//! Asking the language model about what similarity left open, some records at a time, beside the worker that claimed them:
//! a model that is slow holds up nobody else's records.

use std::collections::HashMap;
use std::sync::Arc;

use common::event::RecordSnapshot;
use common::{LabelId, RecordId, TenantId};
use db::DbError;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use learning::confidence::AuditSettings;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::app::App;
use crate::domain::decision::Decision;
use crate::domain::model_answer::ModelAnswer;
use crate::domain::model_evidence::Proven;
use crate::domain::policy::WINDOW;
use crate::domain::settings::TenantSettings;
use crate::stages::model::{ModelExample, ModelRequest, ask};
use crate::store::records::{self, Known};
use crate::store::{model_evidence, pending_decisions};
use crate::usecases::settle_pending::{Settled, settle_pending};

/// Records asked about at once, and settled together.
const AT_ONCE: usize = 8;

/// A record about which the model is asked.
pub(super) struct Question {
    /// What stands while the model has not answered.
    pub(super) settled: Settled,
    pub(super) record: RecordSnapshot,
    /// The labels that are possible; empty for all.
    pub(super) possible: Vec<String>,
    /// Decided records like it with their labels, the nearest first.
    pub(super) similar: Vec<(RecordId, String)>,
}

/// Whose records, under which lease, and what is in force for them.
pub(super) struct Asking {
    pub(super) tenant: TenantId,
    pub(super) lease: Uuid,
    pub(super) settings: TenantSettings,
    pub(super) names: HashMap<LabelId, String>,
}

/// Asks and settles all of them. What it does not come to is claimed again when the lease has run out.
pub(super) async fn run(app: Arc<App>, asking: Asking, questions: Vec<Question>, _turn: OwnedSemaphorePermit) {
    let mut left = questions;
    while !left.is_empty() {
        let rest = left.split_off(left.len().min(AT_ONCE));
        let waiting: Vec<RecordId> = left.iter().chain(&rest).map(|one| one.record.record_id).collect();
        if let Err(error) = some(&app, &asking, left, &waiting).await {
            tracing::warn!(tenant = %asking.tenant, %error, "questions to the language model wait");
            return;
        }
        left = rest;
    }
}

async fn some(app: &App, asking: &Asking, questions: Vec<Question>, waiting: &[RecordId]) -> Result<(), DbError> {
    let Asking { tenant, lease, .. } = *asking;
    let until = app.clock.now() + app.cascade.lease;
    let model = asking.settings.llm.model.clone();
    let model = model.or_else(|| app.model.as_ref().map(|step| step.default_model().to_owned())).unwrap_or_default();
    let ids: Vec<RecordId> = questions.iter().flat_map(|one| one.similar.iter().map(|(id, _)| *id)).collect();
    let (known, closed) = app
        .db
        .tenant(tenant, async |connection| {
            pending_decisions::renew(connection, tenant, lease, waiting, until).await?;
            let known = records::find_many(connection, tenant, &ids).await?;
            Ok::<_, DbError>((known, model_evidence::closed(connection, tenant, &model, WINDOW).await?))
        })
        .await?;
    let proven = Proven::by(&closed, &asking.settings);
    let answers: FuturesUnordered<_> = questions
        .into_iter()
        .map(|question| {
            let request = request(tenant, &question, &known);
            async move { (question.settled, ask(app, &request).await) }
        })
        .collect();
    let settled: Vec<Settled> =
        answers.map(|(settled, answer)| concluded(settled, answer, asking, proven)).collect().await;
    app.db.tenant(tenant, async |connection| settle_pending(connection, app, tenant, lease, settled).await).await
}

fn request(tenant: TenantId, question: &Question, known: &HashMap<RecordId, Known>) -> ModelRequest {
    let example = |(id, label): &(RecordId, String)| {
        let Known { record, .. } = known.get(id)?;
        Some(ModelExample { record: record.normalized.clone(), source: record.source.clone(), label: label.clone() })
    };
    ModelRequest {
        tenant,
        record: question.record.normalized.clone(),
        source: question.record.source.clone(),
        possible: question.possible.clone(),
        // The nearest last.
        examples: question.similar.iter().rev().filter_map(example).collect(),
    }
}

fn concluded(settled: Settled, answer: ModelAnswer, asking: &Asking, proven: Proven) -> Settled {
    let label = answer.receipt.label.as_deref();
    let label = asking.names.iter().find(|(_, name)| label == Some(name.as_str())).map(|(id, _)| *id);
    let record = settled.decision.record_id;
    // Nobody outside knows the decision's id before it is made, so nobody can choose what is audited.
    let is_drawn = AuditSettings::draws(record.0.as_bytes(), settled.decision.id.0.as_bytes(), proven.audit_rate);
    let mut decision: Decision = settled.decision;
    let thresholds = &mut decision.receipt.reasoning.thresholds;
    thresholds.auto_accept = asking.settings.auto_accept_threshold;
    thresholds.target_error_rate = Some(proven.target_error_rate);
    thresholds.audit_rate = Some(proven.audit_rate);
    Settled { decision: answer.conclude(decision, label, proven.accepts_from, is_drawn), ..settled }
}
