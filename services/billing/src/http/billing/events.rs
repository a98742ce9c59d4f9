//! `GET /billing/events`

use actix_web::web::Data;
use common::DateTime;
use common::error_code::ErrorBody;
use common::page::Page;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::store::billing_events::{self, BillingEvent};

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListBillingEvents {
    /// At most this many, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// From `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// One change of the subscription, or something that a provider told and that changed nothing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingEventResponse {
    /// The id that the change has in `GET /events` too.
    id: Uuid,
    #[serde(rename = "type")]
    kind: String,
    /// The plan since then.
    plan: String,
    /// The status since then.
    status: String,
    at: DateTime,
    /// Who told it; null for what needed no provider.
    provider: Option<String>,
    /// The provider's id of the event that told it.
    provider_event_id: Option<String>,
    /// The provider's name for its kind.
    provider_event_type: Option<String>,
    /// What it did: `applied`, `unchanged`, `late`, `noted` or `ignored`.
    outcome: String,
    /// What changed: `[{field, before, after}]`.
    #[schema(value_type = Vec<ChangeResponse>)]
    changes: Value,
    /// In words.
    reason: Option<String>,
}

/// One field of the subscription that changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ChangeResponse {
    /// The field, as in `GET /billing/status`.
    field: String,
    /// As it was.
    before: Value,
    /// As it is since.
    after: Value,
}

impl From<BillingEvent> for BillingEventResponse {
    fn from(entry: BillingEvent) -> Self {
        Self {
            id: entry.id,
            kind: entry.kind,
            plan: entry.plan,
            status: entry.status,
            at: entry.at,
            provider: entry.provider,
            provider_event_id: entry.provider_event_id,
            provider_event_type: entry.provider_event_type,
            outcome: entry.outcome,
            changes: entry.changes,
            reason: entry.reason,
        }
    }
}

type Key = (DateTime, Uuid);

/// List the changes of the subscription, the newest first.
#[utoipa::path(
    get, path = "/api/v1/billing/events", operation_id = "list_billing_events", tag = "billing",
    params(ListBillingEvents),
    responses(
        (status = 200, description = "What happened, newest first, and what it changed.", body = [BillingEventResponse]),
        (status = 400, description = "An unknown or malformed parameter, or a bad cursor", body = ErrorBody),
    ),
)]
pub(crate) async fn list_billing_events(
    app: Data<App>,
    caller: Caller,
    query: Query<ListBillingEvents>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.0.limit)?;
    let before = decode_cursor::<Key>(query.0.cursor.as_deref())?;
    let tenant = caller.tenant();
    let rows = app
        .db
        .tenant(tenant, async |connection| billing_events::list(connection, tenant, before, i64::from(limit) + 1).await)
        .await?;
    let page = Page::cut(rows, limit, |last: &BillingEvent| encode_cursor::<Key>(&(last.at, last.id)));
    Ok(Reply::page(page.map(BillingEventResponse::from)))
}
