//! `DELETE /rules/{id}`

use actix_web::web::Data;
use common::RuleId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, IfMatch, Path, Reply};

use super::RuleResponse;
use crate::app::App;
use crate::usecases;

/// Deletes a rule. Its versions can still be read, because decisions name them.
#[utoipa::path(
    delete, path = "/api/v1/rules/{id}", tag = "rules", operation_id = "delete_rule",
    params(
        ("id" = RuleId, Path, description = "The rule."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    responses(
        (status = 200, description = "The rule as it was.", body = RuleResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
    )
)]
pub(crate) async fn delete_rule(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleId>,
    IfMatch(expected): IfMatch,
) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let rule = usecases::delete_rule::delete_rule(connection, &app, &caller.cause, id, expected).await?;
            Ok(Reply::ok(&RuleResponse::from(rule)))
        })
        .await
}
