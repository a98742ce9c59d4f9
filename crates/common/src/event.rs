//! Events: facts that services tell each other over the bus, and that the feed keeps.
//!
//! An event's JSON on the bus is the one that `GET /events` shows, less `position`, which reporting gives.
//! Its `data` stays raw until somebody asks for the typed form, so that relays and the log never parse it.

mod access;
mod approval;
mod billing;
mod catalogue;
mod file;
mod integration;
mod label_state;
mod operation;
mod processing;
mod record;
mod rule;
mod sign_in;

pub use access::{
    ApiKeyCreated, ApiKeyRevoked, InviteResent, InviteRevoked, LoginThrottled, MemberInvited, MemberJoined,
    MemberRemoved, PasswordChanged, RecoveryCodeUsed, RecoveryCodesRenewed, RefreshTokenReused, RoleChanged,
    SecondFactorEnrolled, SecondFactorRemoved, SessionsRevoked, SubscriptionUpdated, TenantCreated, TenantDeleted,
    TenantParts, TenantUpdated,
};
pub use approval::{ApprovalOutcome, Approved, RuleRequested};
pub use billing::{Access, Allowance, CheckoutStarted, EntitlementsUpdated};
pub use catalogue::EventType;
pub use file::{FileDeleted, FileLinked, FileStored, FileUnlinked, ImportCompleted};
pub use integration::{
    DeliveryReplayed, IntegrationAuthorized, IntegrationConnected, IntegrationDeleted, IntegrationDisconnected,
    IntegrationFailing, IntegrationNeedsReconnect, IntegrationRecovered, IntegrationState, IntegrationUpdated,
    QuarantineReverified, SecretRotated, SyncRequested,
};
pub use label_state::LabelState;
pub use operation::{
    OperationCancelled, OperationCompleted, OperationStarted, RecordArchived, RecordRawExpunged, RecordRestored,
    RelabelRequested, RelabelWish, ReprocessOutcome, ReprocessRequested, Reprocessed,
};
pub use processing::{ProcessingSettingsUpdated, RunCancelled, RunCompleted, RunStarted, SettingsState};
pub use record::{Classified, Ingested, RecordSnapshot, ReviewRequested};
pub use rule::{
    LabelCreated, LabelDeleted, LabelUpdated, RuleCreated, RuleDeleted, RuleProposalDismissed, RuleState, RuleUpdated,
    ValueListCreated, ValueListDeleted, ValueListUpdated,
};
pub use sign_in::{SignInConfigured, SignInDomainProven, SignInLinked, SignInRefused, SignInRemoved, SignInState};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::trace::TraceContext;
use crate::{Actor, DateTime, EventId, TenantId};

/// The typed content of one kind of event.
pub trait EventData: Serialize + DeserializeOwned {
    /// The kind.
    const TYPE: EventType;
    /// The version of this shape; a change that old readers cannot take raises it.
    const VERSION: u16 = 1;
    /// What the event is about.
    fn subject(&self) -> Subject;
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Subject {
    /// The noun: `record`, `rule`, `approval`, …
    #[serde(rename = "type")]
    pub kind: std::borrow::Cow<'static, str>,
    /// Its id.
    pub id: String,
}

impl Subject {
    /// A subject of the given noun.
    pub fn new(kind: &'static str, id: impl Into<uuid::Uuid>) -> Self {
        Self { kind: kind.into(), id: id.into().to_string() }
    }
}

/// One fact, as it travels and as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Unique; a consumer that has seen it ignores it.
    pub id: EventId,
    /// The kind, in `SCREAMING_SNAKE`; kinds that this build does not know are kept as they are.
    #[serde(rename = "type")]
    pub kind: String,
    /// The tenant that it belongs to.
    pub tenant_id: TenantId,
    /// The service that tells it.
    pub source_agent: String,
    /// Who caused it.
    pub actor: Actor,
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub occurred_at: DateTime,
    /// The W3C trace id of the request that caused it.
    pub trace_id: String,
    /// The span to link to when it is handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The version of `data`'s shape.
    pub schema_version: u16,
    /// The typed content, still as JSON text.
    pub data: Box<RawValue>,
}

/// An event whose data is not of the shape that its type promises.
#[derive(Debug, thiserror::Error)]
#[error("event {id} of type {kind} has unreadable data")]
pub struct DecodeError {
    /// The event.
    pub id: EventId,
    /// Its type.
    pub kind: String,
    /// What was wrong.
    #[source]
    pub source: serde_json::Error,
}

/// What all events of one piece of work have in common.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The tenant acted in.
    pub tenant_id: TenantId,
    /// Who acts.
    pub actor: Actor,
    /// The trace of the request or of the message being handled.
    pub trace: TraceContext,
    /// When.
    pub at: DateTime,
}

impl Cause {
    /// The cause of what a service does in answer to `event`: same tenant and trace, the service as actor.
    #[must_use]
    pub fn following(event: &Event, service: &str, at: DateTime) -> Self {
        Self { tenant_id: event.tenant_id, actor: Actor::service(service), trace: event.trace(), at }
    }
}

impl Event {
    /// Tells a new fact.
    ///
    /// # Panics
    /// When `data` cannot be written as JSON, which derived types without maps of non-string keys always can.
    #[must_use]
    pub fn new<D: EventData>(cause: &Cause, source_agent: &str, data: &D) -> Self {
        Self {
            id: EventId::generate(),
            kind: D::TYPE.as_str().to_owned(),
            tenant_id: cause.tenant_id,
            source_agent: source_agent.to_owned(),
            actor: cause.actor.clone(),
            subject: data.subject(),
            occurred_at: cause.at,
            trace_id: cause.trace.trace_id_hex(),
            traceparent: Some(cause.trace.to_string()),
            schema_version: D::VERSION,
            data: serde_json::value::to_raw_value(data).expect("event data is plain JSON"),
        }
    }

    /// The typed content.
    ///
    /// # Errors
    /// When the data is not of that shape.
    pub fn decode<D: EventData>(&self) -> Result<D, DecodeError> {
        serde_json::from_str(self.data.get()).map_err(|source| DecodeError {
            id: self.id,
            kind: self.kind.clone(),
            source,
        })
    }

    /// Whether the event is of that kind.
    #[must_use]
    pub fn is<D: EventData>(&self) -> bool {
        self.kind == D::TYPE.as_str()
    }

    /// The trace to continue; a new one when the event carries none.
    #[must_use]
    pub fn trace(&self) -> TraceContext {
        self.traceparent.as_deref().and_then(TraceContext::parse).unwrap_or_else(TraceContext::random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock as _, RuleId, SystemClock};

    #[test]
    fn travels_and_decodes() {
        let cause = Cause {
            tenant_id: TenantId::generate(),
            actor: Actor::service("processing"),
            trace: TraceContext::random(),
            at: SystemClock.now(),
        };
        let data = RuleDeleted { rule_id: RuleId::generate(), name: "old".into(), version: 3 };
        let sent = Event::new(&cause, "processing", &data);
        let text = serde_json::to_string(&sent).expect("serialises");
        let received: Event = serde_json::from_str(&text).expect("deserialises");
        assert_eq!(received.kind, "RULE_DELETED");
        assert_eq!(received.trace(), cause.trace);
        assert_eq!(received.decode::<RuleDeleted>().expect("same shape").name, "old");
        assert!(received.decode::<RuleCreated>().is_err());
    }
}
