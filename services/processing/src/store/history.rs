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

/// Where the next batch goes on: before this record.
pub(crate) type Place = (DateTime, RecordId);

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
pub(crate) async fn batch(
    connection: &mut Connection,
    tenant: TenantId,
    span: Span,
    before: Option<Place>,
    limit: i64,
) -> Stored<Vec<PastRow>> {
    Ok(statement(
        "SELECT r.id, r.received_at, r.source, r.normalized::text AS normalized, c.label, c.stage, c.status \
         FROM records r JOIN decisions c ON c.record_id = r.id AND c.id = r.current_decision_id \
         WHERE r.tenant_id = $1 AND r.received_at >= coalesce($2, '-infinity') \
           AND r.received_at < coalesce($3, 'infinity') \
           AND (r.received_at, r.id) < (coalesce($4, 'infinity'), coalesce($5, 'ffffffff-ffff-ffff-ffff-ffffffffffff')) \
         ORDER BY r.received_at DESC, r.id DESC LIMIT $6",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<Timestamptz>, _>(span.from)
    .bind::<Nullable<Timestamptz>, _>(span.to)
    .bind::<Nullable<Timestamptz>, _>(before.map(|(at, _)| at))
    .bind::<Nullable<SqlUuid>, _>(before.map(|(_, id)| id.0))
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// The records of people's newest decisions, where these stand.
pub(crate) async fn decided_by_people(
    connection: &mut Connection,
    tenant: TenantId,
    limit: i64,
) -> Stored<Vec<PastRow>> {
    Ok(statement(
        "SELECT r.id, r.received_at, r.source, r.normalized::text AS normalized, c.label, c.stage, c.status \
         FROM decisions c JOIN records r ON r.id = c.record_id AND r.current_decision_id = c.id \
         WHERE c.tenant_id = $1 AND c.stage = 'human' ORDER BY c.decided_at DESC LIMIT $2",
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
