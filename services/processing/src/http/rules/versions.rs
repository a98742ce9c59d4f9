//! `GET /rules/{id}/versions`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::page::Page;
use common::rule::{RuleOrigin, RuleStatus};
use common::{Actor, DateTime, RuleId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Path, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::domain::rule::{FieldChange, RuleVersion};
use crate::store::rule_versions;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListVersions {
    /// Versions on a page, 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// Where to go on: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// A rule as it was from one change to the next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleVersion)]
pub(crate) struct RuleVersionResponse {
    version: i32,
    name: String,
    condition: String,
    /// The label's name at the time of the change.
    label: String,
    priority: i32,
    status: RuleStatus,
    requires_review: bool,
    description: String,
    origin: RuleOrigin,
    /// What became different from the version before; empty of the first.
    changes: Vec<ChangeResponse>,
    /// Who made the change.
    changed_by: Actor,
    changed_at: DateTime,
}

/// A field that a change gave another value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleFieldChange)]
pub(crate) struct ChangeResponse {
    field: &'static str,
    from: Value,
    to: Value,
}

impl From<FieldChange> for ChangeResponse {
    fn from(change: FieldChange) -> Self {
        Self { field: change.field, from: change.from, to: change.to }
    }
}

impl RuleVersionResponse {
    fn new(version: RuleVersion, changes: Vec<FieldChange>) -> Self {
        let RuleVersion { state, description, changed_by, changed_at } = version;
        Self {
            version: state.version,
            name: state.name,
            condition: state.condition,
            label: state.label,
            priority: state.priority,
            status: state.status,
            requires_review: state.requires_review,
            description,
            origin: state.origin,
            changes: changes.into_iter().map(ChangeResponse::from).collect(),
            changed_by,
            changed_at,
        }
    }
}

/// Lists a rule's versions, newest first; a deleted rule's too.
#[utoipa::path(
    get, path = "/api/v1/rules/{id}/versions", tag = "rules", operation_id = "list_rule_versions",
    params(("id" = RuleId, Path, description = "The rule."), ListVersions),
    responses(
        (status = 200, description = "A page of versions.", body = [RuleVersionResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`", body = ErrorBody),
    )
)]
pub(crate) async fn list_rule_versions(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<RuleId>,
    Query(query): Query<ListVersions>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let below: Option<i32> = decode_cursor(query.cursor.as_deref())?;
    app.db
        .tenant(caller.tenant(), async |connection| {
            if !rule_versions::exists(connection, caller.tenant(), id).await? {
                return Err(ApiError::not_found("rule"));
            }
            let rows = rule_versions::list(connection, caller.tenant(), id, below, i64::from(limit) + 1).await?;
            // The row beyond the page is what its last version is compared with.
            let changes: Vec<_> = rows.windows(2).map(|pair| pair[0].changes_since(&pair[1])).collect();
            let told: Vec<_> = rows.into_iter().zip(changes.into_iter().chain([Vec::new()])).collect();
            let page = Page::cut(told, limit, |(version, _)| encode_cursor(&version.state.version));
            Ok(Reply::page(page.map(|(version, changes)| RuleVersionResponse::new(version, changes))))
        })
        .await
}
