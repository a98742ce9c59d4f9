//! `POST /processing/explain`

use actix_web::web::{Data, ServiceConfig, post};
use common::decision::{LlmReasoning, Reasoning};
use common::error_code::ErrorBody;
use common::event::RecordSnapshot;
use common::record::{NormalizedRecord, RecordStatus, Stage};
use common::{DecisionId, Permission, RecordId, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};

use crate::app::App;
use crate::domain::replay::Difference;
use crate::http::outcomes::list::{OutcomeResponse, RuleOutcomeResponse};
use crate::http::rules::test::SampleRecord;
use crate::usecases::ask_model::ask_model;
use crate::usecases::explain_decision::{Explanation, Remade, explain_decision, explain_sample};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/api/v1/processing/explain", "POST").route(post().to(explain)));
}

/// Exactly one of `record` and `recordId` says what to explain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Explain {
    /// A record of the tenant's.
    record_id: Option<RecordId>,
    /// One of its decisions; the one that stands if not given.
    decision_id: Option<DecisionId>,
    /// A record made up for the question: what the rules of the present say.
    record: Option<SampleRecord>,
    /// Whether to ask the tenant's language model what it says now, within the tenant's budget. Takes the permission to
    /// change how records are processed.
    #[serde(default)]
    ask_model: bool,
}

/// A decision, and what it comes out as when it is made again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explained {
    /// The machine's decision as it was made; null of a record that was made up.
    stored: Option<OutcomeResponse>,
    /// The same from the versions that its receipt names; null where no machine decided.
    remade: Option<RemadeDecision>,
    /// Whether the two are the same; null when there is nothing to compare.
    same: Option<bool>,
    /// Where they differ.
    differences: Vec<DecisionDifference>,
    /// What else has to be known.
    note: Option<String>,
    /// What the language model says now; null unless it was to be asked.
    asked: Option<LlmReasoning>,
}

/// A decision that is made and not kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemadeDecision {
    label: Option<String>,
    stage: Stage,
    confidence: Option<f64>,
    status: RecordStatus,
    reasoning: Reasoning,
    /// Every rule of the rule set, in the order in which they were tried.
    rules: Vec<RuleOutcomeResponse>,
}

/// A part of a decision that came out otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionDifference {
    field: &'static str,
    stored: Value,
    remade: Value,
}

impl Check for Explain {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.record.is_some() == self.record_id.is_some() {
            found.push(Violation::new("recordId", "exactly_one", "must be given, or else record, and not both"));
        }
        if self.decision_id.is_some() && self.record_id.is_none() {
            found.push(Violation::new("decisionId", "with_record_id", "is found by its record: give recordId too"));
        }
        if let Some(record) = &self.record {
            found.extend(record.violations());
        }
        found
    }
}

impl From<Remade> for RemadeDecision {
    fn from(remade: Remade) -> Self {
        let Remade { decision, rules } = remade;
        Self {
            label: decision.label,
            stage: decision.stage,
            confidence: decision.confidence,
            status: decision.status,
            reasoning: decision.receipt.reasoning,
            rules: rules.into_iter().map(RuleOutcomeResponse::from).collect(),
        }
    }
}

impl From<Difference> for DecisionDifference {
    fn from(difference: Difference) -> Self {
        Self { field: difference.field, stored: difference.stored, remade: difference.remade }
    }
}

impl From<Explanation> for Explained {
    fn from(explanation: Explanation) -> Self {
        let same = explanation.remade.as_ref().map(|_| explanation.differences.is_empty());
        Self {
            stored: Some(explanation.stored.into()),
            remade: explanation.remade.map(RemadeDecision::from),
            same,
            differences: explanation.differences.into_iter().map(DecisionDifference::from).collect(),
            note: explanation.note.map(str::to_owned),
            asked: None,
        }
    }
}

/// Makes a decision again from the versions that its receipt names and says whether it comes out the same: the same words
/// and versions give the same decision. Nothing is stored, and no language model is asked but with `askModel`.
#[utoipa::path(
    post, path = "/api/v1/processing/explain", tag = "processing", operation_id = "explain",
    request_body = Explain,
    responses(
        (status = 200, description = "The decision, and as what it comes out.", body = Explained),
        (status = 403, description = "`forbidden`: with `recordId`, the caller must be allowed to read records.",
         body = ErrorBody),
        (status = 409, description = "`conflict`: `askModel` while the llm stage is off.", body = ErrorBody),
        (status = 404, description = "`not_found`: the tenant has no such record, or the record no such decision.",
         body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn explain(app: Data<App>, caller: Caller, body: Body<Explain>) -> Result<Reply, ApiError> {
    let Explain { record_id, decision_id, record, ask_model: is_asked } = body.content;
    if record_id.is_some() {
        caller.require(Permission::RecordsRead)?;
    }
    if is_asked {
        caller.require(Permission::ProcessingWrite)?;
    }
    let (mut explained, record) = match record {
        Some(sample) => of_sample(&app, &caller, sample).await?,
        None => of_record(&app, &caller, record_id, decision_id).await?,
    };
    if is_asked {
        explained.asked = Some(ask_model(&app, caller.tenant(), &record).await?);
    }
    Ok(Reply::ok(&explained))
}

async fn of_sample(app: &App, caller: &Caller, sample: SampleRecord) -> Result<(Explained, RecordSnapshot), ApiError> {
    let record = RecordSnapshot {
        record_id: RecordId::generate(),
        external_id: None,
        source: sample.source().to_owned(),
        integration_id: None,
        received_at: caller.cause.at,
        normalized: NormalizedRecord::from(sample),
    };
    let explain = async |connection: &mut db::Connection| explain_sample(connection, app, &caller.cause, &record).await;
    let remade = Some(app.db.tenant(caller.tenant(), explain).await?.into());
    let (differences, note) = (Vec::new(), None);
    Ok((Explained { stored: None, remade, same: None, differences, note, asked: None }, record))
}

async fn of_record(
    app: &App,
    caller: &Caller,
    record: Option<RecordId>,
    decision: Option<DecisionId>,
) -> Result<(Explained, RecordSnapshot), ApiError> {
    let record = record.ok_or_else(|| ApiError::not_found("record"))?;
    let tenant = caller.tenant();
    app.db
        .tenant(tenant, async |connection| {
            let explanation = explain_decision(connection, app, tenant, record, decision).await?;
            let record = explanation.record.clone();
            Ok((Explained::from(explanation), record))
        })
        .await
}
