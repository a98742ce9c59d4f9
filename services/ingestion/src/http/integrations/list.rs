//! `GET /integrations`

use std::collections::HashMap;

use actix_web::web::Data;
use common::IntegrationId;
use common::error_code::ErrorBody;
use common::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use super::IntegrationResponse;
use crate::app::App;
use crate::store;
use crate::store::oauth::ConnectionRow;

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
    let (rows, connections) = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let rows = store::integrations::list(connection, caller.tenant(), before, i64::from(limit) + 1).await?;
            let ids: Vec<IntegrationId> = rows.iter().map(|row| row.id).collect();
            let connections = store::oauth::connections(connection, caller.tenant(), &ids).await?;
            Ok::<_, ApiError>((rows, connections))
        })
        .await?;
    let page = Page::cut(rows, limit, |row| encode_cursor(&row.id));
    let mut connections: HashMap<Uuid, ConnectionRow> =
        connections.into_iter().map(|row| (row.integration_id, row)).collect();
    Ok(Reply::page(page.map(|row| {
        let connection = connections.remove(&row.id.0);
        IntegrationResponse::new(&app, row).connected(connection)
    })))
}
