//! `GET /rules/{id}`

use actix_web::web::Data;
use common::RuleId;
use common::error_code::ErrorBody;
use web::{ApiError, Caller, Path, Reply};

use super::RuleResponse;
use crate::app::App;
use crate::store::rules;

/// Shows a rule.
#[utoipa::path(
    get, path = "/api/v1/rules/{id}", tag = "rules", operation_id = "show_rule",
    params(("id" = RuleId, Path, description = "The rule.")),
    responses(
        (status = 200, description = "The rule.", body = RuleResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_rule(app: Data<App>, caller: Caller, Path(id): Path<RuleId>) -> Result<Reply, ApiError> {
    app.db
        .tenant(caller.tenant(), async |connection| {
            let rule = rules::find(connection, caller.tenant(), id).await?;
            let rule = rule.ok_or_else(|| ApiError::not_found("rule"))?;
            let version = rule.version;
            Ok(Reply::ok(&RuleResponse::from(rule)).version(version))
        })
        .await
}
