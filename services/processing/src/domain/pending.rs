//! Records that rules left undecided, on their way to a later stage.

use common::event::{Cause, RecordSnapshot};
use common::trace::TraceContext;
use common::{Actor, DateTime, DecisionId, OperationId, TenantId};
use serde::{Deserialize, Serialize};

use super::decision::{SERVICE, StoredReceipt};

/// A decision that is still to be made. Nobody is told of the record before it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pending {
    pub(crate) tenant: TenantId,
    pub(crate) record: RecordSnapshot,
    /// The id that the decision will have.
    pub(crate) decision: DecisionId,
    /// What it will count as among the record's machine decisions.
    pub(crate) sequence: i32,
    /// What the rules came to.
    pub(crate) receipt: StoredReceipt,
    pub(crate) trace: TraceContext,
    /// Who is to be answered with the decision.
    pub(crate) asked: Vec<Asked>,
    pub(crate) queued_at: DateTime,
}

/// A request to decide a record anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    /// Names the request, so that one that comes again is answered once.
    pub(crate) request: DecisionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operation_id: Option<OperationId>,
    pub(crate) traceparent: String,
    /// Whether the record said something else before.
    pub(crate) is_new_text: bool,
}

impl Pending {
    /// The cause of what is decided now.
    pub(crate) fn cause(&self, at: DateTime) -> Cause {
        Cause { tenant_id: self.tenant, actor: Actor::service(SERVICE), trace: self.trace, at }
    }
}

impl Asked {
    /// The cause of the answer.
    pub(crate) fn cause(&self, tenant: TenantId, at: DateTime) -> Cause {
        let trace = TraceContext::parse(&self.traceparent).unwrap_or_else(TraceContext::random);
        Cause { tenant_id: tenant, actor: Actor::service(SERVICE), trace, at }
    }
}
