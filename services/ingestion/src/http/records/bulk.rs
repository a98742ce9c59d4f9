//! `POST /records/bulk`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::violation::check_text;
use common::{OperationId, Permission, RecordId, Violation};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};

use super::filter::FilterInput;
use crate::app::App;
use crate::domain::act::Act;
use crate::http::operations::begin;
use crate::usecases::await_label::label_arrives;
use crate::usecases::start_operation::{Request, Selection, Started, start_operation};

/// Most ids of one request.
const MAX_IDS: usize = 1_000;
/// Longest name of a label, in characters.
const MAX_LABEL: usize = 200;

/// An act on many records: those of `ids`, or those that a list with `filter` shows now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BulkAct {
    action: Act,
    /// With `relabel`: the label's name.
    #[serde(default)]
    label: Option<String>,
    /// Up to 1,000; those that the tenant does not have are left out of `matched`.
    #[serde(default)]
    ids: Option<Vec<RecordId>>,
    /// `{}` is every record.
    #[serde(default)]
    filter: Option<FilterInput>,
    /// Only counts what the act would be about.
    #[serde(default)]
    dry_run: bool,
}

impl Check for BulkAct {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        match (self.action, &self.label) {
            (Act::Relabel, None) => found.push(Violation::new("label", "required", "must be given")),
            (Act::Relabel, Some(label)) => check_text(&mut found, "label", label, 1, MAX_LABEL),
            (_, Some(_)) => found.push(Violation::new("label", "unexpected", "goes with the action relabel only")),
            (_, None) => {}
        }
        if self.ids.is_some() == self.filter.is_some() {
            found.push(Violation::new("ids", "one_of", "must be given, or else filter; not both"));
        }
        if self.ids.as_ref().is_some_and(|ids| ids.is_empty() || ids.len() > MAX_IDS) {
            found.push(Violation::new("ids", "items", format!("must have 1 to {MAX_IDS} entries")));
        }
        for (field, rule, what) in self.filter.iter().flat_map(FilterInput::faults) {
            found.push(Violation::new(format!("filter.{field}"), rule, what));
        }
        found
    }
}

/// An operation that was begun, or counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartedResponse {
    /// `GET /operations/{id}` shows how it goes; null when it was only counted.
    operation_id: Option<OperationId>,
    /// How many records it is about; fixed, whatever changes meanwhile.
    matched: i32,
}

impl From<Started> for StartedResponse {
    fn from(started: Started) -> Self {
        Self { operation_id: started.operation_id, matched: started.matched }
    }
}

/// Archives, restores, decides again or relabels many records, by an operation that can be followed and reverted.
///
/// To relabel is to decide as a person, so it also needs the permission `approvals:decide`. What a person decides after
/// the operation was asked for is left alone, and listed as a conflict.
#[utoipa::path(
    post, path = "/api/v1/records/bulk", tag = "records", operation_id = "bulk_act_on_records",
    request_body = BulkAct,
    responses(
        (status = 200, description = "With `dryRun`: how many match.", body = StartedResponse),
        (status = 202, description = "Begun.", body = StartedResponse),
        (status = 403, description = "`forbidden`: to relabel needs `approvals:decide`", body = ErrorBody),
        (status = 422, description = "`validation_failed`; more than 100,000 match, too. `unknown_label`", body = ErrorBody),
    )
)]
pub(crate) async fn bulk_act_on_records(
    app: Data<App>,
    caller: Caller,
    body: Body<BulkAct>,
) -> Result<Reply, ApiError> {
    let BulkAct { action, label, ids, filter, dry_run } = body.content;
    if let Some(label) = &label {
        caller.require(Permission::ApprovalsDecide)?;
        label_arrives(&app, caller.tenant(), label).await?;
    }
    let described = match (&ids, &filter) {
        (Some(ids), _) => json!({ "ids": ids.len() }),
        (None, filter) => json!({ "filter": filter }),
    };
    let selection = match ids {
        Some(ids) => Selection::Ids(ids),
        None => Selection::Filter(Box::new(filter.unwrap_or_default().into())),
    };
    let request = Request { act: action, label, selection, described: described.to_string(), dry_run };
    begin(&app, &caller, &body.idempotency, async |connection| {
        let started = start_operation(connection, &app, &caller.cause, request).await?;
        let response = StartedResponse::from(started);
        Ok(if dry_run { Reply::ok(&response) } else { Reply::accepted(&response) })
    })
    .await
}
