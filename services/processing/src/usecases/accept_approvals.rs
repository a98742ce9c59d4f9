//! Takes over people's decisions. A person's stands over any machine's; of two people's the later one stands.

use std::collections::HashMap;

use common::event::Approved;
use common::{Actor, DecisionId, RecordId, TenantId};
use db::{Connection, DbError};

use super::learn_from_people::learn_from_people;
use super::settle_pending::end_waits;
use crate::app::App;
use crate::domain::decision::Decision;
use crate::domain::model_answer::refuted;
use crate::store::records::NewRecord;
use crate::store::{decisions, model_answers, records};

/// A person's decision that was heard of.
#[derive(Clone, Debug)]
pub(crate) struct Approval {
    pub(crate) tenant: TenantId,
    pub(crate) actor: Actor,
    pub(crate) approved: Approved,
}

/// Hearing of a decision twice, or of several in any order, ends in the same state.
pub(crate) async fn accept_approvals(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    approvals: &[Approval],
) -> Result<(), DbError> {
    // By record, as every writer of records goes, so that two batches cannot lock each other out.
    let latest = latest_of_each(approvals);
    let new: Vec<NewRecord<'_>> = latest
        .iter()
        .map(|one| NewRecord { tenant: one.tenant, record: &one.approved.record, decision: one.approved.decision_id })
        .collect();
    // A record that was not heard of yet is noted now, and the news of it will find it decided.
    records::insert_new(connection, &new, 0).await?;
    let standing: Vec<(RecordId, DecisionId)> =
        latest.iter().map(|one| (one.approved.record.record_id, one.approved.decision_id)).collect();
    let locked: Vec<RecordId> = standing.iter().map(|(record, _)| *record).collect();
    // Before the decisions: two batches that hold the same ones in different orders would wait for each other.
    records::lock(connection, tenants, &locked).await?;
    let made: Vec<Decision> =
        approvals.iter().map(|one| Decision::of_person(one.tenant, one.actor.clone(), &one.approved)).collect();
    decisions::insert_of_people(connection, &made).await?;
    records::give_to_people(connection, tenants, &standing).await?;
    end_waits(connection, app, tenants, &locked).await?;
    learn_from_people(connection, app, tenants, &locked).await?;
    let refuted: Vec<_> = approvals
        .iter()
        .filter_map(|one| {
            Some((one.tenant, refuted(one.approved.proposal.reasoning.llm.as_ref(), &one.approved.label)?))
        })
        .collect();
    model_answers::forget(connection, &refuted).await
}

/// The latest approval of each record, by record.
fn latest_of_each(approvals: &[Approval]) -> Vec<&Approval> {
    let mut latest: HashMap<RecordId, &Approval> = HashMap::with_capacity(approvals.len());
    for one in approvals {
        let key = |approval: &Approval| (approval.approved.decided_at, approval.approved.decision_id);
        let known = latest.entry(one.approved.record.record_id).or_insert(one);
        if key(one) > key(known) {
            *known = one;
        }
    }
    let mut latest: Vec<&Approval> = latest.into_values().collect();
    latest.sort_unstable_by_key(|one| one.approved.record.record_id);
    latest
}
