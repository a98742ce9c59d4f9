//! Events of sources.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, Subject};
use crate::{DateTime, IntegrationId};

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

subject!(IntegrationConnected, IntegrationConnected, "integration", |e| e.integration_id);
subject!(IntegrationUpdated, IntegrationUpdated, "integration", |e| e.integration_id);
subject!(IntegrationDeleted, IntegrationDeleted, "integration", |e| e.integration_id);
subject!(SecretRotated, SecretRotated, "integration", |e| e.integration_id);
