//! What tenants may spend on language models, and spent: the ledger's rows.

use bigdecimal::{BigDecimal, ToPrimitive as _};
use chrono::NaiveDate;
use common::event::Access;
use common::{DateTime, TenantId};
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::Stored;

/// Millionths in a unit of money.
const MICROS: i64 = 1_000_000;

/// What is in force for a tenant in the month that is now there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) month: NaiveDate,
    /// When the next month begins.
    pub(crate) renews_at: DateTime,
    /// Most that may be spent, in millionths. A tenant without a budget may spend nothing.
    pub(crate) budget: i64,
    /// Most calls; `None` without a limit.
    pub(crate) calls: Option<i64>,
}

/// What a tenant has used of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub(crate) struct Used {
    /// Millionths, those set aside included.
    #[diesel(sql_type = BigInt)]
    pub(crate) spent: i64,
    /// Calls, those under way included.
    #[diesel(sql_type = BigInt)]
    pub(crate) calls: i64,
}

/// What is set aside for one piece of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) id: Uuid,
    pub(crate) amount: i64,
    pub(crate) calls: i32,
}

/// The tenant's terms of this moment.
pub(crate) async fn terms(connection: &mut Connection, tenant: TenantId, now: DateTime) -> Stored<Terms> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Date)]
        month: NaiveDate,
        #[diesel(sql_type = Timestamptz)]
        renews_at: DateTime,
        #[diesel(sql_type = Nullable<Numeric>)]
        budget: Option<BigDecimal>,
        #[diesel(sql_type = Nullable<BigInt>)]
        calls: Option<i64>,
        #[diesel(sql_type = Nullable<Text>)]
        access: Option<String>,
    }
    let row: Row = statement(
        "SELECT m.month, quota_resets_at(m.month, z.zone) AS renews_at, s.llm_monthly_budget AS budget, \
                e.model_calls AS calls, e.access \
         FROM (SELECT coalesce((SELECT timezone FROM entitlements WHERE tenant_id = $1), 'UTC') AS zone) z \
         CROSS JOIN LATERAL (SELECT quota_month($2, z.zone) AS month) m \
         LEFT JOIN processing_settings s ON s.tenant_id = $1 LEFT JOIN entitlements e ON e.tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .await?;
    let is_read_only = row.access.as_deref().and_then(Access::parse) == Some(Access::ReadOnly);
    Ok(Terms {
        month: row.month,
        renews_at: row.renews_at,
        budget: row.budget.as_ref().map_or(0, micros_of),
        calls: if is_read_only { Some(0) } else { row.calls },
    })
}

/// Sets a share aside unless it is more than there is; of any number at the same time, never more together.
pub(crate) async fn reserve(
    connection: &mut Connection,
    tenant: TenantId,
    terms: &Terms,
    share: Share,
    now: DateTime,
) -> Stored<bool> {
    // The condition is on the row as it is once its lock is had, so those who reserve at once go one after the other.
    let made = statement(
        "WITH enough AS ( \
             INSERT INTO model_usage AS known (tenant_id, month, reserved, calls_reserved) \
             SELECT $1, $2, $3, $4 WHERE $3 <= $5 AND ($6::bigint IS NULL OR $4 <= $6) \
             ON CONFLICT (tenant_id, month) DO UPDATE \
             SET reserved = known.reserved + excluded.reserved, \
                 calls_reserved = known.calls_reserved + excluded.calls_reserved \
             WHERE known.spent + known.reserved + excluded.reserved <= $5 \
               AND ($6::bigint IS NULL OR known.calls + known.calls_reserved + excluded.calls_reserved <= $6) \
             RETURNING 1) \
         INSERT INTO model_reservations (id, tenant_id, month, amount, calls, reserved_at) \
         SELECT $7, $1, $2, $3, $4::integer, $8 FROM enough",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(terms.month)
    .bind::<BigInt, _>(share.amount)
    .bind::<BigInt, _>(i64::from(share.calls))
    .bind::<BigInt, _>(terms.budget)
    .bind::<Nullable<BigInt>, _>(terms.calls)
    .bind::<SqlUuid, _>(share.id)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .await?;
    Ok(made == 1)
}

/// Puts what was really spent in the place of what was set aside, once.
pub(crate) async fn settle(
    connection: &mut Connection,
    tenant: TenantId,
    reservation: Uuid,
    spent: i64,
    answered: i32,
) -> Stored<()> {
    statement(
        "WITH gone AS (DELETE FROM model_reservations WHERE tenant_id = $1 AND id = $2 RETURNING month, amount, calls) \
         UPDATE model_usage u SET reserved = u.reserved - gone.amount, calls_reserved = u.calls_reserved - gone.calls, \
                                  spent = u.spent + $3, calls = u.calls + $4 \
         FROM gone WHERE u.tenant_id = $1 AND u.month = gone.month",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<SqlUuid, _>(reservation)
    .bind::<BigInt, _>(spent)
    .bind::<Integer, _>(answered)
    .execute(connection)
    .await?;
    Ok(())
}

/// What the tenant has used of the month.
pub(crate) async fn used(connection: &mut Connection, tenant: TenantId, month: NaiveDate) -> Stored<Used> {
    let rows: Vec<Used> = statement(
        "SELECT spent + reserved AS spent, calls + calls_reserved AS calls FROM model_usage \
         WHERE tenant_id = $1 AND month = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Date, _>(month)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next().unwrap_or_default())
}

/// Forgets the reservations of calls that ended without a word long ago; what they set aside stays spent. Needs the
/// system's scope.
pub(crate) async fn forget_abandoned(connection: &mut Connection, before: DateTime) -> Stored<usize> {
    Ok(statement("DELETE FROM model_reservations WHERE reserved_at < $1")
        .bind::<Timestamptz, _>(before)
        .execute(connection)
        .await?)
}

/// Millionths, rounded down; so much that it has no end, where it is more than can be counted.
fn micros_of(amount: &BigDecimal) -> i64 {
    (amount * BigDecimal::from(MICROS)).with_scale(0).to_i64().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::micros_of;

    #[test]
    fn budgets_are_exact_to_the_millionth() {
        for (amount, expected) in
            [("20", 20_000_000), ("0.0000019", 1), ("12.50", 12_500_000), ("999999999999999999", i64::MAX)]
        {
            assert_eq!(micros_of(&amount.parse().expect("a number")), expected, "{amount}");
        }
    }
}
