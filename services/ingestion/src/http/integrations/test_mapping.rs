//! `POST /integrations/{id}/mapping/test`

use std::collections::BTreeMap;

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::record::NormalizedRecord;
use common::{DeliveryId, IntegrationId, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Path, Reply};

use crate::app::App;
use crate::domain::mapping::{Explained, FieldOrigin, Problem};
use crate::usecases::test_mapping::{Sample, test_mapping as test};

/// Exactly one of `payload` and `deliveryId` says what to try the mapping on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TestMapping {
    /// Any JSON, as the source would send it.
    #[serde(default)]
    #[schema(value_type = Option<Value>)]
    payload: Option<Box<RawValue>>,
    /// Headers that come with `payload`, for mappings that read some.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A receipt of this source, rejected ones too.
    #[serde(default)]
    delivery_id: Option<DeliveryId>,
    /// The mapping to try; the source's own when left out.
    #[serde(default)]
    mapping: Option<Value>,
}

/// What the mapping makes of it, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MappingTestResponse {
    normalized: NormalizedRecord,
    external_id: Option<String>,
    /// By field, attributes as `attributes.name`: where the value came from.
    origins: BTreeMap<String, FieldOrigin>,
    /// What the mapping's author would want to know; a webhook is accepted all the same.
    problems: Vec<Problem>,
}

impl Check for TestMapping {
    fn check(&self) -> Vec<Violation> {
        let one_of = "give exactly one of payload and deliveryId";
        let mut found = Vec::new();
        match (&self.payload, self.delivery_id) {
            (None, None) => found.push(Violation::new("payload", "required", one_of)),
            (Some(_), Some(_)) => found.push(Violation::new("deliveryId", "conflict", one_of)),
            (None, Some(_)) if !self.headers.is_empty() => {
                found.push(Violation::new("headers", "conflict", "a delivery has its own headers; leave them out"));
            }
            _ => {}
        }
        found
    }
}

impl From<Explained> for MappingTestResponse {
    fn from(explained: Explained) -> Self {
        let Explained { mapped, origins, problems } = explained;
        Self { normalized: mapped.normalized, external_id: mapped.external_id, origins, problems }
    }
}

/// Tries a mapping without storing anything: the record that would come of it, and where each field came from.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/mapping/test", tag = "integrations", operation_id = "test_mapping",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    request_body = TestMapping,
    responses(
        (status = 200, description = "What the mapping makes of it.", body = MappingTestResponse),
        (status = 404, description = "`not_found`: no such integration, or no such delivery of it.", body = ErrorBody),
        (status = 413, description = "`payload_too_large`", body = ErrorBody),
        (status = 422, description = "`validation_failed`: the mapping does not compile (each fault with its path), \
         or what it is tried on is not JSON.", body = ErrorBody),
    )
)]
pub(crate) async fn test_mapping(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    body: Body<TestMapping>,
) -> Result<Reply, ApiError> {
    let TestMapping { payload, headers, delivery_id, mapping } = body.content;
    let sample = match delivery_id {
        Some(delivery) => Sample::Delivery(delivery),
        None => {
            let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
            Sample::Payload { text: payload.map_or_else(String::new, |payload| payload.get().to_owned()), headers }
        }
    };
    let explained: Explained = app
        .db
        .tenant(caller.tenant(), async |connection| {
            test(connection, app.catalogue, (caller.tenant(), id), sample, mapping).await.map_err(ApiError::from)
        })
        .await?;
    Ok(Reply::ok(&MappingTestResponse::from(explained)))
}
