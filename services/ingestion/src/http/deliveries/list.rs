//! `GET /integrations/{id}/deliveries`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::page::Page;
use common::{DeliveryId, IntegrationId};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Path, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::DeliveryResponse;
use crate::app::App;
use crate::domain::delivery::DeliveryOutcome;
use crate::store;

/// Which receipts, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeliveries {
    /// Only those of this outcome: `accepted`, `duplicate`, `rejected` or `held`.
    outcome: Option<String>,
    /// Rows on the page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists a source's receipts, newest first.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}/deliveries", tag = "integrations", operation_id = "list_deliveries",
    params(("id" = IntegrationId, Path, description = "The integration."), ListDeliveries),
    responses(
        (status = 200, description = "A page of receipts.", body = Vec<DeliveryResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn list_deliveries(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    Query(query): Query<ListDeliveries>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<DeliveryId> = decode_cursor(query.cursor.as_deref())?;
    let outcome = query.outcome.as_deref().map(read_outcome).transpose()?;
    let of = (caller.tenant(), id);
    let rows = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let integration = store::integrations::find(connection, caller.tenant(), id).await?;
            integration.ok_or_else(|| ApiError::not_found("integration"))?;
            let rows = store::deliveries::list(connection, of, outcome, before, i64::from(limit) + 1).await?;
            Ok::<_, ApiError>(rows)
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    Ok(Reply::page(page.map(DeliveryResponse::from)))
}

fn read_outcome(name: &str) -> Result<DeliveryOutcome, ApiError> {
    DeliveryOutcome::parse(name).ok_or_else(|| {
        let known = DeliveryOutcome::ALL.map(DeliveryOutcome::as_str);
        ApiError::invalid_request(format!("outcome must be one of {}.", known.join(", "))).with("field", "outcome")
    })
}
