//! Reading the feed.

use common::event::Subject;
use common::{DateTime, TenantId};
use db::{Connection, DbError, statement};
use diesel::sql_types::{BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, Queryable, QueryableByName};
use diesel_async::RunQueryDsl as _;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::store::raw_json::RawJson;
use crate::store::schema::events;

/// Which events are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventFilter {
    /// Of these types; empty means all.
    pub(crate) types: Vec<String>,
    /// That happened then or later.
    pub(crate) from: Option<DateTime>,
    /// That happened before.
    pub(crate) to: Option<DateTime>,
    /// Told by that service.
    pub(crate) source_agent: Option<String>,
    /// About that subject.
    pub(crate) subject_id: Option<String>,
}

/// Positions `after < position <= through`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) after: i64,
    pub(crate) through: i64,
}

/// An event as it was logged.
#[derive(Debug)]
pub(crate) struct LoggedEvent {
    pub(crate) id: Uuid,
    pub(crate) position: i64,
    pub(crate) kind: String,
    pub(crate) source_agent: String,
    pub(crate) actor: Box<RawValue>,
    pub(crate) subject: Subject,
    pub(crate) occurred_at: DateTime,
    pub(crate) trace_id: String,
    pub(crate) schema_version: i32,
    pub(crate) data: Box<RawValue>,
}

#[derive(Queryable)]
struct Row {
    id: Uuid,
    position: i64,
    kind: String,
    source_agent: String,
    actor: RawJson,
    subject_type: String,
    subject_id: String,
    occurred_at: DateTime,
    trace_id: String,
    schema_version: i32,
    data: RawJson,
}

/// The tenant's last position; 0 while nothing was logged.
///
/// # Errors
/// When the database fails.
pub(crate) async fn head(conn: &mut Connection, tenant: TenantId) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Head {
        #[diesel(sql_type = BigInt)]
        position: i64,
    }
    let head: Option<Head> = statement("SELECT position FROM feed_heads WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .get_result(conn)
        .await
        .optional()?;
    Ok(head.map_or(0, |head| head.position))
}

/// The positions between which all events of the period lie; empty when there are none.
///
/// # Errors
/// When the database fails.
pub(crate) async fn span(
    conn: &mut Connection,
    tenant: TenantId,
    from: Option<DateTime>,
    to: Option<DateTime>,
) -> Result<Span, DbError> {
    #[derive(QueryableByName)]
    struct Bounds {
        #[diesel(sql_type = Nullable<BigInt>)]
        first: Option<i64>,
        #[diesel(sql_type = Nullable<BigInt>)]
        last: Option<i64>,
    }
    let bounds: Bounds = statement(
        "SELECT min(first_position) AS first, max(last_position) AS last FROM feed_hours \
         WHERE tenant_id = $1 AND hour > coalesce($2 - interval '1 hour', '-infinity') \
           AND hour < coalesce($3, 'infinity')",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<Timestamptz>, _>(from)
    .bind::<Nullable<Timestamptz>, _>(to)
    .get_result(conn)
    .await?;
    Ok(Span { after: bounds.first.unwrap_or(1) - 1, through: bounds.last.unwrap_or(0) })
}

/// The first events of the span that the filter lets through, oldest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn read(
    conn: &mut Connection,
    tenant: TenantId,
    filter: &EventFilter,
    span: Span,
    limit: i64,
) -> Result<Vec<LoggedEvent>, DbError> {
    let mut query = events::table
        .filter(events::tenant_id.eq(tenant.0))
        .filter(events::position.gt(span.after))
        .filter(events::position.le(span.through))
        .order(events::position)
        .limit(limit)
        .select((
            events::id,
            events::position,
            events::kind,
            events::source_agent,
            events::actor,
            events::subject_type,
            events::subject_id,
            events::occurred_at,
            events::trace_id,
            events::schema_version,
            events::data,
        ))
        .into_boxed();
    match filter.types.as_slice() {
        [] => {}
        [one] => query = query.filter(events::kind.eq(one)),
        several => query = query.filter(events::kind.eq_any(several)),
    }
    if let Some(from) = filter.from {
        query = query.filter(events::occurred_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(events::occurred_at.lt(to));
    }
    if let Some(source_agent) = &filter.source_agent {
        query = query.filter(events::source_agent.eq(source_agent));
    }
    if let Some(subject_id) = &filter.subject_id {
        query = query.filter(events::subject_id.eq(subject_id));
    }
    let rows: Vec<Row> = query.load(conn).await?;
    Ok(rows.into_iter().map(LoggedEvent::from).collect())
}

impl From<Row> for LoggedEvent {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            position: row.position,
            kind: row.kind,
            source_agent: row.source_agent,
            actor: row.actor.0,
            subject: Subject { kind: row.subject_type.into(), id: row.subject_id },
            occurred_at: row.occurred_at,
            trace_id: row.trace_id,
            schema_version: row.schema_version,
            data: row.data.0,
        }
    }
}
