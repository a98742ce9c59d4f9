//! Proposals that nobody wants to see again.

use std::collections::HashSet;

use common::{Actor, DateTime, LabelId, RuleProposalId, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Stored, to_json};

/// A proposal that was dismissed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dismissal<'d> {
    pub(crate) tenant: TenantId,
    pub(crate) id: RuleProposalId,
    pub(crate) condition: &'d str,
    pub(crate) label: LabelId,
    pub(crate) by: &'d Actor,
    pub(crate) at: DateTime,
}

/// Keeps it; whether it was not there before.
pub(crate) async fn insert(connection: &mut Connection, dismissal: Dismissal<'_>) -> Stored<bool> {
    let rows = statement(
        "INSERT INTO dismissed_proposals (id, tenant_id, condition, label_id, dismissed_by, dismissed_at) \
         VALUES ($1, $2, $3, $4, $5::json, $6) ON CONFLICT (tenant_id, id) DO NOTHING",
    )
    .bind::<SqlUuid, _>(dismissal.id.0)
    .bind::<SqlUuid, _>(dismissal.tenant.0)
    .bind::<Text, _>(dismissal.condition)
    .bind::<SqlUuid, _>(dismissal.label.0)
    .bind::<Text, _>(to_json(dismissal.by)?)
    .bind::<Timestamptz, _>(dismissal.at)
    .execute(connection)
    .await?;
    Ok(rows > 0)
}

/// All that the tenant has dismissed.
pub(crate) async fn all(connection: &mut Connection, tenant: TenantId) -> Stored<HashSet<RuleProposalId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Row> = statement("SELECT id FROM dismissed_proposals WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| RuleProposalId(row.id)).collect())
}
