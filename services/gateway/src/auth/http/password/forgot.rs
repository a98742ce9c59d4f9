//! `POST /auth/password/forgot`.

use actix_web::web::Data;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Check, Reply};

use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::store::password_resets;

/// Whose password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPasswordRequest {
    /// The e-mail address of the account.
    #[schema(format = "email", max_length = 254)]
    email: String,
}

// What cannot be an account is answered like an unknown one.
impl Check for ForgotPasswordRequest {}

/// Mails a link that sets a new password, if there is such an account.
///
/// The answer is the same either way, and as fast: a worker looks for the account. A second request within a minute
/// sends nothing, a later one replaces the link. Repeated requests are one, with or without `Idempotency-Key`.
#[utoipa::path(
    post, path = "/api/v1/auth/password/forgot", tag = "auth", request_body = ForgotPasswordRequest,
    responses(
        (status = 202, description = "If there is such an account, a letter is on its way"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn forgot_password(app: Data<App>, body: Body<ForgotPasswordRequest>) -> Result<Reply, ApiError> {
    if let Some(email) = Email::parse(&body.content.email) {
        let now = app.clock.now();
        app.db.system(async |connection| password_resets::ask(connection, &email, now).await).await?;
    }
    Ok(Reply::accepted(&()))
}
