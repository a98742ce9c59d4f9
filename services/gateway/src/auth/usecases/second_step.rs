//! The second step of signing in: the second factor of whoever has one.

use common::event::{Cause, Event, RecoveryCodeUsed};
use common::identity::ActorKind;
use common::trace::TraceContext;
use common::{Actor, DateTime, TenantId, UserId};
use db::{Connection, DbError};

use super::login::{LoginError, SignedIn};
use super::totp::prove::{Proof, ProofError, prove};
use crate::app::App;
use crate::auth::store::{second_factors, sessions};

/// Who takes it, with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecondStep<'a> {
    pub user: UserId,
    pub proof: Option<Proof<'a>>,
    pub trace: TraceContext,
    pub now: DateTime,
}

/// Takes the proof of a person who has a second factor; `false` for one who has none, whatever they send.
pub(crate) async fn pass(connection: &mut Connection, app: &App, step: &SecondStep<'_>) -> Result<bool, LoginError> {
    let row = second_factors::find(connection, step.user).await?;
    if row.is_none_or(|row| row.confirmed_at.is_none()) {
        return Ok(false);
    }
    let proof = step.proof.ok_or(LoginError::SecondFactorRequired)?;
    match prove(connection, app, step.user, proof, step.now).await {
        Ok(()) => Ok(true),
        // Removed this moment.
        Err(ProofError::NotEnrolled) => Ok(false),
        Err(ProofError::Wrong) => Err(LoginError::WrongSecondFactor),
        Err(ProofError::Sealed(error)) => Err(LoginError::Sealed(error)),
        Err(ProofError::Db(error)) => Err(LoginError::Db(error)),
    }
}

/// Notes in the new session that it showed the second factor, and tells of a recovery code that was used up.
pub(crate) async fn note(
    connection: &mut Connection,
    app: &App,
    step: &SecondStep<'_>,
    has_passed: bool,
    signed_in: &SignedIn,
) -> Result<(), DbError> {
    if !has_passed {
        return Ok(());
    }
    sessions::pass_second_factor(connection, signed_in.tokens.session, step.now).await?;
    if !matches!(step.proof, Some(Proof::Recovery(_))) {
        return Ok(());
    }
    let left = second_factors::count_codes(connection, step.user).await?;
    let actor = Actor { kind: ActorKind::User, id: step.user.to_string(), name: None };
    let cause = Cause { tenant_id: TenantId(signed_in.tenant.id), actor, trace: step.trace, at: step.now };
    let told = RecoveryCodeUsed { user_id: step.user, left };
    app.outbox.append(connection, &[Event::new(&cause, "gateway", &told)]).await
}
