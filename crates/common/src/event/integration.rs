//! Events of sources.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, Subject};
use crate::{DateTime, DeliveryId, IntegrationId, RecordId, SyncRunId};

/// A source was connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationConnected {
    /// The source.
    pub integration_id: IntegrationId,
    /// The catalogue entry.
    pub provider: String,
    /// Its name.
    pub name: String,
}

/// A source was changed, paused or resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationUpdated {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
    /// `active` or `paused`.
    pub status: String,
    /// Its version.
    pub version: i32,
    /// What it was before the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<IntegrationState>,
    /// What it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<IntegrationState>,
}

/// What people set of a source; its secrets are no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationState {
    /// Its name.
    pub name: String,
    /// `active` or `paused`.
    pub status: String,
    /// What differs from the provider's way to sign.
    pub config: serde_json::Value,
    /// Nothing means the provider's default.
    pub mapping: Option<serde_json::Value>,
}

/// A source was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationDeleted {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its last name.
    pub name: String,
}

/// A source's secret was replaced, or its previous one revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretRotated {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i32,
    /// Until when the previous secret verifies; nothing when it does not any more.
    pub previous_secret_expires_at: Option<DateTime>,
}

/// A rejected delivery was judged again and taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReplayed {
    /// The source.
    pub integration_id: IntegrationId,
    /// The receipt.
    pub delivery_id: DeliveryId,
    /// The record it made, or that of the first receipt.
    pub record_id: RecordId,
    /// Whether the same delivery had been taken in before.
    pub duplicate: bool,
}

/// A source's rejected deliveries were judged again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuarantineReverified {
    /// The source.
    pub integration_id: IntegrationId,
    /// How many were judged.
    pub checked: u32,
    /// How many made a record.
    pub accepted: u32,
    /// How many had been taken in before.
    pub duplicates: u32,
    /// How many stay rejected.
    pub still_rejected: u32,
}

/// A source's deliveries are all rejected, or it fell silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationFailing {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
    /// `failing` or `silent`.
    pub status: String,
    /// When something last came.
    pub last_delivery_at: Option<DateTime>,
}

/// A source that failed or was silent delivers again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationRecovered {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
    /// When something last came.
    pub last_delivery_at: Option<DateTime>,
}

/// A source was connected to its provider by OAuth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationAuthorized {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
    /// What was granted, when the provider says so.
    pub scope: Option<String>,
}

/// A source's tokens were thrown away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationDisconnected {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
}

/// A provider takes a source's tokens no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationNeedsReconnect {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
    /// What the provider said.
    pub reason: String,
}

/// Somebody asked for a pull of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncRequested {
    /// The source.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
    /// The run that was queued.
    pub sync_run_id: SyncRunId,
}

subject!(IntegrationAuthorized, IntegrationAuthorized, "integration", |e| e.integration_id);
subject!(IntegrationDisconnected, IntegrationDisconnected, "integration", |e| e.integration_id);
subject!(IntegrationNeedsReconnect, IntegrationNeedsReconnect, "integration", |e| e.integration_id);
subject!(SyncRequested, SyncRequested, "integration", |e| e.integration_id);
subject!(IntegrationFailing, IntegrationFailing, "integration", |e| e.integration_id);
subject!(IntegrationRecovered, IntegrationRecovered, "integration", |e| e.integration_id);
subject!(IntegrationConnected, IntegrationConnected, "integration", |e| e.integration_id);
subject!(IntegrationUpdated, IntegrationUpdated, "integration", |e| e.integration_id);
subject!(IntegrationDeleted, IntegrationDeleted, "integration", |e| e.integration_id);
subject!(SecretRotated, SecretRotated, "integration", |e| e.integration_id);
subject!(DeliveryReplayed, DeliveryReplayed, "integration", |e| e.integration_id);
subject!(QuarantineReverified, QuarantineReverified, "integration", |e| e.integration_id);
