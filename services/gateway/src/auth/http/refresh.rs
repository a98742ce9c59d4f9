//! `POST /auth/refresh`.

use actix_web::web::Data;
use common::Violation;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{ApiError, Body, Check, Reply, RequestContext};

use super::views::TokensView;
use crate::app::App;
use crate::auth::usecases::refresh::{self, RefreshError, Refreshed};

/// The token to exchange.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    /// The refresh token of the present pair.
    refresh_token: String,
}

impl Check for RefreshRequest {
    fn check(&self) -> Vec<Violation> {
        // What cannot be a token is answered like an unknown one.
        Vec::new()
    }
}

/// Exchanges a refresh token for the next pair.
///
/// A client whose answer got lost may ask again within 10 seconds and gets the same refresh token. Any other use
/// of an old token ends the session.
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshRequest,
    responses(
        (status = 200, body = TokensView, description = "The next pair"),
        (status = 401, description = "`invalid_refresh_token` with `context.reason`, or `refresh_token_reused` when the session was ended"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn refresh(
    app: Data<App>,
    context: RequestContext,
    body: Body<RefreshRequest>,
) -> Result<Reply, ApiError> {
    let now = app.clock.now();
    let keys = app.keys.current(now).await?;
    let token = &body.content.refresh_token;
    let refreshed = app
        .db
        .system(async |connection| refresh::refresh(connection, &app, &keys, token, context.trace, now).await)
        .await?;
    match refreshed {
        Refreshed::Pair(pair) => Ok(Reply::ok(&TokensView::from(pair))),
        Refreshed::Reused(sessions) => {
            sessions.into_iter().for_each(|session| app.checker.forget_session(session));
            Err(RefreshError::Reused.into())
        }
    }
}
