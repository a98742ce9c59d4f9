//! `GET /rules`

use actix_web::web::Data;
use common::RuleId;
use common::error_code::ErrorBody;
use common::page::Page;
use common::rule::RuleStatus;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::RuleResponse;
use crate::app::App;
use crate::store::rules::{self, RuleFilter};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListRules {
    /// Only rules of this status.
    status: Option<RuleStatus>,
    /// Only rules that give the label of this name.
    label: Option<String>,
    /// Only rules with this text in name, description or condition, in any case.
    q: Option<String>,
    /// Rules on a page, 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// Where to go on: `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists the rules, newest first.
#[utoipa::path(
    get, path = "/api/v1/rules", tag = "rules", operation_id = "list_rules", params(ListRules),
    responses(
        (status = 200, description = "A page of rules.", body = [RuleResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_rules(
    app: Data<App>,
    caller: Caller,
    Query(query): Query<ListRules>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<RuleId> = decode_cursor(query.cursor.as_deref())?;
    let filter = RuleFilter { status: query.status, label: query.label, text: query.q };
    app.db
        .tenant(caller.tenant(), async |connection| {
            let rows = rules::list(connection, caller.tenant(), filter, before, i64::from(limit) + 1).await?;
            let page = Page::cut(rows, limit, |rule| encode_cursor(&rule.id));
            Ok(Reply::page(page.map(RuleResponse::from)))
        })
        .await
}
