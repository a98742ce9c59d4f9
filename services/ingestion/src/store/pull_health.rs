//! What the health of pulled sources is judged by.

use std::collections::HashMap;

use common::{DateTime, IntegrationId, SyncRunId, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::domain::health::{LAST_RUNS, PullSeen};
use crate::domain::oauth::ConnectionStatus;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    integration_id: Uuid,
    #[diesel(sql_type = Text)]
    connection: String,
    #[diesel(sql_type = Bool)]
    is_active: bool,
    #[diesel(sql_type = Timestamptz)]
    due_at: DateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    leased_until: Option<DateTime>,
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Array<Bool>)]
    completed: Vec<bool>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_completed_at: Option<DateTime>,
}

/// How the pulls of those of the sources stand that were ever connected to be pulled.
pub(crate) async fn seen(
    connection: &mut Connection,
    tenants: &[Uuid],
    integrations: &[Uuid],
) -> Result<HashMap<IntegrationId, PullSeen>, DbError> {
    let rows: Vec<Row> = statement(
        "SELECT i.id AS integration_id, t.status AS connection, i.status = 'active' AS is_active, p.due_at, \
             p.leased_until, p.failures, \
             ARRAY(SELECT r.status = 'completed' FROM sync_runs r WHERE r.integration_id = i.id \
                 AND r.tenant_id = i.tenant_id AND r.status IN ('completed', 'failed') \
                 ORDER BY r.id DESC LIMIT $3) AS completed, \
             (SELECT r.finished_at FROM sync_runs r WHERE r.integration_id = i.id AND r.tenant_id = i.tenant_id \
                 AND r.status = 'completed' ORDER BY r.id DESC LIMIT 1) AS last_completed_at \
         FROM integrations i \
         JOIN oauth_tokens t ON t.integration_id = i.id AND t.tenant_id = i.tenant_id \
         JOIN pull_states p ON p.integration_id = i.id AND p.tenant_id = i.tenant_id \
         WHERE i.tenant_id = ANY ($1) AND i.id = ANY ($2)",
    )
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<SqlUuid>, _>(integrations)
    .bind::<BigInt, _>(i64::try_from(LAST_RUNS).unwrap_or(i64::MAX))
    .load(connection)
    .await?;
    let seen = rows.into_iter().map(|row| {
        let pull = PullSeen {
            // The table's check lets nothing else in.
            connection: ConnectionStatus::parse(&row.connection).unwrap_or(ConnectionStatus::Disconnected),
            is_active: row.is_active,
            due_at: row.due_at,
            leased_until: row.leased_until,
            failures: row.failures,
            completed: row.completed,
            last_completed_at: row.last_completed_at,
        };
        (IntegrationId(row.integration_id), pull)
    });
    Ok(seen.collect())
}

/// The last thing that went wrong in a source's pulls.
#[derive(Debug, QueryableByName)]
pub(crate) struct PullError {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) error: String,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime,
}

impl PullError {
    pub(crate) const fn run_id(&self) -> SyncRunId {
        SyncRunId(self.id)
    }
}

/// The newest run that has an error: given up, or waiting to go on.
pub(crate) async fn last_error(
    connection: &mut Connection,
    (tenant, integration): (TenantId, IntegrationId),
) -> Result<Option<PullError>, DbError> {
    let row = statement(
        "SELECT id, error, coalesce(finished_at, started_at, created_at) AS at FROM sync_runs \
         WHERE tenant_id = $1 AND integration_id = $2 AND error IS NOT NULL AND status <> 'stopped' \
         ORDER BY id DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(integration.0)
    .get_result(connection)
    .await
    .optional()?;
    Ok(row)
}
