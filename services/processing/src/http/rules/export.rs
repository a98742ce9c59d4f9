//! `GET /rules/export`

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::Data;
use web::{ApiError, Caller};

use crate::app::App;
use crate::domain::rule_document::RuleDocument;
use crate::store::{rules, value_lists};

/// Tells the gateway to pass the bytes as they are.
const BARE: (&str, &str) = ("x-verdict-envelope", "none");

/// Downloads all rules and value lists as a YAML document, as `POST /rules/import/plan` takes it.
#[utoipa::path(
    get, path = "/api/v1/rules/export", tag = "rules", operation_id = "export_rules",
    responses((status = 200, description = "The document.", body = serde_json::Value, content_type = "application/yaml"))
)]
pub(crate) async fn export_rules(app: Data<App>, caller: Caller) -> Result<HttpResponse, ApiError> {
    let tenant = caller.tenant();
    let document = app
        .db
        .tenant(tenant, async |connection| {
            let rules = rules::list(connection, tenant, rules::RuleFilter::default(), None, i64::MAX).await?;
            let lists = value_lists::list(connection, tenant, None, i64::MAX).await?;
            Ok::<_, ApiError>(RuleDocument::of(&rules, &lists))
        })
        .await?;
    let text = document.render().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header(BARE)
        .insert_header((CONTENT_TYPE, "application/yaml"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"rules.yaml\""))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text))
}
