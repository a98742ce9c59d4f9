//! What happened to questions, step by step.

use common::{Actor, ApprovalId, DateTime, TenantId};
use db::{Connection, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::json::JsonOf;
use super::schema::approval_events as table;
use crate::domain::{Action, HistoryEntry};

/// Notes a step, in the transaction that takes it.
pub(crate) async fn append(
    connection: &mut Connection,
    tenant: TenantId,
    approval: ApprovalId,
    entry: &HistoryEntry,
) -> Result<(), DbError> {
    diesel::insert_into(table::table)
        .values((
            table::tenant_id.eq(tenant.0),
            table::approval_id.eq(approval.0),
            table::at.eq(entry.at),
            table::actor.eq(JsonOf(entry.actor.clone())),
            table::action.eq(entry.action.as_str()),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The steps of a question, in order.
pub(crate) async fn of(
    connection: &mut Connection,
    tenant: TenantId,
    approval: ApprovalId,
) -> Result<Vec<HistoryEntry>, DbError> {
    let rows: Vec<(DateTime, JsonOf<Actor>, String)> = table::table
        .filter(table::tenant_id.eq(tenant.0).and(table::approval_id.eq(approval.0)))
        .order(table::seq.asc())
        .select((table::at, table::actor, table::action))
        .load(connection)
        .await?;
    let known = |(at, actor, action): (DateTime, JsonOf<Actor>, String)| {
        Action::parse(&action).map(|action| HistoryEntry { at, actor: actor.0, action })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}
