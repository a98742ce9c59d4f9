//! Reading deliveries.

use chrono::TimeDelta;
use common::{DateTime, DeliveryId, IntegrationId, TenantId};
use db::{Connection, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::schema::deliveries;
use crate::domain::delivery::DeliveryOutcome;

/// How far the time in an id may be from the receipt's.
pub(super) const SLACK: TimeDelta = TimeDelta::minutes(5);

/// A delivery in a list: without its body.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub(crate) struct DeliveryRow {
    pub(crate) id: Uuid,
    pub(crate) integration_id: Uuid,
    pub(crate) outcome: String,
    pub(crate) reason: Option<String>,
    pub(crate) record_id: Option<Uuid>,
    pub(crate) received_at: DateTime,
    pub(crate) replayed_at: Option<DateTime>,
}

/// A delivery as it came.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub(crate) struct WholeDeliveryRow {
    #[diesel(embed)]
    pub(crate) summary: DeliveryRow,
    pub(crate) headers: Value,
    pub(crate) body: Vec<u8>,
}

/// Which deliveries of a source to list.
#[derive(Debug, Default)]
pub(crate) struct DeliveryFilter {
    pub(crate) outcome: Option<DeliveryOutcome>,
    pub(crate) reason: Option<String>,
    /// Received at this time or later.
    pub(crate) from: Option<DateTime>,
    /// Received before this time.
    pub(crate) to: Option<DateTime>,
}

type Narrowed<'a> = deliveries::BoxedQuery<'a, diesel::pg::Pg>;

/// The source's deliveries that pass the filter.
fn narrowed((tenant, integration): (TenantId, IntegrationId), filter: &DeliveryFilter) -> Narrowed<'_> {
    let mut query = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .into_boxed();
    if let Some(outcome) = filter.outcome {
        query = query.filter(deliveries::outcome.eq(outcome.as_str()));
    }
    if let Some(reason) = &filter.reason {
        query = query.filter(deliveries::reason.eq(reason));
    }
    // The ids' own time narrows the walk over the index; the receipt's decides.
    if let Some(from) = filter.from {
        query = query.filter(deliveries::received_at.ge(from)).filter(deliveries::id.ge(id_at(from - SLACK)));
    }
    if let Some(to) = filter.to {
        query = query.filter(deliveries::received_at.lt(to)).filter(deliveries::id.lt(id_at(to + SLACK)));
    }
    query
}

/// Up to `limit` deliveries of a source, newest first, beginning below `before`.
pub(crate) async fn list(
    connection: &mut Connection,
    of: (TenantId, IntegrationId),
    filter: &DeliveryFilter,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, DbError> {
    let mut query = narrowed(of, filter).select(DeliveryRow::as_select()).order(deliveries::id.desc()).limit(limit);
    if let Some(before) = before {
        query = query.filter(deliveries::id.lt(before.0));
    }
    Ok(query.load(connection).await?)
}

/// The ids of up to `limit` deliveries of a source, in order of receipt, beginning behind `after`.
pub(crate) async fn ids(
    connection: &mut Connection,
    of: (TenantId, IntegrationId),
    filter: &DeliveryFilter,
    after: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<Uuid>, DbError> {
    let mut query = narrowed(of, filter).select(deliveries::id).order(deliveries::id.asc()).limit(limit);
    if let Some(after) = after {
        query = query.filter(deliveries::id.gt(after.0));
    }
    Ok(query.load(connection).await?)
}

/// Those of the deliveries that the source has, in order of receipt.
pub(crate) async fn existing(
    connection: &mut Connection,
    of: (TenantId, IntegrationId),
    ids: &[DeliveryId],
) -> Result<Vec<Uuid>, DbError> {
    let all = DeliveryFilter::default();
    let found = narrowed(of, &all)
        .filter(deliveries::id.eq_any(ids.iter().map(|id| id.0).collect::<Vec<_>>()))
        .select(deliveries::id)
        .order(deliveries::id.asc())
        .load(connection)
        .await?;
    Ok(found)
}

/// The lowest UUIDv7 of a time.
pub(super) fn id_at(time: DateTime) -> Uuid {
    let millis = u128::try_from(time.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(millis.min((1 << 48) - 1) << 80)
}

/// What looking at a rejected delivery again takes.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub(crate) struct EvidenceRow {
    pub(crate) id: Uuid,
    pub(crate) headers: Value,
    pub(crate) body: Vec<u8>,
}

/// Headers and bodies of those of the deliveries whose body has at most so many bytes.
pub(crate) async fn evidence(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    ids: &[Uuid],
    most_bytes: i32,
) -> Result<Vec<EvidenceRow>, DbError> {
    let size = diesel::dsl::sql::<diesel::sql_types::Integer>("octet_length(body)");
    let rows = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .filter(deliveries::id.eq_any(ids))
        .filter(size.le(most_bytes))
        .select(EvidenceRow::as_select())
        .load(connection)
        .await?;
    Ok(rows)
}

/// One delivery of a source.
pub(crate) async fn find(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    id: DeliveryId,
) -> Result<Option<WholeDeliveryRow>, DbError> {
    let row = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .filter(deliveries::id.eq(id.0))
        .select(WholeDeliveryRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row)
}
