//! `POST /rules/{id}/disable`

use actix_web::web::Data;
use common::RuleId;
use common::error_code::ErrorBody;
use common::rule::RuleStatus;
use web::{ApiError, Caller, IfMatch, Lenient, Path, Reply};

use super::RuleResponse;
use crate::app::App;
use crate::domain::rule::RuleChange;
use crate::http::given::Nothing;

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
    super::change(&app, &caller, &body.idempotency, (id, expected), change).await
}
