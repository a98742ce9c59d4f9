//! `GET /integrations`

use actix_web::web::Data;
use common::IntegrationId;
use common::error_code::ErrorBody;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::IntegrationResponse;
use crate::app::App;
use crate::store;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListIntegrations {
    /// Rows on the page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `meta.nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists the tenant's sources, newest first.
#[utoipa::path(
    get, path = "/api/v1/integrations", tag = "integrations", operation_id = "list_integrations",
    params(ListIntegrations),
    responses(
        (status = 200, description = "A page of sources.", body = Vec<IntegrationResponse>),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
    )
)]
pub(crate) async fn list_integrations(
    app: Data<App>,
    caller: Caller,
    Query(query): Query<ListIntegrations>,
) -> Result<Reply, ApiError> {
    let limit = page_limit(query.limit)?;
    let before: Option<IntegrationId> = decode_cursor(query.cursor.as_deref())?;
    let rows = app
        .db
        .tenant(caller.tenant(), async |connection| {
            store::integrations::list(connection, caller.tenant(), before, i64::from(limit) + 1).await
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    Ok(Reply::page(page.map(|row| IntegrationResponse::new(&app, row))))
}
