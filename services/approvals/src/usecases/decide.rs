//! What approve and override share: keep the answer, note it, and tell everybody.

use common::Identity;
use common::event::{Approved, Cause, Event, RuleRequested};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::{Answer, Approval, HistoryEntry};
use crate::store::{approvals, history};

/// Ends an open question with the answer; the event carries all that a learner needs.
pub(super) async fn decide(
    connection: &mut Connection,
    app: &App,
    identity: &Identity,
    cause: &Cause,
    mut approval: Approval,
    answer: Answer,
    rule: Option<&RuleRequested>,
) -> Result<Approval, DbError> {
    let action = approval.decide(answer.clone());
    approvals::save_answer(connection, identity.tenant_id, &approval, &answer, identity.principal.id()).await?;
    let entry = HistoryEntry { at: cause.at, actor: cause.actor.clone(), action };
    history::append(connection, identity.tenant_id, approval.id, &entry).await?;
    let approved = Approved {
        approval_id: Some(approval.id),
        was_pending: true,
        decision_id: answer.decision_id,
        outcome: answer.outcome,
        label: answer.label,
        proposal: approval.proposal.clone(),
        record: approval.record.clone(),
        comment: answer.comment,
        rule_id: answer.rule_id,
        requested_at: approval.requested_at,
        decided_at: answer.at,
    };
    let mut events = vec![Event::new(cause, "approvals", &approved)];
    events.extend(rule.map(|rule| Event::new(cause, "approvals", rule)));
    app.outbox.append(connection, &events).await?;
    Ok(approval)
}
