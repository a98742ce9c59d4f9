//! `GET /operations/{id}`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{OperationId, RecordId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Path, Reply};

use super::OperationResponse;
use crate::app::App;
use crate::domain::item::ItemResult;
use crate::store;

/// Conflicts that are shown with their operation; the items have all of them.
const CONFLICTS_SHOWN: i64 = 100;

/// An operation, with what it left alone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WholeOperationResponse {
    #[serde(flatten)]
    operation: OperationResponse,
    /// Up to 100 records that a revert left alone because a person has changed them since;
    /// `GET /operations/{id}/items?result=conflict` has all of them.
    conflicting_records: Vec<RecordId>,
}

/// Shows how an operation goes.
#[utoipa::path(
    get, path = "/api/v1/operations/{id}", tag = "operations", operation_id = "show_operation",
    params(("id" = OperationId, Path, description = "The operation.")),
    responses(
        (status = 200, description = "The operation.", body = WholeOperationResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn show_operation(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<OperationId>,
) -> Result<Reply, ApiError> {
    let key = (id, caller.tenant());
    app.db
        .tenant(caller.tenant(), async |connection| {
            let found = store::operations::find(connection, caller.tenant(), id).await?;
            let operation = found.ok_or_else(|| ApiError::not_found("operation"))?;
            let conflict = Some(ItemResult::Conflict);
            let items = match operation.conflicts {
                0 => Vec::new(),
                _ => store::operation_items::list(connection, key, conflict, None, CONFLICTS_SHOWN).await?,
            };
            let conflicting_records = items.into_iter().map(|item| RecordId(item.record_id)).collect();
            Ok(Reply::ok(&WholeOperationResponse { operation: operation.into(), conflicting_records }))
        })
        .await
}
