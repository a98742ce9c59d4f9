//! How rules have done, counted from decisions and from matches on trial.

use common::{DateTime, RuleId, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

use super::Stored;
use crate::domain::rule_stats::{RuleDay, RuleTally};

/// What is known by now of each of the `$met` records, and what `$what` makes of it.
macro_rules! judged {
    ($met:literal, $what:literal) => {
        concat!(
            "WITH met AS (",
            $met,
            "), judged AS ( \
                 SELECT m.at, m.decided, c.label IS NOT NULL AND c.label = m.label AS agreed, \
                        c.label IS NOT NULL AND c.label <> m.label AS differed, c.stage = 'human' AS is_human \
                 FROM met m JOIN records r ON r.id = m.record_id \
                 JOIN decisions c ON c.record_id = r.id AND c.id = r.current_decision_id) ",
            $what
        )
    };
}

/// The counts over all, and those of each day.
macro_rules! queries {
    ($met:literal) => {
        Queries {
            all: judged!(
                $met,
                "SELECT count(*) AS matches, count(*) FILTER (WHERE decided) AS decided, \
                        count(*) FILTER (WHERE agreed) AS agreed, count(*) FILTER (WHERE differed) AS differed, \
                        count(*) FILTER (WHERE agreed AND is_human) AS agreed_with_people, \
                        count(*) FILTER (WHERE differed AND is_human) AS differed_from_people, \
                        max(at) AS last_matched_at FROM judged"
            ),
            per_day: judged!(
                $met,
                "SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*) AS matches, \
                        count(*) FILTER (WHERE differed AND is_human) AS overridden \
                 FROM judged GROUP BY 1 ORDER BY 1"
            ),
        }
    };
}

struct Queries {
    all: &'static str,
    per_day: &'static str,
}

/// The rule's decisions, one for each record: the latest.
const DECIDED: Queries = queries!(
    "SELECT DISTINCT ON (record_id) record_id, label, status = 'classified' AS decided, decided_at AS at \
     FROM decisions WHERE tenant_id = $1 AND rule_id = $2 AND decided_at >= $3 AND $4 >= 0 \
     ORDER BY record_id, decided_at DESC"
);
/// The rule's matches on trial from some version on.
const ON_TRIAL: Queries = queries!(
    "SELECT DISTINCT ON (record_id) record_id, label, would_decide AS decided, matched_at AS at \
     FROM shadow_matches WHERE tenant_id = $1 AND rule_id = $2 AND matched_at >= $3 AND rule_version >= $4 \
     ORDER BY record_id, rule_version DESC"
);

#[derive(QueryableByName)]
struct TallyRow {
    #[diesel(sql_type = BigInt)]
    matches: i64,
    #[diesel(sql_type = BigInt)]
    decided: i64,
    #[diesel(sql_type = BigInt)]
    agreed: i64,
    #[diesel(sql_type = BigInt)]
    differed: i64,
    #[diesel(sql_type = BigInt)]
    agreed_with_people: i64,
    #[diesel(sql_type = BigInt)]
    differed_from_people: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_matched_at: Option<DateTime>,
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = Text)]
    day: String,
    #[diesel(sql_type = BigInt)]
    matches: i64,
    #[diesel(sql_type = BigInt)]
    overridden: i64,
}

/// What the rule has decided since.
pub(crate) async fn of_decisions(
    connection: &mut Connection,
    tenant: TenantId,
    rule: RuleId,
    since: DateTime,
) -> Stored<RuleTally> {
    tally(connection, &DECIDED, (tenant, rule, since, 0)).await
}

/// What the rule matched on trial since, from that version of it on.
pub(crate) async fn of_trials(
    connection: &mut Connection,
    tenant: TenantId,
    rule: RuleId,
    since: DateTime,
    version: i32,
) -> Stored<RuleTally> {
    tally(connection, &ON_TRIAL, (tenant, rule, since, version)).await
}

async fn tally(
    connection: &mut Connection,
    queries: &Queries,
    (tenant, rule, since, version): (TenantId, RuleId, DateTime, i32),
) -> Stored<RuleTally> {
    let row: TallyRow = statement(queries.all)
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(rule.0)
        .bind::<Timestamptz, _>(since)
        .bind::<Integer, _>(version)
        .get_result(connection)
        .await?;
    let days: Vec<DayRow> = statement(queries.per_day)
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(rule.0)
        .bind::<Timestamptz, _>(since)
        .bind::<Integer, _>(version)
        .load(connection)
        .await?;
    let day = |row: DayRow| RuleDay { day: row.day, matches: row.matches, overridden: row.overridden };
    Ok(RuleTally {
        matches: row.matches,
        decided: row.decided,
        agreed: row.agreed,
        differed: row.differed,
        agreed_with_people: row.agreed_with_people,
        differed_from_people: row.differed_from_people,
        last_matched_at: row.last_matched_at,
        per_day: days.into_iter().map(day).collect(),
    })
}
