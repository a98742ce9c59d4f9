//! Each subscription as its provider last showed it.

use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Json, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use payments::ProviderSubscription;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::{Held, Knowledge};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = Json)]
    state: Value,
    #[diesel(sql_type = Timestamptz)]
    known_at: DateTime,
    #[diesel(sql_type = Text)]
    known_by: String,
}

/// A stored state, and from when it is.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) held: Held,
    pub(crate) by: Knowledge,
}

impl Row {
    fn into_known(self) -> Option<Known> {
        // Written by this service from the same type; what an older build wrote otherwise is fetched again.
        let state = serde_json::from_value(self.state).ok()?;
        let by = match self.known_by.as_str() {
            "event" => Knowledge::Event(self.known_at),
            _ => Knowledge::Fetch(self.known_at),
        };
        Some(Known { held: Held { provider: self.provider, state }, by })
    }
}

/// One subscription of a tenant.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    provider: &str,
    id: &str,
) -> Result<Option<Known>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT provider, state, known_at, known_by FROM provider_subscriptions \
         WHERE provider = $1 AND subscription_id = $2 AND tenant_id = $3",
    )
    .bind::<Text, _>(provider)
    .bind::<Text, _>(id)
    .bind::<SqlUuid, _>(tenant.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next().and_then(Row::into_known))
}

/// Every subscription that the tenant ever had.
pub(crate) async fn of_tenant(connection: &mut Connection, tenant: TenantId) -> Result<Vec<Known>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT provider, state, known_at, known_by FROM provider_subscriptions WHERE tenant_id = $1 \
         ORDER BY provider, subscription_id",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .load(connection)
    .await?;
    Ok(rows.into_iter().filter_map(Row::into_known).collect())
}

/// Stores a state; `false` when the subscription is another tenant's.
pub(crate) async fn put(
    connection: &mut Connection,
    tenant: TenantId,
    provider: &str,
    state: &ProviderSubscription,
    by: Knowledge,
) -> Result<bool, DbError> {
    let known_by = match by {
        Knowledge::Event(_) => "event",
        Knowledge::Fetch(_) => "fetch",
    };
    let stored = statement(
        "INSERT INTO provider_subscriptions AS known (provider, subscription_id, tenant_id, state, known_at, known_by) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (provider, subscription_id) DO UPDATE \
         SET state = excluded.state, known_at = excluded.known_at, known_by = excluded.known_by \
         WHERE known.tenant_id = excluded.tenant_id",
    )
    .bind::<Text, _>(provider)
    .bind::<Text, _>(&state.id)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Json, _>(serde_json::json!(state))
    .bind::<Timestamptz, _>(by.at())
    .bind::<Text, _>(known_by)
    .execute(connection)
    .await?;
    Ok(stored > 0)
}

/// Whether the tenant ever subscribed by a provider.
pub(crate) async fn has_any(connection: &mut Connection, tenant: TenantId) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Any {
        #[diesel(sql_type = SqlUuid)]
        #[expect(dead_code, reason = "only whether there is a row counts")]
        tenant_id: Uuid,
    }
    let rows: Vec<Any> = statement("SELECT tenant_id FROM provider_subscriptions WHERE tenant_id = $1 LIMIT 1")
        .bind::<SqlUuid, _>(tenant.0)
        .load(connection)
        .await?;
    Ok(!rows.is_empty())
}
