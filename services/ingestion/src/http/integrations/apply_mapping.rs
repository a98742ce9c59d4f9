//! `POST /integrations/{id}/mapping/apply`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::record::RecordStatus;
use common::{DateTime, IntegrationId, OperationId, Violation};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::{ApiError, Caller, Check, Lenient, Path, Reply, idempotent};

use crate::app::App;
use crate::domain::submission::is_storable;
use crate::store::records::RecordFilter;
use crate::usecases::apply_mapping::{Applied, ApplyMapping as Input, apply_mapping as apply};

/// Which of the source's records are to be read anew.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct RemapFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<RecordStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Received at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<DateTime>,
    /// Received before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<DateTime>,
}

/// Applies the mapping that the integration has now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ApplyMapping {
    /// All of the source's records when left out.
    #[serde(default)]
    filter: RemapFilter,
    /// Only counts, and tries the newest.
    #[serde(default)]
    dry_run: bool,
}

impl Check for ApplyMapping {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (field, value) in [("filter.from", self.filter.from), ("filter.to", self.filter.to)] {
            if value.is_some_and(|time| !is_storable(time)) {
                found.push(Violation::new(field, "range", "must be a time from year 1 to 9999"));
            }
        }
        found
    }
}

/// An operation that was begun, or counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppliedResponse {
    /// `GET /operations/{id}` shows how it goes; null when it was only counted.
    operation_id: Option<OperationId>,
    /// How many records it is about; fixed, whatever changes meanwhile.
    matched: i32,
    /// With `dryRun`, how many of the newest were tried.
    sampled: Option<usize>,
    /// With `dryRun`, how many of those tried would change.
    would_change: Option<usize>,
}

impl From<Applied> for AppliedResponse {
    fn from(applied: Applied) -> Self {
        let (sampled, would_change) = applied.sample.unzip();
        let started = applied.started;
        Self { operation_id: started.operation_id, matched: started.matched, sampled, would_change }
    }
}

/// Reads a source's records anew from what it delivered, by the mapping that it has now, and has those that change
/// decided again. Records that a person decided are left alone. The operation can be followed and reverted.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/mapping/apply", tag = "integrations", operation_id = "apply_mapping",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    request_body = ApplyMapping,
    responses(
        (status = 200, description = "With `dryRun`: how many match.", body = AppliedResponse),
        (status = 202, description = "Begun.", body = AppliedResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 422, description = "`validation_failed`; more than 100,000 match, too", body = ErrorBody),
    )
)]
pub(crate) async fn apply_mapping(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    body: Lenient<ApplyMapping>,
) -> Result<Reply, ApiError> {
    let ApplyMapping { filter, dry_run } = body.content;
    let described = json!({ "filter": &filter }).to_string();
    let RemapFilter { status, label, from, to } = filter;
    let input =
        Input { filter: RecordFilter { status, label, from, to, ..RecordFilter::default() }, described, dry_run };
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let response = AppliedResponse::from(apply(connection, &app, &caller.cause, id, input).await?);
                Ok(if dry_run { Reply::ok(&response) } else { Reply::accepted(&response) })
            })
            .await
        })
        .await?;
    app.asked.notify_one();
    Ok(reply)
}
