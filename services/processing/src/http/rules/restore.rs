//! `POST /rules/{id}/restore`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{RuleId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Path, Reply, idempotent};

use super::RuleResponse;
use crate::app::App;
use crate::usecases;

/// The version to come back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreRule {
    #[schema(minimum = 1)]
    version: i32,
}

impl Check for RestoreRule {
    fn check(&self) -> Vec<Violation> {
        let bad = self.version < 1;
        bad.then(|| Violation::new("version", "range", "must be 1 or more")).into_iter().collect()
    }
}

/// Brings a rule back to what it was, as a new version; a deleted rule comes back under its id.
#[utoipa::path(
    post, path = "/api/v1/rules/{id}/restore", tag = "rules", operation_id = "restore_rule",
    params(
        ("id" = RuleId, Path, description = "The rule."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = RestoreRule,
    responses(
        (status = 200, description = "The rule after the change.", body = RuleResponse),
        (status = 404, description = "`not_found`: no such rule, or no such version of it.", body = ErrorBody),
        (status = 409, description = "`rule_exists`: another has its name by now.", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`; or `unknown_label`, `invalid_condition`: what it named is gone.",
         body = ErrorBody),
    )
)]
pub(crate) async fn restore_rule(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleId>,
    IfMatch(expected): IfMatch,
    body: Body<RestoreRule>,
) -> Result<Reply, ApiError> {
    let version = body.content.version;
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let (app, cause) = (&app, &caller.cause);
                let saved = usecases::restore_rule::restore_rule(connection, app, cause, id, expected, version).await?;
                let version = saved.rule.version;
                Ok(Reply::ok(&RuleResponse::from(saved)).version(version))
            })
            .await
        })
        .await
}
