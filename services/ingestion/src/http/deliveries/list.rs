//! `GET /integrations/{id}/deliveries`

use std::collections::HashMap;

use actix_web::web::{Data, block};
use common::error_code::ErrorBody;
use common::page::Page;
use common::{DateTime, DeliveryId, IntegrationId};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Path, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::{DeliveryResponse, examiner};
use crate::app::App;
use crate::domain::delivery::{DeliveryOutcome, Reason};
use crate::domain::examiner::Kept;
use crate::domain::submission::is_storable;
use crate::store;
use crate::store::deliveries::{DeliveryFilter, DeliveryRow};

const REJECTED: &str = DeliveryOutcome::Rejected.as_str();
/// Larger bodies are diagnosed where their delivery is shown: a page must not cost more than a moment.
const MAX_DIAGNOSED: i32 = 16 << 10;

/// Which receipts, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeliveries {
    /// Only those of this outcome: `accepted`, `duplicate`, `rejected` or `held`.
    outcome: Option<String>,
    /// Only those rejected for this reason; those taken in later as well.
    reason: Option<String>,
    /// Received at this time or later.
    from: Option<DateTime>,
    /// Received before this time.
    to: Option<DateTime>,
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
    let filter = read_filter(query)?;
    let of = (caller.tenant(), id);
    let (integration, rows, evidence) = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let integration = store::integrations::find(connection, caller.tenant(), id).await?;
            let integration = integration.ok_or_else(|| ApiError::not_found("integration"))?;
            let rows = store::deliveries::list(connection, of, &filter, before, i64::from(limit) + 1).await?;
            let rejected: Vec<_> = rows.iter().filter(|row| row.outcome == REJECTED).map(|row| row.id).collect();
            let evidence = store::deliveries::evidence(connection, of, &rejected, MAX_DIAGNOSED).await?;
            Ok::<_, ApiError>((integration, rows, evidence))
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    let examiner = examiner(&app, &integration);
    let now = app.clock.now();
    let evidence: HashMap<_, _> = evidence.into_iter().map(|row| (row.id, row)).collect();
    let respond = move |row: DeliveryRow| {
        let diagnosis = evidence.get(&row.id).and_then(|found| {
            let (headers, body) = (&found.headers, Some(found.body.as_slice()));
            let kept = Kept { reason: row.reason.as_deref()?, headers, body, received_at: row.received_at };
            examiner.as_ref()?.diagnose(&kept, now)
        });
        DeliveryResponse::new(row, diagnosis)
    };
    Ok(Reply::page(block(move || page.map(respond)).await.map_err(ApiError::internal)?))
}

fn read_filter(query: ListDeliveries) -> Result<DeliveryFilter, ApiError> {
    for (field, value) in [("from", query.from), ("to", query.to)] {
        if value.is_some_and(|time| !is_storable(time)) {
            let refused = ApiError::invalid_request(format!("{field} must be a time from year 1 to 9999."));
            return Err(refused.with("field", field));
        }
    }
    let reason = query.reason;
    if reason.as_ref().is_some_and(|reason| !Reason::ALL.iter().any(|known| known.as_str() == reason)) {
        let known = Reason::ALL.map(Reason::as_str).join(", ");
        return Err(ApiError::invalid_request(format!("reason must be one of {known}.")).with("field", "reason"));
    }
    let outcome = query.outcome.as_deref().map(read_outcome).transpose()?;
    Ok(DeliveryFilter { outcome, reason, from: query.from, to: query.to })
}

fn read_outcome(name: &str) -> Result<DeliveryOutcome, ApiError> {
    DeliveryOutcome::parse(name).ok_or_else(|| {
        let known = DeliveryOutcome::ALL.map(DeliveryOutcome::as_str);
        ApiError::invalid_request(format!("outcome must be one of {}.", known.join(", "))).with("field", "outcome")
    })
}
