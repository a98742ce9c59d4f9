//! `GET /api/v1/openapi.json` and the page at `/docs` that shows it. Both go out as they are.

use std::sync::{Arc, OnceLock};

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use actix_web::web::{Data, Path};
use bytes::Bytes;
use utoipa_swagger_ui::Config;
use web::ApiError;

use super::document;
use crate::app::App;
use crate::envelope::BARE;

/// The document as text, composed when it is first asked for, and the page's settings.
pub(crate) struct Documents {
    openapi: OnceLock<Bytes>,
    page: Arc<Config<'static>>,
}

impl Default for Documents {
    fn default() -> Self {
        let page = Config::from("/api/v1/openapi.json").persist_authorization(true).display_operation_id(true);
        Self { openapi: OnceLock::new(), page: Arc::new(page) }
    }
}

/// Answers the whole contract.
pub(crate) async fn show_openapi(app: Data<App>, documents: Data<Documents>) -> HttpResponse {
    let text = documents.openapi.get_or_init(|| document(&app.settings.public.url).to_string().into());
    HttpResponse::Ok().insert_header(BARE).insert_header((CONTENT_TYPE, "application/json")).body(text.clone())
}

/// Answers a file of the page.
pub(crate) async fn show_docs(file: Path<String>, documents: Data<Documents>) -> Result<HttpResponse, ApiError> {
    let served = utoipa_swagger_ui::serve(&file, Arc::clone(&documents.page));
    let found = served.map_err(|error| ApiError::internal(error.to_string()))?;
    let file = found.ok_or_else(|| ApiError::new(common::ErrorCode::NotFound))?;
    let mut answer = HttpResponse::Ok();
    if file.gzpipped {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(answer.insert_header(BARE).insert_header((CONTENT_TYPE, file.content_type)).body(file.bytes.into_owned()))
}

/// Leads to the page.
pub(crate) async fn redirect_to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(BARE).insert_header((LOCATION, "/docs/")).finish()
}
