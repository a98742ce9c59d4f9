//! `GET /records/{id}/similar`

use actix_web::web::Data;
use common::RecordId;
use common::error_code::ErrorBody;
use common::page::Page;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, Path, Query, Reply};

use crate::app::App;
use crate::usecases;
use crate::usecases::find_similar::Similar;

/// Records that are named when the caller does not say how many.
const DEFAULT_LIMIT: u32 = 10;
/// Most records that are named.
const MAX_LIMIT: u32 = 50;
/// Letters of a text that are shown.
const SHOWN: usize = 300;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSimilar {
    /// How many, 1 to 50; 10 if not given.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u32>,
}

/// A record that is like the one asked about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimilarRecord)]
pub(crate) struct SimilarResponse {
    record_id: RecordId,
    /// The label that a person gave it; null when nobody has decided it.
    label: Option<String>,
    /// Cosine of the two texts' vectors: 1 for the same text.
    similarity: f64,
    title: Option<String>,
    counterparty: Option<String>,
    /// The beginning of its text.
    text: String,
}

impl From<Similar> for SimilarResponse {
    fn from(similar: Similar) -> Self {
        Self {
            record_id: similar.record,
            label: similar.label,
            similarity: similar.similarity,
            title: similar.says.title,
            counterparty: similar.says.counterparty,
            text: similar.says.text.chars().take(SHOWN).collect(),
        }
    }
}

/// Lists the records most like one, the nearest first: those that people decided, and the newest ones that nobody has.
#[utoipa::path(
    get, path = "/api/v1/records/{id}/similar", tag = "processing", operation_id = "list_similar_records",
    params(("id" = RecordId, Path, description = "The record."), ListSimilar),
    responses(
        (status = 200, description = "The similar records; all of them, on one page.", body = [SimilarResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 404, description = "`not_found`: no such record, or processing has not heard of it yet.",
         body = ErrorBody),
        (status = 409, description = "`embeddings_unavailable`: there is no embedding model, or the tenant's embedding \
                                      stage is off.", body = ErrorBody),
        (status = 502, description = "`upstream_unavailable`: the embedding model did not answer.", body = ErrorBody),
    )
)]
pub(crate) async fn list_similar_records(
    app: Data<App>,
    caller: Caller,
    Path(record): Path<RecordId>,
    Query(query): Query<ListSimilar>,
) -> Result<Reply, ApiError> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::invalid_request(format!("limit must be from 1 to {MAX_LIMIT}.")));
    }
    let similar = usecases::find_similar::find_similar(&app, caller.tenant(), record, limit as usize).await?;
    Ok(Reply::page(Page::whole(similar).map(SimilarResponse::from)))
}
