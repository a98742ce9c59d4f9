//! `POST /rules/import/apply`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::PlanResponse;
use crate::app::App;
use crate::domain::rule_document::RuleDocument;
use crate::usecases::apply_rule_document::apply_rule_document;

/// A document to be carried out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ApplyRuleImport {
    /// YAML, as `GET /rules/export` gives it.
    document: String,
    /// Whether what the document does not name is deleted.
    #[serde(default)]
    prune: bool,
    /// `ruleSetVersion` of the plan: if anything has changed since, nothing is done.
    expected_rule_set_version: Option<i64>,
}

impl Check for ApplyRuleImport {}

/// Carries out a document of rules: all of it at once, or nothing.
#[utoipa::path(
    post, path = "/api/v1/rules/import/apply", tag = "rules", operation_id = "apply_rule_import",
    request_body = ApplyRuleImport,
    responses(
        (status = 200, description = "What was changed.", body = PlanResponse),
        (status = 409, description = "`conflict`: the rules have changed since the plan was made.", body = ErrorBody),
        (status = 422, description = "`validation_failed` with everything that is in the way; or `invalid_rule_document` \
                                      with line and column", body = ErrorBody),
    )
)]
pub(crate) async fn apply_rule_import(
    app: Data<App>,
    caller: Caller,
    body: Body<ApplyRuleImport>,
) -> Result<Reply, ApiError> {
    let ApplyRuleImport { document, prune, expected_rule_set_version } = body.content;
    let document = RuleDocument::parse(&document)?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let how = (prune, expected_rule_set_version);
                let applied = apply_rule_document(connection, &app, &caller.cause, document, how).await?;
                Ok(Reply::ok(&PlanResponse::new(&applied, None)))
            })
            .await
        })
        .await
}
