//! What the intake stores: one entry for each receipt, complete before it is queued.

use common::event::{Cause, Event, Ingested, RecordSnapshot};
use common::record::{NormalizedRecord, RecordStatus};
use common::{DateTime, DeliveryId, IntegrationId, RecordId, TenantId};

use super::delivery::{NewDelivery, Reason};

/// The service's name on its events.
pub(crate) const AGENT: &str = "ingestion";

/// A record as it will be stored, with the event that tells of it.
#[derive(Clone, Debug)]
pub(crate) struct NewRecord {
    pub(crate) id: RecordId,
    pub(crate) tenant_id: TenantId,
    pub(crate) external_id: Option<String>,
    pub(crate) source: String,
    /// What an API caller sent; a webhook's is with its delivery.
    pub(crate) raw: Option<Vec<u8>>,
    pub(crate) normalized: NormalizedRecord,
    /// `normalized.attributes` as JSON text.
    pub(crate) attributes: String,
    pub(crate) received_at: DateTime,
    /// The `INGESTED` event as JSON text.
    pub(crate) event: String,
}

/// One receipt.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A webhook that is believed and readable. A held one waits for its source to be resumed.
    Delivered { delivery: NewDelivery, record: Box<NewRecord>, hold: bool },
    /// A webhook that is not.
    Rejected { delivery: NewDelivery, reason: Reason },
    /// A record sent through the API.
    Submitted(Box<NewRecord>),
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The record; that of the first receipt when this one repeats it. A rejected delivery has none.
    pub(crate) record_id: Option<RecordId>,
    /// The record's status.
    pub(crate) status: RecordStatus,
    /// Whether the record was there before.
    pub(crate) duplicate: bool,
}

impl Entry {
    /// Whose it is.
    pub(crate) const fn tenant(&self) -> TenantId {
        match self {
            Self::Delivered { delivery, .. } | Self::Rejected { delivery, .. } => delivery.tenant_id,
            Self::Submitted(record) => record.tenant_id,
        }
    }

    /// About how many bytes it holds in memory.
    pub(crate) fn weight(&self) -> usize {
        const FIXED: usize = 1024;
        let record = |record: &NewRecord| {
            record.event.len() * 2 + record.attributes.len() + record.raw.as_ref().map_or(0, Vec::len)
        };
        FIXED
            + match self {
                Self::Delivered { delivery, record: new, .. } => delivery.body.len() + record(new),
                Self::Rejected { delivery, .. } => delivery.body.len(),
                Self::Submitted(new) => record(new),
            }
    }
}

/// Where a new record comes from.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) source: String,
    pub(crate) external_id: Option<String>,
    pub(crate) integration_id: Option<IntegrationId>,
    pub(crate) delivery_id: Option<DeliveryId>,
    pub(crate) raw: Option<Vec<u8>>,
}

impl NewRecord {
    /// Makes a record and its event.
    pub(crate) fn new(cause: &Cause, origin: Origin, normalized: NormalizedRecord) -> Self {
        let id = RecordId::generate();
        let snapshot = RecordSnapshot {
            record_id: id,
            external_id: origin.external_id,
            source: origin.source,
            integration_id: origin.integration_id,
            received_at: cause.at,
            normalized,
        };
        let ingested = Ingested { record: snapshot, delivery_id: origin.delivery_id };
        let event = to_json(&Event::new(cause, AGENT, &ingested));
        let RecordSnapshot { external_id, source, received_at, normalized, .. } = ingested.record;
        let attributes = to_json(&normalized.attributes);
        let tenant_id = cause.tenant_id;
        Self { id, tenant_id, external_id, source, raw: origin.raw, normalized, attributes, received_at, event }
    }
}

fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("events and attributes are plain JSON")
}
