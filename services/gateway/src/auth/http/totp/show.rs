//! `GET /auth/totp`.

use actix_web::web::Data;
use common::{DateTime, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Caller, Reply};

use crate::app::App;
use crate::auth::store::second_factors;

/// The state of the caller's second factor.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TotpState {
    /// Whether sign-ins ask for a code.
    enrolled: bool,
    /// Since when.
    enrolled_at: Option<DateTime>,
    /// Recovery codes that are not used yet.
    recovery_codes_left: i64,
}

/// Tells whether the caller has a second factor.
#[utoipa::path(
    get, path = "/api/v1/auth/totp", tag = "auth",
    responses(
        (status = 200, body = TotpState, description = "The state of the second factor"),
        (status = 403, description = "`forbidden`: an API key has no second factor"),
    )
)]
pub(crate) async fn show_totp(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let user = UserId(caller.identity.principal.id());
    let (row, left) = app
        .db
        .tenant(caller.tenant(), async |connection| {
            let row = second_factors::find(connection, user).await?;
            Ok::<_, db::DbError>((row, second_factors::count_codes(connection, user).await?))
        })
        .await?;
    let enrolled_at = row.and_then(|row| row.confirmed_at);
    Ok(Reply::ok(&TotpState { enrolled: enrolled_at.is_some(), enrolled_at, recovery_codes_left: left }))
}
