//! `POST /auth/totp/recovery-codes`.

use actix_web::web::Data;
use common::{ErrorCode, UserId};
use db::Connection;
use web::{ApiError, Body, Caller, Reply, idempotent};

use super::kept;
use super::proof::{self, ProofRequest, RecoveryCodes};
use crate::app::App;
use crate::auth::usecases::totp::renew;
use crate::gate::ClientAddress;

/// Gives new recovery codes; the former ones are worth nothing from then on.
#[utoipa::path(
    post, path = "/api/v1/auth/totp/recovery-codes", tag = "auth", request_body = ProofRequest,
    responses(
        (status = 200, body = RecoveryCodes, description = "New codes, never shown again"),
        (status = 401, description = "`invalid_second_factor` or `invalid_credentials`"),
        (status = 403, description = "`forbidden`: an API key has no second factor"),
        (status = 409, description = "`second_factor_not_enrolled`"),
        (status = 422, description = "`validation_failed`"),
    )
)]
pub(crate) async fn renew_recovery_codes(
    app: Data<App>,
    caller: Caller,
    address: ClientAddress,
    body: Body<ProofRequest>,
) -> Result<Reply, ApiError> {
    let user = UserId(caller.identity.principal.id());
    let Body { content, idempotency } = body;
    // The body may hold a password.
    let idempotency = app.answer_key.blind(idempotency);
    if idempotency.is_given() {
        // A repeated request cannot show its code again, which is worth nothing by now.
        let unknown = async |_: &mut Connection| Err(ApiError::new(ErrorCode::SecondFactorRequired));
        let kept = app
            .db
            .tenant(caller.tenant(), async |connection| idempotent(connection, &caller, &idempotency, unknown).await)
            .await;
        match kept {
            Err(error) if error.code() == ErrorCode::SecondFactorRequired => {}
            kept => return kept::open(&app.sealer, user, kept?),
        }
    }
    proof::check(&app, &caller, address, content).await?;
    let sealed = app
        .db
        .tenant(caller.tenant(), async |connection| {
            idempotent(connection, &caller, &idempotency, async |connection| {
                let codes = renew::renew(connection, &app, &caller.cause, user).await?;
                kept::seal(&app.sealer, user, Reply::ok(&RecoveryCodes::new(&codes)))
            })
            .await
        })
        .await?;
    kept::open(&app.sealer, user, sealed)
}
