//! `GET /rules/proposals`

use actix_web::web::Data;
use common::Permission;
use common::error_code::ErrorBody;
use common::page::Page;
use web::{ApiError, Caller, Reply};

use super::ProposalResponse;
use crate::app::App;
use crate::usecases::propose_rules::propose_rules;

/// Lists rules that people's decisions suggest, those of the most records first; at most 20, on one page. None is made
/// unless it is accepted.
#[utoipa::path(
    get, path = "/api/v1/rules/proposals", tag = "rules", operation_id = "list_rule_proposals",
    responses(
        (status = 200, description = "The proposals.", body = [ProposalResponse]),
        (status = 403, description = "`forbidden`: the caller must be allowed to read records.", body = ErrorBody),
    )
)]
pub(crate) async fn list_rule_proposals(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    caller.require(Permission::RecordsRead)?;
    let _turn = app.previews.acquire().await.map_err(ApiError::internal)?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            let proposals = propose_rules(connection, &app, &caller.cause).await?;
            let items = proposals.into_iter().map(ProposalResponse::from).collect();
            Ok(Reply::page(Page { items, next_cursor: None }))
        })
        .await
}
