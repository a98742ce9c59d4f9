//! `/labels`: the outcomes that a tenant classifies into.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod update;

use actix_web::web::{ServiceConfig, delete as on_delete, get, patch, post};
use common::{DateTime, LabelId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::label::Label;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/api/v1/labels", "GET, POST")
                .route(get().to(list::list_labels))
                .route(post().to(create::create_label)),
        )
        .service(
            web::resource("/api/v1/labels/{id}", "GET, PATCH, DELETE")
                .route(get().to(show::show_label))
                .route(patch().to(update::update_label))
                .route(on_delete().to(delete::delete_label)),
        );
}

/// An outcome that the tenant classifies into.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Label)]
pub(crate) struct LabelResponse {
    id: LabelId,
    /// Unique in the tenant; what other resources call `label`.
    name: String,
    /// What belongs to it, in a sentence.
    description: String,
    /// Texts that belong to it.
    examples: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

impl From<Label> for LabelResponse {
    fn from(label: Label) -> Self {
        Self {
            id: label.id,
            name: label.name,
            description: label.description,
            examples: label.examples,
            version: label.version,
            created_at: label.created_at,
            updated_at: label.updated_at,
        }
    }
}
