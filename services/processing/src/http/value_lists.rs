//! `/value-lists`: named sets of texts that conditions refer to as `lists.name`.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod update;

use actix_web::web::{ServiceConfig, delete as on_delete, get, patch, post};
use common::{DateTime, ValueListId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::value_list::NamedList;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/api/v1/value-lists", "GET, POST")
                .route(get().to(list::list_value_lists))
                .route(post().to(create::create_value_list)),
        )
        .service(
            web::resource("/api/v1/value-lists/{id}", "GET, PATCH, DELETE")
                .route(get().to(show::show_value_list))
                .route(patch().to(update::update_value_list))
                .route(on_delete().to(delete::delete_value_list)),
        );
}

/// A named set of texts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ValueList)]
pub(crate) struct ValueListResponse {
    id: ValueListId,
    /// Unique in the tenant; conditions write `record.counterparty in lists.name`.
    name: String,
    description: String,
    /// In order, each once.
    values: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

impl From<NamedList> for ValueListResponse {
    fn from(list: NamedList) -> Self {
        Self {
            id: list.id,
            name: list.name,
            description: list.description,
            values: list.values,
            version: list.version,
            created_at: list.created_at,
            updated_at: list.updated_at,
        }
    }
}
