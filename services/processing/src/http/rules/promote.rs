//! `POST /rules/{id}/promote`

use actix_web::web::Data;
use common::RuleId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, IfMatch, Lenient, Path, Reply, idempotent};

use super::RuleResponse;
use crate::app::App;
use crate::http::given::Nothing;
use crate::usecases;

/// Lets a rule in shadow decide. One that decides already stays as it is.
#[utoipa::path(
    post, path = "/api/v1/rules/{id}/promote", tag = "rules", operation_id = "promote_rule",
    params(
        ("id" = RuleId, Path, description = "The rule."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    responses(
        (status = 200, description = "The rule after the change.", body = RuleResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`rule_not_in_shadow`: it is disabled.", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
    )
)]
pub(crate) async fn promote_rule(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleId>,
    IfMatch(expected): IfMatch,
    body: Lenient<Nothing>,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let saved = usecases::promote_rule::promote_rule(connection, &app, &caller.cause, id, expected).await?;
                let version = saved.rule.version;
                Ok(Reply::ok(&RuleResponse::from(saved)).version(version))
            })
            .await
        })
        .await
}
