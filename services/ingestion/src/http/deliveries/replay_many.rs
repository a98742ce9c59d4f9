//! `POST /integrations/{id}/deliveries/replay`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{DateTime, DeliveryId, IntegrationId, Violation};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Path, Reply, idempotent};

use crate::app::App;
use crate::domain::delivery::{DeliveryOutcome, Reason};
use crate::domain::submission::is_storable;
use crate::http::records::bulk::StartedResponse;
use crate::store::deliveries::DeliveryFilter;
use crate::usecases::replay_deliveries::{DeliverySelection, ReplayDeliveries as Input, replay_deliveries as replay};

/// Most ids of one request.
const MAX_IDS: usize = 1_000;

/// Rejected receipts, by the filters of `GET /integrations/{id}/deliveries`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ReplayFilter {
    /// Only those rejected for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Received at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<DateTime>,
    /// Received before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<DateTime>,
}

/// A replay of many receipts: those of `ids`, or the rejected ones that a list with `filter` shows now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReplayDeliveries {
    /// Up to 1,000; those that the integration does not have are left out of `matched`.
    #[serde(default)]
    ids: Option<Vec<DeliveryId>>,
    /// `{}` is every rejected receipt.
    #[serde(default)]
    filter: Option<ReplayFilter>,
    /// Only counts what the replay would be about.
    #[serde(default)]
    dry_run: bool,
}

impl Check for ReplayDeliveries {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.ids.is_some() == self.filter.is_some() {
            found.push(Violation::new("ids", "one_of", "must be given, or else filter; not both"));
        }
        if self.ids.as_ref().is_some_and(|ids| ids.is_empty() || ids.len() > MAX_IDS) {
            found.push(Violation::new("ids", "items", format!("must have 1 to {MAX_IDS} entries")));
        }
        let Some(filter) = &self.filter else { return found };
        for (field, value) in [("filter.from", filter.from), ("filter.to", filter.to)] {
            if value.is_some_and(|time| !is_storable(time)) {
                found.push(Violation::new(field, "range", "must be a time from year 1 to 9999"));
            }
        }
        let known = Reason::ALL.map(Reason::as_str);
        if filter.reason.as_ref().is_some_and(|reason| !known.contains(&reason.as_str())) {
            found.push(Violation::new("filter.reason", "one_of", format!("must be one of {}", known.join(", "))));
        }
        found
    }
}

/// Judges many receipts again, in order of receipt, each by its time of receipt and with the integration as it is
/// then, and takes in those that verify. The operation's items are the receipts.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/deliveries/replay", tag = "integrations",
    operation_id = "replay_deliveries",
    params(("id" = IntegrationId, Path, description = "The integration.")),
    request_body = ReplayDeliveries,
    responses(
        (status = 200, description = "With `dryRun`: how many match.", body = StartedResponse),
        (status = 202, description = "Begun.", body = StartedResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 422, description = "`validation_failed`; more than 100,000 match, too", body = ErrorBody),
    )
)]
pub(crate) async fn replay_deliveries(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    body: Body<ReplayDeliveries>,
) -> Result<Reply, ApiError> {
    let ReplayDeliveries { ids, filter, dry_run } = body.content;
    let (selection, described) = match ids {
        Some(ids) => {
            let described = json!({ "ids": ids.len() });
            (DeliverySelection::Ids(ids), described)
        }
        None => {
            let filter = filter.unwrap_or_default();
            let described = json!({ "filter": &filter });
            let ReplayFilter { reason, from, to } = filter;
            let outcome = Some(DeliveryOutcome::Rejected);
            (DeliverySelection::Filter(DeliveryFilter { outcome, reason, from, to }), described)
        }
    };
    let input = Input { selection, described: described.to_string(), dry_run };
    let reply = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let response = StartedResponse::from(replay(connection, &app, &caller.cause, id, input).await?);
                Ok(if dry_run { Reply::ok(&response) } else { Reply::accepted(&response) })
            })
            .await
        })
        .await?;
    app.asked.notify_one();
    Ok(reply)
}
