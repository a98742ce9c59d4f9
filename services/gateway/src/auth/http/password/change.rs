//! `POST /auth/password/change`.

use actix_web::web::Data;
use common::UserId;
use common::trace::TraceContext;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply, idempotent};
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::checker::Credential;
use crate::auth::domain::password;
use crate::auth::store::users::{self, UserRow};
use crate::auth::usecases::change_password::{self, ChangePasswordError, NewPassword};
use crate::auth::usecases::prove_password::prove_password;
use crate::gate::{ClientAddress, Shown};

/// The present password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangePasswordRequest {
    /// The present one.
    current_password: String,
    /// From 8 to 256 characters, and none of the commonest.
    #[schema(min_length = 8, max_length = 256)]
    new_password: String,
}

// The new one is checked when it is known whose it is.
impl Check for ChangePasswordRequest {}

/// Changes the caller's password. This session goes on, all others end.
#[utoipa::path(
    post, path = "/api/v1/auth/password/change", tag = "auth", request_body = ChangePasswordRequest,
    responses(
        (status = 200, description = "Changed"),
        (status = 403, description = "`forbidden`: an API key has no password"),
        (status = 409, description = "`idempotency_in_progress`"),
        (status = 422, description = "`validation_failed`, with the rule `wrong_password` for `currentPassword`"),
        (status = 429, description = "`rate_limited`: too many wrong passwords"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn change_password(
    app: Data<App>,
    caller: Caller,
    shown: Shown,
    address: ClientAddress,
    body: Body<ChangePasswordRequest>,
) -> Result<Reply, ApiError> {
    let Credential::Session(current) = shown.0 else { return Err(ApiError::internal("a person without a session")) };
    let idempotency = app.answer_key.blind(body.idempotency);
    // A repeated request finds the password changed, and its first answer below.
    let id = UserId(caller.identity.principal.id());
    let prepared = prepare(&app, id, body.content, (address, caller.cause.trace)).await;
    let mut ended = Vec::new();
    let reply = app
        .db
        .system(async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let (user, hash) = prepared?;
                let new = NewPassword { hash: &hash, kept: Some(current), by: "change" };
                ended = change_password::change_password(connection, &app, &caller.cause, &user, new).await?;
                Ok(Reply::ok(&()))
            })
            .await
        })
        .await?;
    ended.into_iter().for_each(|session| app.checker.forget_session(session));
    Ok(reply)
}

async fn prepare(
    app: &App,
    id: UserId,
    request: ChangePasswordRequest,
    from: (ClientAddress, TraceContext),
) -> Result<(UserRow, String), ApiError> {
    let user = app.db.system(async |connection| users::find(connection, id).await).await?;
    let user = user.ok_or(ChangePasswordError::WrongPassword)?;
    let (current, new) = (Zeroizing::new(request.current_password), Zeroizing::new(request.new_password));
    if !prove_password(app, &user, current, from).await? {
        return Err(ChangePasswordError::WrongPassword.into());
    }
    let mut found = Vec::new();
    password::check(&mut found, "newPassword", &new, &[&user.email, &user.name]);
    if !found.is_empty() {
        return Err(ApiError::validation(&found));
    }
    let hash = app.passwords.hash(new).await.map_err(ChangePasswordError::from)?;
    Ok((user, hash))
}
