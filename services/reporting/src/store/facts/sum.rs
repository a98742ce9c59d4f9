//! Sums over a period.

use common::TenantId;
use db::{Connection, DbError, statement};
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;

use crate::domain::{Backlog, Latency, Measure, Period, SumRow};

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = Nullable<Text>)]
    measure: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    step: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    source: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stage: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    label: Option<String>,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The period's counts by step, source, stage and label, of one moment: all in one pass.
///
/// # Errors
/// When the database fails.
pub(crate) async fn sums(conn: &mut Connection, tenant: TenantId, period: &Period) -> Result<Vec<SumRow>, DbError> {
    let rows: Vec<Sum> = statement(
        "SELECT measure, step, source, stage, label, sum(n)::bigint AS n FROM ( \
             SELECT *, (extract(epoch FROM hour)::bigint - $4) / $5 AS step FROM hourly_facts \
             WHERE tenant_id = $1 AND hour >= $2 AND hour < $3) AS f \
         GROUP BY GROUPING SETS ((measure, step), (measure, source), (stage), (measure, label))",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(period.from)
    .bind::<Timestamptz, _>(period.to)
    .bind::<BigInt, _>(period.origin())
    .bind::<BigInt, _>(period.interval.seconds())
    .load(conn)
    .await?;
    Ok(rows.into_iter().filter_map(sum_row).collect())
}

/// Each grouping set leaves the columns that it does not group by null; '' groups what has no stage or label.
fn sum_row(row: Sum) -> Option<SumRow> {
    let n = row.n;
    let Some(measure) = row.measure.as_deref() else {
        return row.stage.filter(|stage| !stage.is_empty()).map(|stage| SumRow::Stage { stage, n });
    };
    let measure = Measure::parse(measure)?;
    match (row.step, row.source, row.label) {
        (Some(index), ..) => Some(SumRow::Step { index, measure, n }),
        (None, Some(source), _) => Some(SumRow::Source { source, measure, n }),
        (None, None, Some(label)) if !label.is_empty() => Some(SumRow::Label { label, measure, n }),
        (None, None, _) => None,
    }
}

/// How long first decisions of the period took.
///
/// # Errors
/// When the database fails.
pub(crate) async fn latency(conn: &mut Connection, tenant: TenantId, period: &Period) -> Result<Latency, DbError> {
    #[derive(QueryableByName)]
    struct Bucket {
        #[diesel(sql_type = SmallInt)]
        bucket: i16,
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let rows: Vec<Bucket> = statement(
        "SELECT bucket, sum(n)::bigint AS n FROM hourly_latencies \
         WHERE tenant_id = $1 AND hour >= $2 AND hour < $3 GROUP BY bucket ORDER BY bucket",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(period.from)
    .bind::<Timestamptz, _>(period.to)
    .load(conn)
    .await?;
    Ok(Latency::of(&rows.iter().map(|row| (row.bucket, row.n)).collect::<Vec<_>>()))
}

/// What waits now.
///
/// # Errors
/// When the database fails.
pub(crate) async fn backlog(conn: &mut Connection, tenant: TenantId) -> Result<Backlog, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        undecided: i64,
        #[diesel(sql_type = BigInt)]
        pending_reviews: i64,
    }
    let row: Option<Row> = statement("SELECT undecided, pending_reviews FROM backlogs WHERE tenant_id = $1")
        .bind::<SqlUuid, _>(tenant.0)
        .get_result(conn)
        .await
        .optional()?;
    // An answer that overtook its question leaves a count below zero for a moment.
    Ok(row.map_or(Backlog::default(), |row| Backlog {
        undecided: row.undecided.max(0),
        pending_reviews: row.pending_reviews.max(0),
    }))
}
