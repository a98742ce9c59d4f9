//! `POST /rules/test`

use std::collections::BTreeMap;

use actix_web::web::Data;
use classifier::{Condition, RecordView, Step, ValueLists};
use common::amount::Amount;
use common::error_code::ErrorBody;
use common::record::{AttributeValue, MAX_LINE, NormalizedRecord};
use common::violation::check_text;
use common::{DateTime, Permission, RecordId, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};

use crate::app::App;
use crate::error::invalid_condition;
use crate::store::{records, value_lists};

/// Exactly one of `record` and `recordId` says what to try the condition on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TestRule {
    /// CEL over `record`.
    condition: String,
    /// A record made up for the test.
    record: Option<SampleRecord>,
    /// A record of the tenant's.
    record_id: Option<RecordId>,
}

/// A normalised record, and the source that it came from.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SampleRecord {
    /// What `record.source` is; `api` if not given.
    #[serde(default = "default_source")]
    source: String,
    title: Option<String>,
    text: String,
    amount: Option<Amount>,
    currency: Option<String>,
    counterparty: Option<String>,
    occurred_at: Option<DateTime>,
    #[serde(default)]
    attributes: BTreeMap<String, AttributeValue>,
}

/// What the condition comes to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestResult {
    matched: bool,
    /// Each sub-expression, inner ones first, the whole condition last.
    trace: Vec<TraceStep>,
    /// Why the condition has no value for this record; the rule would not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// One sub-expression and what it comes to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TraceStep {
    /// As written.
    expression: String,
    /// Null when it has none. Long texts are shortened.
    value: Value,
    /// Why it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn default_source() -> String {
    "api".into()
}

impl Check for TestRule {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.record.is_some() == self.record_id.is_some() {
            found.push(Violation::new("record", "exactly_one", "must be given, or else recordId, and not both"));
        }
        found.extend(self.record.iter().flat_map(SampleRecord::violations));
        found
    }
}

impl SampleRecord {
    /// What `record.source` is.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Everything that is wrong with the field `record`.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_text(&mut found, "record.source", &self.source, 1, MAX_LINE);
        found.extend(NormalizedRecord::from(self.clone()).violations("record."));
        found
    }
}

impl From<SampleRecord> for NormalizedRecord {
    fn from(sample: SampleRecord) -> Self {
        Self {
            title: sample.title,
            text: sample.text,
            amount: sample.amount,
            currency: sample.currency,
            counterparty: sample.counterparty,
            occurred_at: sample.occurred_at,
            attributes: sample.attributes,
        }
    }
}

impl From<Step> for TraceStep {
    fn from(step: Step) -> Self {
        Self { expression: step.expression, value: step.value, error: step.error }
    }
}

/// Tries a condition on a record and shows what each part of it comes to. Nothing is stored.
#[utoipa::path(
    post, path = "/api/v1/rules/test", tag = "rules", operation_id = "test_rule",
    request_body = TestRule,
    responses(
        (status = 200, description = "What the condition comes to.", body = TestResult),
        (status = 403, description = "`forbidden`: with `recordId`, the caller must be allowed to read records.",
         body = ErrorBody),
        (status = 404, description = "`not_found`: the tenant has no such record.", body = ErrorBody),
        (status = 422, description = "`validation_failed`, or `invalid_condition` with line and column",
         body = ErrorBody),
    )
)]
pub(crate) async fn test_rule(app: Data<App>, caller: Caller, body: Body<TestRule>) -> Result<Reply, ApiError> {
    let TestRule { condition, record, record_id } = body.content;
    if record_id.is_some() {
        caller.require(Permission::RecordsRead)?;
    }
    let lists = lists_of(&app, &caller, &condition).await?;
    let condition = Condition::compile_with(&condition, &lists).map_err(|error| invalid_condition(&error))?;
    let (record, source) = match (record, record_id) {
        (Some(sample), _) => {
            let source = sample.source.clone();
            (NormalizedRecord::from(sample), source)
        }
        (None, Some(id)) => stored_record(&app, &caller, id).await?,
        (None, None) => return Err(ApiError::not_found("record")),
    };
    let view = RecordView::new(&record, &source);
    let outcome = condition.matches(&view);
    let trace = condition.trace(&view).into_iter().map(TraceStep::from).collect();
    let (matched, error) = match outcome {
        Ok(matched) => (matched, None),
        Err(error) => (false, Some(error.to_string())),
    };
    Ok(Reply::ok(&TestResult { matched, trace, error }))
}

/// The value lists that the condition can refer to; most refer to none, and need no look at the database.
async fn lists_of(app: &App, caller: &Caller, condition: &str) -> Result<ValueLists, ApiError> {
    if !value_lists::may_refer(condition) {
        return Ok(ValueLists::default());
    }
    let tenant = caller.tenant();
    let load =
        async |connection: &mut db::Connection| Ok(value_lists::of_condition(connection, tenant, condition).await?);
    app.db.tenant(tenant, load).await
}

async fn stored_record(app: &App, caller: &Caller, id: RecordId) -> Result<(NormalizedRecord, String), ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let found = records::find_content(connection, caller.tenant(), id).await?;
            found.ok_or_else(|| ApiError::not_found("record"))
        })
        .await
}
