//! Claim: take a question for ten minutes, or for ten more.

use common::event::Cause;
use common::{ApprovalId, Identity};
use db::Connection;

use super::open_question::{NotOpen, open_question};
use crate::domain::{Approval, HistoryEntry};
use crate::store::{approvals, history};

/// Gives the caller the lease.
pub(crate) async fn claim(
    connection: &mut Connection,
    identity: &Identity,
    cause: &Cause,
    id: ApprovalId,
    expected_version: Option<i32>,
) -> Result<Approval, NotOpen> {
    let mut approval = open_question(connection, identity, cause.at, id, expected_version).await?;
    let action = approval.claim(identity, cause.at);
    approvals::save_lease(connection, identity.tenant_id, &approval).await?;
    let entry = HistoryEntry { at: cause.at, actor: cause.actor.clone(), action };
    history::append(connection, identity.tenant_id, id, &entry).await?;
    Ok(approval)
}
