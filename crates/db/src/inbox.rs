//! The inbox: which events a consumer has handled already.

use common::EventId;
use common::event::Event;
use diesel::QueryableByName;
use diesel::sql_types;
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};
use std::collections::HashSet;
use uuid::Uuid;

use crate::{DbError, statement};

#[derive(QueryableByName)]
struct Fresh {
    #[diesel(sql_type = sql_types::Uuid)]
    event_id: Uuid,
}

/// Notes the events as handled by `consumer`, in the transaction of their effect, and returns those that were new.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    connection: &mut AsyncPgConnection,
    consumer: &str,
    events: &[Event],
) -> Result<HashSet<EventId>, DbError> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.id.0).collect();
    let tenants: Vec<Uuid> = events.iter().map(|event| event.tenant_id.0).collect();
    let fresh: Vec<Fresh> = statement(
        "INSERT INTO inbox (consumer, event_id, tenant_id) \
         SELECT $1, e.id, e.tenant FROM unnest($2, $3) AS e (id, tenant) \
         ON CONFLICT DO NOTHING RETURNING event_id",
    )
    .bind::<sql_types::Text, _>(consumer)
    .bind::<sql_types::Array<sql_types::Uuid>, _>(ids)
    .bind::<sql_types::Array<sql_types::Uuid>, _>(tenants)
    .load(connection)
    .await?;
    Ok(fresh.into_iter().map(|row| EventId(row.event_id)).collect())
}

/// Forgets at most `limit` events handled before `before`, oldest first, and returns how many.
///
/// An event that comes again after that counts as new, so keep rows for longer than any redelivery can take.
///
/// # Errors
/// When the database fails.
pub async fn prune(connection: &mut AsyncPgConnection, before: common::DateTime, limit: i64) -> Result<usize, DbError> {
    Ok(statement(
        "DELETE FROM inbox WHERE ctid = ANY (ARRAY( \
             SELECT ctid FROM inbox WHERE handled_at < $1 \
             ORDER BY handled_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind::<sql_types::Timestamptz, _>(before)
    .bind::<sql_types::BigInt, _>(limit)
    .execute(connection)
    .await?)
}
