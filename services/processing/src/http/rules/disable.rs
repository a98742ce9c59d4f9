//! `POST /rules/{id}/disable`

use actix_web::web::Data;
use common::RuleId;
use common::error_code::ErrorBody;
use common::rule::RuleStatus;
use web::{ApiError, Caller, IfMatch, Lenient, Path, Reply, idempotent};

use super::RuleResponse;
use crate::app::App;
use crate::domain::rule::RuleChange;
use crate::http::given::Nothing;
use crate::usecases;

/// Keeps a rule from being evaluated. One in that state already stays as it is.
#[utoipa::path(
    post, path = "/api/v1/rules/{id}/disable", tag = "rules", operation_id = "disable_rule",
    params(
        ("id" = RuleId, Path, description = "The rule."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    responses(
        (status = 200, description = "The rule after the change.", body = RuleResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
    )
)]
pub(crate) async fn disable_rule(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleId>,
    IfMatch(expected): IfMatch,
    body: Lenient<Nothing>,
) -> Result<Reply, ApiError> {
    let change = RuleChange { status: Some(RuleStatus::Disabled), ..RuleChange::default() };
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let (app, cause) = (&app, &caller.cause);
                let rule = usecases::update_rule::update_rule(connection, app, cause, id, expected, change).await?;
                let version = rule.version;
                Ok(Reply::ok(&RuleResponse::from(rule)).version(version))
            })
            .await
        })
        .await
}
