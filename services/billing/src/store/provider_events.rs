//! What providers told: stored first, handled after.

use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use payments::ProviderEvent;
use uuid::Uuid;

/// Only one worker at a time chooses, so that no customer has two events in hand.
const CHOOSING: i64 = 0x0062_696c_6c69_6e67;

/// An event that a worker has in hand.
#[derive(Clone, Debug, QueryableByName)]
pub(crate) struct Claimed {
    #[diesel(sql_type = Text)]
    pub(crate) provider: String,
    #[diesel(sql_type = Text)]
    pub(crate) event_id: String,
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "type")]
    pub(crate) kind: String,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) occurred_at: DateTime,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) customer_id: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) tenant_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub(crate) body: Option<Vec<u8>>,
    #[diesel(sql_type = Integer)]
    pub(crate) attempts: i32,
    #[diesel(sql_type = SqlUuid)]
    pub(crate) claim: Uuid,
}

/// How an event came to its end.
#[derive(Clone, Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) state: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) reason: Option<&'a str>,
    pub(crate) at: DateTime,
}

/// Stores an event; `false` when it came before. Needs the system's scope.
pub(crate) async fn insert(
    connection: &mut Connection,
    provider: &str,
    event: &ProviderEvent,
    tenant: Option<TenantId>,
    now: DateTime,
) -> Result<bool, DbError> {
    let body = event.notice.is_handled().then_some(event.body.as_slice());
    let stored = statement(
        "INSERT INTO provider_events (provider, event_id, type, occurred_at, received_at, customer_id, tenant_id, \
                                      body, state, next_attempt_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $5) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(provider)
    .bind::<Text, _>(&event.id)
    .bind::<Text, _>(&event.kind)
    .bind::<Timestamptz, _>(event.occurred_at)
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<Text>, _>(event.notice.customer())
    .bind::<Nullable<SqlUuid>, _>(tenant.map(|tenant| tenant.0))
    .bind::<Nullable<Binary>, _>(body)
    .execute(connection)
    .await?;
    Ok(stored > 0)
}

/// Takes due events in hand until `until`, at most one of each customer and the oldest of it. Who does not end them by
/// then gives them to the next. Needs the system's scope.
pub(crate) async fn claim(
    connection: &mut Connection,
    now: DateTime,
    until: DateTime,
    limit: i64,
) -> Result<Vec<Claimed>, DbError> {
    statement("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(CHOOSING).execute(connection).await?;
    Ok(statement(
        "WITH due AS ( \
             SELECT DISTINCT ON (coalesce(customer_id, event_id)) provider, event_id \
             FROM provider_events due \
             WHERE state = 'pending' AND next_attempt_at <= $1 AND NOT EXISTS ( \
                 SELECT FROM provider_events held WHERE held.state = 'pending' AND held.claim IS NOT NULL \
                    AND held.next_attempt_at > $1 AND held.customer_id = due.customer_id \
                    AND held.provider = due.provider) \
             ORDER BY coalesce(customer_id, event_id), occurred_at, event_id LIMIT $3) \
         UPDATE provider_events taken SET claim = gen_random_uuid(), next_attempt_at = $2, attempts = attempts + 1 \
         FROM due WHERE taken.provider = due.provider AND taken.event_id = due.event_id \
         RETURNING taken.provider, taken.event_id, taken.type, taken.occurred_at, taken.customer_id, \
                   taken.tenant_id, taken.body, taken.attempts, taken.claim",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// Keeps events in hand until a later time; those that ended meanwhile are in no hand.
pub(crate) async fn renew(connection: &mut Connection, claims: &[Uuid], until: DateTime) -> Result<(), DbError> {
    statement("UPDATE provider_events SET next_attempt_at = $2 WHERE claim = ANY ($1) AND state = 'pending'")
        .bind::<Array<SqlUuid>, _>(claims)
        .bind::<Timestamptz, _>(until)
        .execute(connection)
        .await?;
    Ok(())
}

/// Says whose an event in hand is, so that the rest is done in that tenant's scope.
pub(crate) async fn assign(connection: &mut Connection, event: &Claimed, tenant: TenantId) -> Result<(), DbError> {
    statement("UPDATE provider_events SET tenant_id = $3 WHERE provider = $1 AND event_id = $2")
        .bind::<Text, _>(&event.provider)
        .bind::<Text, _>(&event.event_id)
        .bind::<SqlUuid, _>(tenant.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends an event in hand and forgets what was sent; `false` when it is in hand no more, and nothing may be done.
pub(crate) async fn end(connection: &mut Connection, event: &Claimed, ending: Ending<'_>) -> Result<bool, DbError> {
    let ended = statement(
        "UPDATE provider_events SET state = $4, outcome = $5, reason = $6, done_at = $7, claim = NULL, \
                body = CASE WHEN $4 = 'done' THEN NULL ELSE body END \
         WHERE provider = $1 AND event_id = $2 AND claim = $3 AND state = 'pending'",
    )
    .bind::<Text, _>(&event.provider)
    .bind::<Text, _>(&event.event_id)
    .bind::<SqlUuid, _>(event.claim)
    .bind::<Text, _>(ending.state)
    .bind::<Text, _>(ending.outcome)
    .bind::<Nullable<Text>, _>(ending.reason)
    .bind::<Timestamptz, _>(ending.at)
    .execute(connection)
    .await?;
    Ok(ended > 0)
}

/// Puts an event in hand back, to be tried again at that time.
pub(crate) async fn put_back(
    connection: &mut Connection,
    event: &Claimed,
    reason: &str,
    at: DateTime,
) -> Result<(), DbError> {
    statement(
        "UPDATE provider_events SET claim = NULL, next_attempt_at = $4, reason = $5 \
         WHERE provider = $1 AND event_id = $2 AND claim = $3 AND state = 'pending'",
    )
    .bind::<Text, _>(&event.provider)
    .bind::<Text, _>(&event.event_id)
    .bind::<SqlUuid, _>(event.claim)
    .bind::<Timestamptz, _>(at)
    .bind::<Text, _>(reason)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets at most `limit` handled events received before that time.
pub(crate) async fn prune(connection: &mut Connection, before: DateTime, limit: i64) -> Result<usize, DbError> {
    Ok(statement(
        "DELETE FROM provider_events WHERE ctid = ANY (ARRAY( \
             SELECT ctid FROM provider_events WHERE received_at < $1 AND state = 'done' \
             ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(limit)
    .execute(connection)
    .await?)
}

/// Counts a webhook that was refused.
pub(crate) async fn count_refused(
    connection: &mut Connection,
    provider: &str,
    reason: &str,
    now: DateTime,
) -> Result<(), DbError> {
    statement(
        "INSERT INTO refused_webhooks AS known (provider, hour, reason, count, last_at) \
         VALUES ($1, date_trunc('hour', $3), $2, 1, $3) \
         ON CONFLICT (provider, hour, reason) DO UPDATE SET count = known.count + 1, last_at = excluded.last_at",
    )
    .bind::<Text, _>(provider)
    .bind::<Text, _>(reason)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// The time of the newest event that the provider told, from which on to look for missed ones.
pub(crate) async fn newest(connection: &mut Connection, provider: &str) -> Result<Option<DateTime>, DbError> {
    #[derive(QueryableByName)]
    struct Newest {
        #[diesel(sql_type = Nullable<Timestamptz>)]
        newest: Option<DateTime>,
    }
    let row: Newest = statement("SELECT max(occurred_at) AS newest FROM provider_events WHERE provider = $1")
        .bind::<Text, _>(provider)
        .get_result(connection)
        .await?;
    Ok(row.newest)
}
