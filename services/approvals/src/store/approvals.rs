//! Questions, one by one and as lists.

use common::decision::{Candidate, Proposal};
use common::event::{ApprovalOutcome, RecordSnapshot};
use common::record::Stage;
use common::{Actor, ApprovalId, DateTime, TenantId};
use db::{Connection, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::json::JsonOf;
use super::schema::approvals as table;
use crate::domain::{Answer, Approval, ApprovalStatus, Lease};

/// Which questions to list; each `None` means any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<ApprovalStatus>,
    pub(crate) label: Option<String>,
    pub(crate) stage: Option<Stage>,
    pub(crate) assignee: Option<Uuid>,
    pub(crate) min_confidence: Option<f64>,
    pub(crate) max_confidence: Option<f64>,
    /// Put at this time or before it.
    pub(crate) requested_until: Option<DateTime>,
    /// Behind the question with this time and id.
    pub(crate) after: Option<(DateTime, ApprovalId)>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: Uuid,
    sequence: i32,
    status: String,
    proposal: JsonOf<Proposal>,
    candidates: JsonOf<Vec<Candidate>>,
    record: JsonOf<RecordSnapshot>,
    claimed_by: Option<Uuid>,
    claimed_by_name: Option<String>,
    claim_expires_at: Option<DateTime>,
    decided_by: Option<JsonOf<Actor>>,
    decided_at: Option<DateTime>,
    outcome_label: Option<String>,
    comment: Option<String>,
    rule_id: Option<Uuid>,
    decision_id: Option<Uuid>,
    requested_at: DateTime,
    version: i32,
}

/// The question of that id.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: ApprovalId,
) -> Result<Option<Approval>, DbError> {
    let row = table::table
        .filter(table::tenant_id.eq(tenant.0).and(table::id.eq(id.0)))
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Row::into_approval).transpose()?)
}

/// The question of that id, locked until the transaction ends: of two that answer it, the second waits here.
pub(crate) async fn lock(
    connection: &mut Connection,
    tenant: TenantId,
    id: ApprovalId,
) -> Result<Option<Approval>, DbError> {
    let row = table::table
        .filter(table::tenant_id.eq(tenant.0).and(table::id.eq(id.0)))
        .select(Row::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(Row::into_approval).transpose()?)
}

/// The first `limit` questions that pass the filter, the oldest first.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    filter: &Filter,
    now: DateTime,
    limit: i64,
) -> Result<Vec<Approval>, DbError> {
    let mut query = table::table
        .filter(table::tenant_id.eq(tenant.0))
        .order((table::requested_at.asc(), table::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(table::status.eq(status.as_str()));
    }
    if let Some(label) = &filter.label {
        query = query.filter(table::label.eq(label));
    }
    if let Some(stage) = filter.stage {
        query = query.filter(table::stage.eq(stage.as_str()));
    }
    if let Some(assignee) = filter.assignee {
        let still_theirs = table::status.ne(ApprovalStatus::Pending.as_str()).or(table::claim_expires_at.gt(now));
        query = query.filter(table::claimed_by.eq(assignee).and(still_theirs));
    }
    if let Some(min) = filter.min_confidence {
        query = query.filter(table::confidence.ge(min));
    }
    if let Some(max) = filter.max_confidence {
        query = query.filter(table::confidence.le(max));
    }
    if let Some(until) = filter.requested_until {
        query = query.filter(table::requested_at.le(until));
    }
    if let Some((at, id)) = filter.after {
        let later = table::requested_at.gt(at).or(table::id.gt(id.0));
        query = query.filter(table::requested_at.ge(at).and(later));
    }
    let rows: Vec<Row> = query.load(connection).await?;
    Ok(rows.into_iter().map(Row::into_approval).collect::<QueryResult<_>>()?)
}

/// Keeps the lease and version of a locked question.
pub(crate) async fn save_lease(
    connection: &mut Connection,
    tenant: TenantId,
    approval: &Approval,
) -> Result<(), DbError> {
    let lease = approval.lease.as_ref();
    diesel::update(table::table.filter(table::tenant_id.eq(tenant.0).and(table::id.eq(approval.id.0))))
        .set((
            table::claimed_by.eq(lease.map(|lease| lease.holder)),
            table::claimed_by_name.eq(lease.map(|lease| lease.name.as_str())),
            table::claim_expires_at.eq(lease.map(|lease| lease.expires_at)),
            table::version.eq(approval.version),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps the answer to a locked question. `by` is noted as its assignee for good.
pub(crate) async fn save_answer(
    connection: &mut Connection,
    tenant: TenantId,
    approval: &Approval,
    answer: &Answer,
    by: Uuid,
) -> Result<(), DbError> {
    diesel::update(table::table.filter(table::tenant_id.eq(tenant.0).and(table::id.eq(approval.id.0))))
        .set((
            table::status.eq(approval.status.as_str()),
            table::claimed_by.eq(by),
            table::claimed_by_name.eq(&answer.by.name),
            table::claim_expires_at.eq(None::<DateTime>),
            table::decided_by.eq(JsonOf(answer.by.clone())),
            table::decided_at.eq(answer.at),
            table::outcome_label.eq(&answer.label),
            table::comment.eq(&answer.comment),
            table::rule_id.eq(answer.rule_id.map(|rule| rule.0)),
            table::decision_id.eq(answer.decision_id.0),
            table::version.eq(approval.version),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

impl Row {
    fn into_approval(self) -> QueryResult<Approval> {
        let status = ApprovalStatus::parse(&self.status).ok_or_else(|| {
            diesel::result::Error::DeserializationError(format!("{:?} is no status", self.status).into())
        })?;
        let answer = self.answer(status);
        let lease = match (status, self.claimed_by, self.claim_expires_at) {
            (ApprovalStatus::Pending, Some(holder), Some(expires_at)) => {
                Some(Lease { holder, name: self.claimed_by_name.unwrap_or_default(), expires_at })
            }
            _ => None,
        };
        Ok(Approval {
            id: ApprovalId(self.id),
            sequence: self.sequence,
            status,
            proposal: self.proposal.0,
            candidates: self.candidates.0,
            record: self.record.0,
            lease,
            answer,
            requested_at: self.requested_at,
            version: self.version,
        })
    }

    fn answer(&self, status: ApprovalStatus) -> Option<Answer> {
        let outcome = match status {
            ApprovalStatus::Approved => ApprovalOutcome::Approve,
            ApprovalStatus::Overridden => ApprovalOutcome::Override,
            ApprovalStatus::Pending | ApprovalStatus::Expired => return None,
        };
        Some(Answer {
            by: self.decided_by.clone()?.0,
            at: self.decided_at?,
            outcome,
            label: self.outcome_label.clone()?,
            comment: self.comment.clone(),
            rule_id: self.rule_id.map(Into::into),
            decision_id: self.decision_id?.into(),
        })
    }
}
