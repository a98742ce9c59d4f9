//! Past records with the decision that stands, in batches from the newest back.

use common::record::{RecordStatus, Stage};
use common::{DateTime, RecordId, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::{Stored, from_json, known};
use crate::domain::preview::{Past, StandingLabel};

/// Which records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    /// Received at this time or later.
    pub(crate) from: Option<DateTime>,
    /// Received before.
    pub(crate) to: Option<DateTime>,
}

/// Where a batch begins: before this record, newer ones first.
pub(crate) type Place = (DateTime, RecordId);

impl Span {
    /// The oldest time.
    fn floor(self) -> DateTime {
        self.from.unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Where the first batch begins; nothing was received tomorrow.
    pub(crate) fn start(self, now: DateTime) -> Place {
        (self.to.unwrap_or(now + chrono::Duration::days(1)), RecordId(Uuid::nil()))
    }
}

/// A record as it was read; parsed by whoever has the time.
#[derive(Debug, QueryableByName)]
pub(crate) struct PastRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    normalized: String,
    #[diesel(sql_type = Nullable<Text>)]
    label: Option<String>,
    #[diesel(sql_type = Text)]
    stage: String,
    #[diesel(sql_type = Text)]
    status: String,
}

/// The next batch, newest first.
///
/// The bounds are values in every call and the limit is inside: else the plan that PostgreSQL keeps for all calls joins
/// and sorts everything for each batch (250 ms instead of 15 at 100,000 records).
pub(crate) async fn batch(
    connection: &mut Connection,
    tenant: TenantId,
    span: Span,
    before: Place,
    limit: u32,
) -> Stored<Vec<PastRow>> {
    Ok(statement(
        "SELECT r.id, r.received_at, r.source, r.normalized::text AS normalized, c.label, c.stage, c.status \
         FROM (SELECT id, received_at, source, normalized, current_decision_id FROM records \
               WHERE tenant_id = $1 AND received_at >= $2 AND (received_at, id) < ($3, $4) \
               ORDER BY received_at DESC, id DESC LIMIT $5) r \
         JOIN decisions c ON c.record_id = r.id AND c.id = r.current_decision_id \
         ORDER BY r.received_at DESC, r.id DESC",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(span.floor())
    .bind::<Timestamptz, _>(before.0)
    .bind::<SqlUuid, _>(before.1.0)
    .bind::<BigInt, _>(i64::from(limit))
    .load(connection)
    .await?)
}

/// The records of people's newest `limit` decisions, where these stand.
pub(crate) async fn decided_by_people(
    connection: &mut Connection,
    tenant: TenantId,
    limit: i64,
) -> Stored<Vec<PastRow>> {
    Ok(statement(
        "SELECT r.id, r.received_at, r.source, r.normalized::text AS normalized, c.label, c.stage, c.status \
         FROM (SELECT record_id, id, label, stage, status, decided_at FROM decisions \
               WHERE tenant_id = $1 AND stage = 'human' ORDER BY decided_at DESC LIMIT $2) c \
         JOIN records r ON r.id = c.record_id AND r.current_decision_id = c.id ORDER BY c.decided_at DESC",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

impl PastRow {
    /// Where the batch after this record begins.
    pub(crate) fn place(&self) -> Place {
        (self.received_at, RecordId(self.id))
    }
}

impl TryFrom<PastRow> for Past {
    type Error = db::DbError;

    fn try_from(row: PastRow) -> Stored<Self> {
        let stage = known("decisions.stage", &row.stage, Stage::parse)?;
        let status = known("decisions.status", &row.status, RecordStatus::parse)?;
        Ok(Self {
            id: RecordId(row.id),
            received_at: row.received_at,
            source: row.source,
            normalized: from_json(&row.normalized)?,
            standing: StandingLabel { label: row.label, stage, status },
        })
    }
}
