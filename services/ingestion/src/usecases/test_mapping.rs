//! Trying a mapping on a payload, or on what a source delivered once. It writes nothing.

use std::collections::BTreeMap;

use common::{DeliveryId, IntegrationId, TenantId, Violation};
use db::{Connection, DbError};
use serde_json::Value;

use crate::domain::mapping::{ExplainError, Explained, explain};
use crate::domain::provider::Catalogue;
use crate::store;

/// What a mapping is tried on.
#[derive(Debug)]
pub(crate) enum Sample {
    /// JSON text, with headers by their lower-case names.
    Payload { text: String, headers: BTreeMap<String, String> },
    /// A delivery of the source's.
    Delivery(DeliveryId),
}

/// Why nothing was tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TestMappingError {
    #[error("there is no such integration")]
    UnknownIntegration,
    #[error("there is no such delivery")]
    UnknownDelivery,
    #[error("the mapping does not compile, or the sample is no JSON")]
    Invalid(Vec<Violation>),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Tries `mapping`, or the one that the source has, or its provider's default.
pub(crate) async fn test_mapping(
    connection: &mut Connection,
    catalogue: &Catalogue,
    (tenant, id): (TenantId, IntegrationId),
    sample: Sample,
    mapping: Option<Value>,
) -> Result<Explained, TestMappingError> {
    let found = store::integrations::find(connection, tenant, id).await?;
    let integration = found.ok_or(TestMappingError::UnknownIntegration)?;
    let by_default = || catalogue.find(&integration.provider).map(|provider| provider.mapping.clone());
    let mapping = mapping.or(integration.mapping).or_else(by_default).unwrap_or_default();
    let (path, text, headers) = match sample {
        Sample::Payload { text, headers } => ("payload", text, headers),
        Sample::Delivery(delivery) => {
            let row = store::deliveries::find(connection, (tenant, id), delivery).await?;
            let row = row.ok_or(TestMappingError::UnknownDelivery)?;
            let text = String::from_utf8(row.body).map_err(|error| not_json("deliveryId", &error.to_string()))?;
            ("deliveryId", text, serde_json::from_value(row.headers).unwrap_or_default())
        }
    };
    let header = |name: &str| headers.get(name).map(String::as_str);
    explain(&mapping, &header, &text).map_err(|error| match error {
        ExplainError::Invalid(violations) => TestMappingError::Invalid(violations),
        ExplainError::NotJson(error) => not_json(path, &error.to_string()),
    })
}

fn not_json(path: &str, error: &str) -> TestMappingError {
    TestMappingError::Invalid(vec![Violation::new(path, "json", format!("is not JSON in UTF-8: {error}"))])
}
