//! What a signed-in person shows before their second factor changes, under the backoff of failed sign-ins.

use common::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiError, Caller, Check};
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::store::users;
use crate::auth::usecases::backoff;
use crate::auth::usecases::login::LoginError;
use crate::auth::usecases::totp::prove::{Proof, ProofError, prove};
use crate::gate::ClientAddress;
use common::{ErrorCode, Violation};

/// One of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProofRequest {
    /// The account's password.
    #[serde(default)]
    password: Option<String>,
    /// A code of the authenticator.
    #[serde(default)]
    code: Option<String>,
    /// An unused recovery code.
    #[serde(default)]
    recovery_code: Option<String>,
}

/// Recovery codes, shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoveryCodes {
    /// Each lets its person in once, in place of a code of the authenticator.
    recovery_codes: Vec<String>,
}

impl Check for ProofRequest {
    fn check(&self) -> Vec<Violation> {
        let given = [&self.password, &self.code, &self.recovery_code].into_iter().flatten().count();
        let one = Violation::new("code", "one_of", "exactly one of password, code and recoveryCode must be given");
        if given == 1 { Vec::new() } else { vec![one] }
    }
}

impl RecoveryCodes {
    pub(super) fn new(codes: &[Zeroizing<String>]) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.to_string()).collect() }
    }
}

/// Takes the proof, or says why not; each wrong one makes further ones wait longer.
pub(super) async fn check(
    app: &App,
    caller: &Caller,
    address: ClientAddress,
    proof: ProofRequest,
) -> Result<(), ApiError> {
    let user = UserId(caller.identity.principal.id());
    under_backoff(app, caller, address, taken(app, user, proof, caller)).await
}

/// Refuses unless it is the caller's password.
pub(super) async fn check_password(
    app: &App,
    caller: &Caller,
    address: ClientAddress,
    password: Zeroizing<String>,
) -> Result<(), ApiError> {
    let user = UserId(caller.identity.principal.id());
    under_backoff(app, caller, address, fits(app, user, password)).await
}

/// Does what proves something, unless too many failed before: what answers 401 counts as one more.
pub(super) async fn under_backoff<T>(
    app: &App,
    caller: &Caller,
    address: ClientAddress,
    work: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let (user, now) = (UserId(caller.identity.principal.id()), caller.cause.at);
    let email = &caller.identity.display_name;
    let attempt = app.db.system(async |connection| backoff::begin(connection, email, address, now).await).await?;
    let outcome = work.await;
    app.db
        .system(async |connection| {
            match &outcome {
                Ok(_) => backoff::succeed(connection, &attempt, now).await?,
                Err(error) if error.code().status() == 401 => {
                    let row = users::find(connection, user).await?;
                    backoff::fail(connection, app, &attempt, row.as_ref(), caller.cause.trace, now).await?;
                }
                Err(_) => backoff::take_back(connection, &attempt).await?,
            }
            Ok::<_, db::DbError>(())
        })
        .await?;
    outcome
}

async fn fits(app: &App, user: UserId, password: Zeroizing<String>) -> Result<(), ApiError> {
    let row = app.db.system(async |connection| users::find(connection, user).await).await?;
    let fits = app.passwords.verify(password, row.map(|row| row.password_hash)).await;
    if fits.map_err(LoginError::from)? { Ok(()) } else { Err(ApiError::new(ErrorCode::InvalidCredentials)) }
}

async fn taken(app: &App, user: UserId, proof: ProofRequest, caller: &Caller) -> Result<(), ApiError> {
    let now = caller.cause.at;
    if let Some(password) = proof.password {
        return fits(app, user, Zeroizing::new(password)).await;
    }
    let (code, recovery) = (proof.code.unwrap_or_default(), proof.recovery_code);
    let proof = recovery.as_deref().map_or(Proof::Code(&code), Proof::Recovery);
    app.db
        .system(async |connection| prove(connection, app, user, proof, now).await)
        .await
        .map_err(|error: ProofError| error.into())
}
