//! Keeps whoever guesses passwords or codes waiting, on all replicas alike.
//!
//! An attempt is counted as failed before it is tried, and taken back when it was none: a hundred guesses at the
//! same moment count as a hundred. Accounts that do not exist are counted the same way.

use common::event::{Cause, Event, LoginThrottled};
use common::trace::TraceContext;
use common::{Actor, DateTime, UserId};
use db::{Connection, DbError};
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::auth::domain::backoff::{ACCOUNT, ADDRESS, KNOWN, KNOWN_FOR, Policy};
use crate::auth::store::sign_in_failures as failures;
use crate::auth::store::users::UserRow;
use crate::gate::ClientAddress;
use crate::tenants::store::memberships;

/// Most tenants that are told of one throttled account.
const TOLD: i64 = 20;

/// An attempt that was let in and is counted.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    account: Vec<u8>,
    address: Vec<u8>,
    known: Vec<u8>,
    is_known: bool,
    /// Whether this failure is the first that makes others wait.
    begins_to_wait: bool,
    failures: i32,
    address_failures: i32,
}

/// Why an attempt is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackoffError {
    /// Too many failed before it.
    #[error("sign-ins of this {scope} wait for {seconds} s")]
    Wait {
        /// `account` or `address`.
        scope: &'static str,
        /// For how long.
        seconds: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Lets an attempt in and counts it as failed; in a transaction of its own, before anything is checked.
pub(crate) async fn begin(
    connection: &mut Connection,
    email: &str,
    address: ClientAddress,
    now: DateTime,
) -> Result<Attempt, BackoffError> {
    let address = address.key().to_be_bytes();
    let subject = |kind: &str, parts: &[&[u8]]| {
        let mut hash = Sha256::new_with_prefix(kind);
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().to_vec()
    };
    let mut attempt = Attempt {
        account: subject("account:", &[email.as_bytes()]),
        address: subject("address:", &[&address]),
        known: subject("known:", &[&address, email.as_bytes()]),
        is_known: false,
        begins_to_wait: false,
        failures: 0,
        address_failures: 0,
    };
    let known = failures::find(connection, &attempt.known).await?;
    attempt.is_known = known.and_then(|row| row.signed_in_at).is_some_and(|at| at + KNOWN_FOR > now);
    // Always in this order, so that attempts wait for each other and never in a circle.
    if attempt.is_known {
        attempt.failures = count(connection, &attempt.known, "account", &KNOWN, now).await?;
    } else {
        attempt.address_failures = count(connection, &attempt.address, "address", &ADDRESS, now).await?;
        attempt.failures = count(connection, &attempt.account, "account", &ACCOUNT, now).await?;
        attempt.begins_to_wait = ACCOUNT.begins_to_wait(attempt.failures);
    }
    Ok(attempt)
}

async fn count(
    connection: &mut Connection,
    subject: &[u8],
    scope: &'static str,
    policy: &Policy,
    now: DateTime,
) -> Result<i32, BackoffError> {
    let row = failures::hold(connection, subject, now).await?;
    if row.blocked_until > now {
        let wait = (row.blocked_until - now).num_milliseconds().max(0).unsigned_abs();
        return Err(BackoffError::Wait { scope, seconds: wait.div_ceil(1_000).max(1) });
    }
    let is_old = now - row.last_at > policy.forgotten_after;
    let failures = if is_old { 1 } else { row.failures.saturating_add(1) };
    let wait = policy.wait(failures);
    // No wait is in the past for everybody: another replica's clock, or a request begun earlier, may be behind `now`.
    let until = if wait.is_zero() { DateTime::UNIX_EPOCH } else { now + wait };
    failures::set(connection, subject, failures, until, now).await?;
    Ok(failures)
}

/// The attempt was right: the account is free of failures, and the address known to it. The address keeps the
/// others that it has, or an attacker would clear them with an account of their own.
pub(crate) async fn succeed(connection: &mut Connection, attempt: &Attempt, now: DateTime) -> Result<(), DbError> {
    if !attempt.is_known {
        failures::take_back(connection, &attempt.address, attempt.address_failures).await?;
        failures::delete(connection, &attempt.account).await?;
    }
    failures::know(connection, &attempt.known, now).await
}

/// The attempt was neither right nor wrong: nothing was checked.
pub(crate) async fn take_back(connection: &mut Connection, attempt: &Attempt) -> Result<(), DbError> {
    if attempt.is_known {
        return failures::take_back(connection, &attempt.known, attempt.failures).await;
    }
    failures::take_back(connection, &attempt.address, attempt.address_failures).await?;
    failures::take_back(connection, &attempt.account, attempt.failures).await
}

/// The attempt was wrong. It is counted already; when it is the one that begins the wait, the account's tenants are
/// told.
pub(crate) async fn fail(
    connection: &mut Connection,
    app: &App,
    attempt: &Attempt,
    user: Option<&UserRow>,
    trace: TraceContext,
    now: DateTime,
) -> Result<(), DbError> {
    let Some(user) = user.filter(|_| attempt.begins_to_wait) else { return Ok(()) };
    let id = UserId(user.id);
    let told = LoginThrottled { user_id: id, failures: attempt.failures };
    let tenants = memberships::of_user(connection, id, None, TOLD).await?;
    let events: Vec<Event> = tenants
        .into_iter()
        .map(|membership| {
            let actor = Actor::service("gateway");
            Event::new(&Cause { tenant_id: membership.tenant, actor, trace, at: now }, "gateway", &told)
        })
        .collect();
    app.outbox.append(connection, &events).await
}
