//! Explains a decision by making it again from the versions that its receipt names, or what would be decided of a record
//! that is made up. Nothing is stored, and no language model is asked: what one said is taken from the receipt.

use classifier::{RuleOutcome, expand};
use common::decision::Thresholds;
use common::event::{Cause, RecordSnapshot};
use common::{DecisionId, RecordId, TenantId};
use db::{Connection, DbError};

use super::decide_records::rules_of;
use super::list_outcomes::FullReceipt;
use super::recall_similarity::recall_similarity;
use crate::app::App;
use crate::domain::decision::{Decision, decide};
use crate::domain::replay::{Difference, differences, remake};
use crate::store::{decisions, records};

const FORMER_WORDS: &str = "The record says something else since then, and what it said is not kept here: the decision is \
                            made again of its present words.";
const FORMER_MODEL: &str = "The version of the tenant's model that decided is not kept any more, or the record's vector is \
                            gone: only the rules' part is made again.";
const OF_PERSON: &str = "A person decided; what is made again is the machine's decision that was put to them.";
const NOTHING_TO_REMAKE: &str = "A person decided before a machine did, so there is nothing to make again.";

/// A decision, made again.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// As it was made.
    pub(crate) stored: FullReceipt,
    /// As it comes out now; none where no machine decided.
    pub(crate) remade: Option<Remade>,
    pub(crate) differences: Vec<Difference>,
    /// What else has to be known, in words.
    pub(crate) note: Option<&'static str>,
    /// The record as it is now.
    pub(crate) record: RecordSnapshot,
}

/// What a decision comes out as.
#[derive(Debug)]
pub(crate) struct Remade {
    pub(crate) decision: Decision,
    /// Every rule, in the order in which they were tried.
    pub(crate) rules: Vec<RuleOutcome>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ExplainDecisionError {
    #[error("there is no such record")]
    NoRecord,
    #[error("the record has no such decision")]
    NoDecision,
    #[error("the decision cannot be made again")]
    Db(#[from] DbError),
}

/// Explains the decision, or the one that stands.
pub(crate) async fn explain_decision(
    connection: &mut Connection,
    app: &App,
    tenant: TenantId,
    record: RecordId,
    decision: Option<DecisionId>,
) -> Result<Explanation, ExplainDecisionError> {
    let known = records::find_many(connection, tenant, &[record]).await?.remove(&record);
    let known = known.ok_or(ExplainDecisionError::NoRecord)?;
    let wanted = decision.unwrap_or(known.current);
    let wanted = find(connection, tenant, record, wanted).await?.ok_or(ExplainDecisionError::NoDecision)?;
    let put_to_person = wanted.receipt.review.as_ref().map(|review| review.proposal_id);
    let (stored, mut note) = match put_to_person {
        None => (wanted, None),
        Some(proposal) => match find(connection, tenant, record, proposal).await? {
            Some(machine) => (machine, Some(OF_PERSON)),
            None => (wanted, Some(NOTHING_TO_REMAKE)),
        },
    };
    let version = stored.receipt.reasoning.rule_set_version.unwrap_or_default();
    let rules = app.rules.rules_at(connection, tenant, version).await?.unwrap_or_default();
    let listed = rules.set().listed();
    let current = stored.id == known.current;
    if stored.decided_by.is_some() {
        let stored = FullReceipt { decision: stored, current, rules: Vec::new() };
        return Ok(Explanation { stored, remade: None, differences: Vec::new(), note, record: known.record });
    }
    if known.changed_at.is_some_and(|changed| stored.decided_at < changed) {
        note = Some(FORMER_WORDS);
    }
    let recalled = recall_similarity(connection, app, &stored, &known.record).await?;
    if recalled.is_none() && stored.receipt.reasoning.embedding.is_some() {
        note = note.or(Some(FORMER_MODEL));
    }
    let decision = remake(&stored, rules.set(), &known.record, |by_rules| match recalled {
        Some(recalled) => recalled.decide(by_rules, &known.record),
        None => by_rules,
    });
    let differences = differences(&stored, &decision);
    let remade = Remade { rules: expand(&listed, &decision.receipt.of_rules()), decision };
    let rules = expand(&listed, &stored.receipt.of_rules());
    Ok(Explanation {
        stored: FullReceipt { decision: stored, current, rules },
        remade: Some(remade),
        differences,
        note,
        record: known.record,
    })
}

/// What the rules of the present say of a record that is made up.
pub(crate) async fn explain_sample(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    record: &RecordSnapshot,
) -> Result<Remade, DbError> {
    let tenant = cause.tenant_id;
    let (head, rules) = rules_of(connection, app, &[tenant]).await?.remove(&tenant).expect("a head of each tenant");
    let thresholds = Thresholds { auto_accept: head.auto_accept_threshold, ..Thresholds::default() };
    let outcome = decide(rules.set(), head.rule_stage, record, thresholds);
    let expanded = expand(&rules.set().listed(), &outcome.receipt);
    Ok(Remade { rules: expanded, decision: Decision::first(DecisionId::generate(), record, cause, outcome, None) })
}

async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    record: RecordId,
    id: DecisionId,
) -> Result<Option<Decision>, DbError> {
    Ok(decisions::find_many(connection, &[tenant], &[(record, id)]).await?.remove(&(record, id)))
}
