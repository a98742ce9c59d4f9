//! `POST /auth/refresh`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use common::Violation;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{ApiError, Body, Check, Reply, RequestContext, idempotent_as};

use super::sealed::{self, principal_of};
use super::views::TokensView;
use crate::app::App;
use crate::auth::usecases::refresh::{self, RefreshError, Refreshed};

/// What the kept answer is sealed for.
const PURPOSE: &str = "gateway/refresh-answer";

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
/// of an old token ends the session. With an `Idempotency-Key` the same call gets the same pair again for longer; what
/// became of the session meanwhile is not undone by it.
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshRequest,
    responses(
        (status = 200, body = TokensView, description = "The next pair"),
        (status = 401, description = "`invalid_refresh_token` with `context.reason`, or `refresh_token_reused` when the session was ended"),
        (status = 409, description = "`idempotency_in_progress`"),
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
    let Body { content, idempotency } = body;
    let (token, idempotency) = (&content.refresh_token, app.answer_key.blind(idempotency));
    let mut ended = Vec::new();
    let kept = app
        .db
        .system(async |connection| {
            idempotent_as(connection, Uuid::nil(), principal_of(token), &idempotency, async |connection| {
                let refreshed = refresh::refresh(connection, &app, &keys, token, context.trace, now).await?;
                let answer = match refreshed {
                    Refreshed::Pair(pair) => Reply::ok(&TokensView::from(pair)),
                    // An answer, not an error: that the session ended must be committed.
                    Refreshed::Reused(sessions) => {
                        ended = sessions;
                        let error = ApiError::from(RefreshError::Reused);
                        Reply::new(StatusCode::UNAUTHORIZED, &error.body())
                    }
                };
                sealed::seal(&app.sealer, PURPOSE, answer)
            })
            .await
        })
        .await?;
    ended.into_iter().for_each(|session| app.checker.forget_session(session));
    sealed::open(&app.sealer, PURPOSE, kept)
}
