//! `PATCH /value-lists/{id}`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{ValueListId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Path, Reply, idempotent};

use super::ValueListResponse;
use crate::app::App;
use crate::domain::value_list::ListChange;
use crate::http::given::given;
use crate::usecases;

/// What is left out stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateValueList {
    /// The new name, if no rule refers to the list.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// In place of all values.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 10_000)]
    values: Option<Vec<String>>,
    /// Values to have beside those there are.
    #[serde(default)]
    add: Vec<String>,
    /// Values to have no more.
    #[serde(default)]
    remove: Vec<String>,
}

impl From<UpdateValueList> for ListChange {
    fn from(body: UpdateValueList) -> Self {
        Self { name: body.name, description: body.description, values: body.values, add: body.add, remove: body.remove }
    }
}

impl Check for UpdateValueList {
    fn check(&self) -> Vec<Violation> {
        ListChange::from(self.clone()).violations()
    }
}

/// Changes a value list. Rules that refer to it go by its new values from now on.
#[utoipa::path(
    patch, path = "/api/v1/value-lists/{id}", tag = "rules", operation_id = "update_value_list",
    params(
        ("id" = ValueListId, Path, description = "The value list."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = UpdateValueList,
    responses(
        (status = 200, description = "The value list after the change.", body = ValueListResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`list_exists`; or `list_in_use`: rules refer to it by its name.", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn update_value_list(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<ValueListId>,
    IfMatch(expected): IfMatch,
    body: Body<UpdateValueList>,
) -> Result<Reply, ApiError> {
    let change = ListChange::from(body.content);
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let (app, cause) = (&app, &caller.cause);
                let list = usecases::update_value_list::update_value_list(connection, app, cause, id, expected, change)
                    .await?;
                let version = list.version;
                Ok(Reply::ok(&ValueListResponse::from(list)).version(version))
            })
            .await
        })
        .await
}
