//! `POST /rules/{id}/enable`

use actix_web::web::Data;
use common::RuleId;
use common::error_code::ErrorBody;
use common::rule::RuleStatus;
use web::{ApiError, Caller, IfMatch, Lenient, Path, Reply};

use super::RuleResponse;
use crate::app::App;
use crate::domain::rule::RuleChange;
use crate::http::given::Nothing;

/// Lets a rule decide. One in that state already stays as it is.
#[utoipa::path(
    post, path = "/api/v1/rules/{id}/enable", tag = "rules", operation_id = "enable_rule",
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
pub(crate) async fn enable_rule(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleId>,
    IfMatch(expected): IfMatch,
    body: Lenient<Nothing>,
) -> Result<Reply, ApiError> {
    let change = RuleChange { status: Some(RuleStatus::Active), ..RuleChange::default() };
    super::change(&app, &caller, &body.idempotency, (id, expected), change).await
}
