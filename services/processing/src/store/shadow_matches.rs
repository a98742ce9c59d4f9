//! Where rules in shadow would have matched. Misses leave no row.

use classifier::{Outcome, Trial};
use common::event::Cause;
use common::{DateTime, RecordId, TenantId};
use db::{Connection, statement};
use diesel::sql_types::{Array, Bool, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;

use super::Stored;

/// A match on trial, and the record that it is about.
#[derive(Clone, Debug)]
pub(crate) struct TrialOf {
    tenant: TenantId,
    record: RecordId,
    trial: Trial,
    at: DateTime,
}

impl TrialOf {
    /// Takes the trials out of the outcome.
    pub(crate) fn each(cause: &Cause, record: RecordId, outcome: &mut Outcome) -> impl Iterator<Item = Self> {
        let (tenant, at) = (cause.tenant_id, cause.at);
        std::mem::take(&mut outcome.trials).into_iter().map(move |trial| Self { tenant, record, trial, at })
    }
}

/// Keeps the matches; one of the same version of a rule and the same record is kept once.
pub(crate) async fn insert(connection: &mut Connection, trials: &[TrialOf]) -> Stored<()> {
    if trials.is_empty() {
        return Ok(());
    }
    statement(
        "INSERT INTO shadow_matches (rule_id, rule_version, record_id, tenant_id, label, would_decide, matched_at) \
         SELECT rule_id, rule_version, record_id, tenant_id, label, would_decide, matched_at \
         FROM unnest($1, $2, $3, $4, $5, $6, $7) \
              AS e (rule_id, rule_version, record_id, tenant_id, label, would_decide, matched_at) \
         ON CONFLICT (rule_id, rule_version, record_id) DO NOTHING",
    )
    .bind::<Array<SqlUuid>, _>(column(trials, |one| one.trial.rule.0))
    .bind::<Array<Integer>, _>(column(trials, |one| one.trial.version))
    .bind::<Array<SqlUuid>, _>(column(trials, |one| one.record.0))
    .bind::<Array<SqlUuid>, _>(column(trials, |one| one.tenant.0))
    .bind::<Array<Text>, _>(column(trials, |one| one.trial.label.as_str()))
    .bind::<Array<Bool>, _>(column(trials, |one| one.trial.would_decide))
    .bind::<Array<Timestamptz>, _>(column(trials, |one| one.at))
    .execute(connection)
    .await?;
    Ok(())
}

fn column<'t, T>(trials: &'t [TrialOf], of: impl Fn(&'t TrialOf) -> T) -> Vec<T> {
    trials.iter().map(of).collect()
}
