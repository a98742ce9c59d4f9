//! Reading deliveries.

use common::{DateTime, DeliveryId, IntegrationId, TenantId};
use db::{Connection, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::schema::deliveries;
use crate::domain::delivery::DeliveryOutcome;

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

/// Up to `limit` deliveries of a source, newest first, beginning below `before`.
pub(crate) async fn list(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
    outcome: Option<DeliveryOutcome>,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, DbError> {
    let mut query = deliveries::table
        .filter(deliveries::tenant_id.eq(tenant.0))
        .filter(deliveries::integration_id.eq(integration.0))
        .select(DeliveryRow::as_select())
        .order(deliveries::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(outcome) = outcome {
        query = query.filter(deliveries::outcome.eq(outcome.as_str()));
    }
    if let Some(before) = before {
        query = query.filter(deliveries::id.lt(before.0));
    }
    Ok(query.load(connection).await?)
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
