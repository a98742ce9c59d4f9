//! `GET /approvals`

use actix_web::web::Data;
use chrono::Duration;
use common::error_code::ErrorBody;
use common::page::Page;
use common::record::Stage;
use common::{ApprovalId, DateTime};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::ApprovalResponse;
use crate::app::App;
use crate::domain::{Approval, ApprovalStatus};
use crate::store::approvals::{self, Filter};

/// Which approvals to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListApprovals {
    /// Only those of this status.
    status: Option<ApprovalStatus>,
    /// Only those that propose this label.
    label: Option<String>,
    /// Only those proposed by this step.
    stage: Option<Stage>,
    /// Only those that this user or API key holds now, or has answered; `me` for the caller.
    assignee: Option<String>,
    /// Only those with at least this confidence, 0 to 1.
    min_confidence: Option<f64>,
    /// Only those with at most this confidence, 0 to 1.
    max_confidence: Option<f64>,
    /// Only those put at least so long ago.
    older_than_seconds: Option<u32>,
    /// At most this many, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// From `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

type Key = (DateTime, ApprovalId);

/// List approvals, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/approvals", operation_id = "list_approvals", tag = "approvals", params(ListApprovals),
    responses(
        (status = 200, description = "Questions, and in `meta` the way to the next page.", body = [ApprovalResponse]),
        (status = 400, description = "An unknown or malformed parameter, or a bad cursor", body = ErrorBody),
    ),
)]
pub(crate) async fn list_approvals(
    app: Data<App>,
    caller: Caller,
    query: Query<ListApprovals>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.0.limit)?;
    let filter = query.0.into_filter(&caller)?;
    let (tenant, now) = (caller.tenant(), caller.cause.at);
    let rows = app
        .db
        .tenant(tenant, async |connection| {
            approvals::list(connection, tenant, &filter, now, i64::from(limit) + 1).await
        })
        .await?;
    let page = Page::cut(rows, limit, |last: &Approval| encode_cursor::<Key>(&(last.requested_at, last.id)));
    Ok(Reply::page(page.map(|approval| ApprovalResponse::new(approval, now))))
}

impl ListApprovals {
    fn into_filter(self, caller: &Caller) -> Result<Filter, ApiError> {
        let age = self.older_than_seconds.map(|seconds| Duration::seconds(i64::from(seconds)));
        Ok(Filter {
            status: self.status,
            label: self.label,
            stage: self.stage,
            assignee: self.assignee.map(|assignee| principal(&assignee, caller)).transpose()?,
            min_confidence: probability("minConfidence", self.min_confidence)?,
            max_confidence: probability("maxConfidence", self.max_confidence)?,
            requested_until: age.map(|age| caller.cause.at - age),
            after: decode_cursor::<Key>(self.cursor.as_deref())?,
        })
    }
}

fn principal(assignee: &str, caller: &Caller) -> Result<Uuid, ApiError> {
    if assignee == "me" {
        return Ok(caller.identity.principal.id());
    }
    assignee.parse().map_err(|_| {
        ApiError::invalid_request("assignee must be the id of a user or API key, or me.").with("field", "assignee")
    })
}

fn probability(field: &str, value: Option<f64>) -> Result<Option<f64>, ApiError> {
    match value {
        // NaN is in no range, so it is refused too.
        Some(value) if !(0.0..=1.0).contains(&value) => {
            Err(ApiError::invalid_request(format!("{field} must be from 0 to 1.")).with("field", field))
        }
        Some(_) | None => Ok(value),
    }
}
