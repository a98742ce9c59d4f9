//! Decides records that just arrived: the hot path, four statements for a batch however large. What rules leave open is
//! queued for the later stages instead, where the tenant has any.

use std::collections::HashMap;
use std::sync::Arc;

use common::decision::Thresholds;
use common::event::{Cause, Event, RecordSnapshot};
use common::{DecisionId, TenantId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::{Decision, StoredReceipt, decide};
use crate::domain::pending::Pending;
use crate::rule_book::TenantRules;
use crate::store::records::NewRecord;
use crate::store::rule_sets::{self, Head};
use crate::store::shadow_matches::{self, TrialOf};
use crate::store::{decisions, records};

/// A record that was heard of.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) record: RecordSnapshot,
    pub(crate) cause: Cause,
}

/// Decides the records that are new, each by its tenant's rules of this moment. Known ones are passed over, so that
/// hearing of a record again makes no second decision.
///
/// Each record must be given once.
pub(crate) async fn decide_records(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    arrivals: Vec<Arrival>,
) -> Result<(), DbError> {
    // The pointer to the decision is written with the record, before the decision is made: one write instead of two.
    let ids: Vec<DecisionId> = arrivals.iter().map(|_| DecisionId::generate()).collect();
    let new: Vec<NewRecord<'_>> = arrivals
        .iter()
        .zip(&ids)
        .map(|(arrival, id)| NewRecord { tenant: arrival.cause.tenant_id, record: &arrival.record, decision: *id })
        .collect();
    let fresh = records::insert_new(connection, &new, 1).await?;
    if fresh.is_empty() {
        return Ok(());
    }
    let rules = rules_of(connection, app, tenants).await?;
    let mut made = Vec::with_capacity(fresh.len());
    let mut events: Vec<Event> = Vec::with_capacity(fresh.len());
    let (mut trials, mut pending) = (Vec::new(), Vec::new());
    for (arrival, id) in arrivals.into_iter().zip(ids) {
        if !fresh.contains(&arrival.record.record_id) {
            continue;
        }
        let Some((head, rules)) = rules.get(&arrival.cause.tenant_id) else { continue };
        let thresholds = Thresholds { auto_accept: head.auto_accept_threshold, ..Thresholds::default() };
        let mut outcome = decide(rules.set(), head.rule_stage, &arrival.record, thresholds);
        trials.extend(TrialOf::each(&arrival.cause, arrival.record.record_id, &mut outcome));
        if app.leave_to_later_stages(head, &mut outcome) {
            let receipt = StoredReceipt::of_rules_outcome(outcome.reasoning, outcome.receipt.errors);
            pending.push(Pending {
                tenant: arrival.cause.tenant_id,
                record: arrival.record,
                decision: id,
                sequence: 1,
                receipt,
                trace: arrival.cause.trace,
                asked: Vec::new(),
                queued_at: arrival.cause.at,
            });
            continue;
        }
        let label = outcome.reasoning.rule.as_ref().and_then(|rule| rules.label_of(rule.id));
        let decision = Decision::first(id, &arrival.record, &arrival.cause, outcome, label);
        events.push(decision.announce(&arrival.cause, arrival.record));
        made.push(decision);
    }
    if !made.is_empty() {
        decisions::insert_of_machine(connection, &made).await?;
    }
    app.cascade.put(connection, &pending).await?;
    shadow_matches::insert(connection, &trials).await?;
    app.outbox.append(connection, &events).await
}

/// The rules of tenants, each at its newest version.
pub(super) type RulesOf = HashMap<TenantId, (Head, Arc<TenantRules>)>;

pub(super) async fn rules_of(connection: &mut Connection, app: &App, tenants: &[TenantId]) -> Result<RulesOf, DbError> {
    let mut rules = HashMap::with_capacity(tenants.len());
    for head in rule_sets::heads(connection, tenants).await? {
        rules.insert(head.tenant, (head, app.rules.rules(connection, &head).await?));
    }
    Ok(rules)
}
