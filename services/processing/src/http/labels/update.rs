//! `PATCH /labels/{id}`

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::{LabelId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, IfMatch, Path, Reply, idempotent};

use super::LabelResponse;
use crate::app::App;
use crate::domain::label::LabelChange;
use crate::http::given::given;
use crate::usecases;

/// What is left out stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateLabel {
    /// The new name; rules follow it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// What belongs to it, in a sentence.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// Texts that belong to it; replaces all of them.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 100)]
    examples: Option<Vec<String>>,
}

impl From<UpdateLabel> for LabelChange {
    fn from(body: UpdateLabel) -> Self {
        Self { name: body.name, description: body.description, examples: body.examples }
    }
}

impl Check for UpdateLabel {
    fn check(&self) -> Vec<Violation> {
        LabelChange::from(self.clone()).violations()
    }
}

/// Changes a label. A new name leaves the decisions made so far as they are.
#[utoipa::path(
    patch, path = "/api/v1/labels/{id}", tag = "labels", operation_id = "update_label",
    params(
        ("id" = LabelId, Path, description = "The label."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was read."),
    ),
    request_body = UpdateLabel,
    responses(
        (status = 200, description = "The label after the change.", body = LabelResponse),
        (status = 404, description = "`not_found`", body = ErrorBody),
        (status = 409, description = "`label_exists`", body = ErrorBody),
        (status = 412, description = "`version_conflict`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn update_label(
    app: Data<App>,
    caller: Caller,
    Path(id): Path<LabelId>,
    IfMatch(expected): IfMatch,
    body: Body<UpdateLabel>,
) -> Result<Reply, ApiError> {
    let change = LabelChange::from(body.content);
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let (app, cause) = (&app, &caller.cause);
                let label = usecases::update_label::update_label(connection, app, cause, id, expected, change).await?;
                let version = label.version;
                Ok(Reply::ok(&LabelResponse::from(label)).version(version))
            })
            .await
        })
        .await
}
