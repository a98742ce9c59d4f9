//! `POST /integrations/{id}/quarantine/reverify`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{DeliveryId, IntegrationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, decode_cursor, encode_cursor, idempotent};

use crate::app::App;
use crate::usecases::reverify_quarantine::reverify_quarantine as reverify;

/// Where to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReverifyQuarantine {
    /// `nextCursor` of the answer before; from the oldest on when left out.
    #[serde(default)]
    cursor: Option<String>,
}

impl Check for ReverifyQuarantine {}

/// What became of the rejected deliveries that were judged.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReverifiedResponse {
    /// How many were judged.
    checked: u32,
    /// How many made a record.
    accepted: u32,
    /// How many had been taken in before.
    duplicates: u32,
    /// How many stay rejected.
    still_rejected: u32,
    /// Set when there are more behind these.
    next_cursor: Option<String>,
}

/// Judges a source's rejected deliveries again, in order of receipt, each by its time of receipt and with the
/// integration as it is now. One request judges up to 1,000.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/quarantine/reverify", tag = "integrations",
    operation_id = "reverify_quarantine",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    request_body = ReverifyQuarantine,
    responses(
        (status = 200, description = "Judged; what verifies is taken in.", body = ReverifiedResponse),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn reverify_quarantine(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    body: Lenient<ReverifyQuarantine>,
) -> Result<Reply, ApiError> {
    let after: Option<DeliveryId> = decode_cursor(body.content.cursor.as_deref())?;
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let sum = reverify(connection, &app, &caller.cause, id, after).await?;
                Ok(Reply::ok(&ReverifiedResponse {
                    checked: sum.checked,
                    accepted: sum.accepted,
                    duplicates: sum.duplicates,
                    still_rejected: sum.still_rejected,
                    next_cursor: sum.resume_after.as_ref().map(encode_cursor),
                }))
            })
            .await
        })
        .await?;
    app.outbox.wake_relay();
    Ok(reply)
}
