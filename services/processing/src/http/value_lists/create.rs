//! `POST /value-lists`

use actix_web::web::Data;
use common::Violation;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::ValueListResponse;
use crate::app::App;
use crate::domain::value_list::ListChange;
use crate::usecases;
use crate::usecases::create_value_list::NewList;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateValueList {
    /// Unique in the tenant; letters, digits and `_`, no digit first.
    #[schema(min_length = 1, max_length = 200, example = "travel")]
    name: String,
    #[serde(default)]
    description: String,
    /// At most 500 characters each; order and repetition do not matter.
    #[schema(max_items = 10_000)]
    values: Vec<String>,
}

impl Check for CreateValueList {
    fn check(&self) -> Vec<Violation> {
        let (name, description) = (Some(self.name.clone()), Some(self.description.clone()));
        ListChange { name, description, values: Some(self.values.clone()), ..ListChange::default() }.violations()
    }
}

/// Makes a value list.
#[utoipa::path(
    post, path = "/api/v1/value-lists", tag = "rules", operation_id = "create_value_list",
    request_body = CreateValueList,
    responses(
        (status = 201, description = "The value list.", body = ValueListResponse),
        (status = 409, description = "`list_exists`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn create_value_list(
    app: Data<App>,
    caller: Caller,
    body: Body<CreateValueList>,
) -> Result<Reply, ApiError> {
    let CreateValueList { name, description, values } = body.content;
    let new = NewList { name, description, values };
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let list = usecases::create_value_list::create_value_list(connection, &app, &caller.cause, new).await?;
                let version = list.version;
                Ok(Reply::created(&ValueListResponse::from(list)).version(version))
            })
            .await
        })
        .await
}
