//! `POST /auth/password/reset`.

use actix_web::web::Data;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{ApiError, Body, Check, Reply, RequestContext, idempotent_as};
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::domain::password;
use crate::auth::http::sealed::principal_of;
use crate::auth::usecases::reset_password::{self, ResetPasswordError};

/// The new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPasswordRequest {
    /// What the link in the letter holds.
    token: String,
    /// From 8 to 256 characters, and none of the commonest.
    #[schema(min_length = 8, max_length = 256)]
    password: String,
}

// Checked when it is known whose password it is.
impl Check for ResetPasswordRequest {}

/// Sets a new password with a mailed link, which is spent by it. All sessions of the account end.
#[utoipa::path(
    post, path = "/api/v1/auth/password/reset", tag = "auth", request_body = ResetPasswordRequest,
    responses(
        (status = 200, description = "Set; sign in with it"),
        (status = 409, description = "`idempotency_in_progress`"),
        (status = 410, description = "`reset_unusable`: the link is unknown, spent, replaced or older than an hour"),
        (status = 422, description = "`validation_failed`"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn reset_password(
    app: Data<App>,
    context: RequestContext,
    body: Body<ResetPasswordRequest>,
) -> Result<Reply, ApiError> {
    let Body { content: ResetPasswordRequest { token, password }, idempotency } = body;
    let idempotency = app.answer_key.blind(idempotency);
    let now = app.clock.now();
    // A repeated request finds its link spent, and its first answer below.
    let hash = prepare(&app, &token, password).await;
    let mut ended = Vec::new();
    let reply = app
        .db
        .system(async |connection| {
            idempotent_as(connection, Uuid::nil(), principal_of(&token), &idempotency, async |connection| {
                let hash = hash?;
                ended = reset_password::reset_password(connection, &app, (&token, &hash), context.trace, now).await?;
                Ok(Reply::ok(&()))
            })
            .await
        })
        .await?;
    ended.into_iter().for_each(|session| app.checker.forget_session(session));
    Ok(reply)
}

async fn prepare(app: &App, token: &str, new: String) -> Result<String, ApiError> {
    let now = app.clock.now();
    let user = app.db.system(async |connection| reset_password::find_holder(connection, token, now).await).await?;
    let mut found = Vec::new();
    password::check(&mut found, "password", &new, &[&user.email, &user.name]);
    if !found.is_empty() {
        return Err(ApiError::validation(&found));
    }
    Ok(app.passwords.hash(Zeroizing::new(new)).await.map_err(ResetPasswordError::from)?)
}
