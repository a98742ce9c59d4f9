//! `POST /labels`

use actix_web::web::Data;
use common::Violation;
use common::error_code::ErrorBody;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};

use super::LabelResponse;
use crate::app::App;
use crate::domain::label::LabelChange;
use crate::usecases;
use crate::usecases::create_label::NewLabel;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateLabel {
    /// Unique in the tenant.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What belongs to it, in a sentence.
    #[serde(default)]
    description: String,
    /// Texts that belong to it.
    #[serde(default)]
    #[schema(max_items = 100)]
    examples: Vec<String>,
}

impl Check for CreateLabel {
    fn check(&self) -> Vec<Violation> {
        let (name, description) = (Some(self.name.clone()), Some(self.description.clone()));
        LabelChange { name, description, examples: Some(self.examples.clone()) }.violations()
    }
}

/// Makes a label.
#[utoipa::path(
    post, path = "/api/v1/labels", tag = "labels", operation_id = "create_label",
    request_body = CreateLabel,
    responses(
        (status = 201, description = "The label.", body = LabelResponse),
        (status = 409, description = "`label_exists`", body = ErrorBody),
        (status = 422, description = "`validation_failed`", body = ErrorBody),
    )
)]
pub(crate) async fn create_label(app: Data<App>, caller: Caller, body: Body<CreateLabel>) -> Result<Reply, ApiError> {
    let CreateLabel { name, description, examples } = body.content;
    let new = NewLabel { name, description, examples };
    app.db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &body.idempotency, async |connection| {
                let label = usecases::create_label::create_label(connection, &app, &caller.cause, new).await?;
                let version = label.version;
                Ok(Reply::created(&LabelResponse::from(label)).version(version))
            })
            .await
        })
        .await
}
