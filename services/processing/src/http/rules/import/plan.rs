//! `POST /rules/import/plan`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};

use super::{ImpactResponse, PlanResponse};
use crate::app::App;
use crate::domain::rule_document::RuleDocument;
use crate::usecases::plan_rule_document::{impact_of, plan_rule_document};

/// A document to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlanRuleImport {
    /// YAML, as `GET /rules/export` gives it.
    document: String,
    /// Whether what the document does not name is to be deleted.
    #[serde(default)]
    prune: bool,
}

impl Check for PlanRuleImport {}

/// Shows what a document of rules would change, and which recent records would be decided otherwise. Nothing is stored.
#[utoipa::path(
    post, path = "/api/v1/rules/import/plan", tag = "rules", operation_id = "plan_rule_import",
    request_body = PlanRuleImport,
    responses(
        (status = 200, description = "The plan, with what is in its way.", body = PlanResponse),
        (status = 422, description = "`validation_failed`; or `invalid_rule_document` with line and column",
         body = ErrorBody),
    )
)]
pub(crate) async fn plan_rule_import(
    app: Data<App>,
    caller: Caller,
    body: Body<PlanRuleImport>,
) -> Result<Reply, ApiError> {
    let document = RuleDocument::parse(&body.content.document)?;
    let cause = &caller.cause;
    let _turn = app.previews.acquire().await.map_err(ApiError::internal)?;
    app.db
        .tenant(cause.tenant_id, async |connection| {
            let planned = plan_rule_document(connection, cause, document, body.content.prune).await?;
            let impact = if planned.violations.is_empty() {
                let impact = impact_of(connection, cause, &planned.plan).await?;
                Some(ImpactResponse {
                    evaluated: impact.evaluated,
                    would_change: impact.would_change,
                    contradicts_human: impact.contradicts_people,
                })
            } else {
                None
            };
            Ok(Reply::ok(&PlanResponse::new(&planned, impact)))
        })
        .await
}
