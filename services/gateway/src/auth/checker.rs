//! Turns a bearer credential into an identity, and remembers the outcome for a moment.
//!
//! What is revoked in this process is forgotten at once, and what is revoked elsewhere as soon as PostgreSQL tells it
//! (`jobs::hear_revocations`). The moment bounds how long a revoked credential counts while it cannot be told.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use common::{ApiKeyId, DateTime, ErrorCode, Identity, Principal, Role, SessionId, TenantId, UserId};
use db::{Db, DbError};
use hyper::header::HeaderValue;
use moka::sync::Cache;
use web::{ApiError, InternalSigner};

use super::domain::access_token::Claims;
use super::domain::secret;
use super::keys::{KeyError, KeyRing};
use super::store::{api_keys, sessions};
use crate::settings::AuthSettings;

/// Credentials remembered of each kind.
const REMEMBERED: u64 = 50_000;
/// The internal token lives for a minute and may be half a minute old when it is signed "anew" from memory.
const RESIGN_AFTER: chrono::Duration = chrono::Duration::seconds(15);

/// What was shown to prove who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// An access token of this session.
    Session(SessionId),
    /// This API key.
    ApiKey(ApiKeyId),
}

/// What is still asked of a session before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lacking {
    /// The tenant requires a second factor, and its person has none.
    Enrolment,
    /// Its person has one, and did not show it in this session.
    Proof,
    /// The tenant lets its members in through its identity provider only.
    Provider,
}

/// A credential that was found good.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Whom it stands for.
    pub identity: Identity,
    /// What it is.
    pub credential: Credential,
    /// What is still asked of it before anything else.
    pub lacking: Option<Lacking>,
    /// Whether the tenant's identity provider opened the session: it reaches nothing of its person's elsewhere.
    pub confined: bool,
    expires_at: Option<DateTime>,
    signed: Mutex<Option<(HeaderValue, DateTime)>>,
}

/// Why a credential was refused, or could not be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// It is no credential that we gave.
    #[error("the credential is unknown")]
    Unknown,
    /// Its time is over.
    #[error("the credential has expired")]
    Expired,
    /// Its session was ended, or its owner is no member any more; by which rule.
    #[error("the session was ended: {0}")]
    Revoked(Cow<'static, str>),
    /// The signing keys cannot be read.
    #[error("the credential cannot be checked")]
    Keys(#[from] KeyError),
    /// The database is away.
    #[error("the credential cannot be checked")]
    Db(#[from] DbError),
}

/// Checks credentials.
#[derive(Clone, Debug)]
pub(crate) struct Checker {
    db: Db,
    keys: KeyRing,
    issuer: Arc<str>,
    signer: InternalSigner,
    tokens: Cache<[u8; 32], Arc<Checked>>,
    api_keys: Cache<[u8; 32], Arc<Checked>>,
    /// Counts what was forgotten: what was looked up meanwhile is not remembered.
    forgotten: Arc<AtomicU64>,
}

impl Checked {
    /// The identity as services take it, signed.
    pub(crate) fn internal_token(&self, signer: &InternalSigner, now: DateTime) -> HeaderValue {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, at)) = &*signed
            && now - at < RESIGN_AFTER
        {
            return token.clone();
        }
        let token = HeaderValue::from_str(&signer.sign(&self.identity, now)).expect("a token is base64 and dots");
        *signed = Some((token.clone(), now));
        token
    }

    fn new(
        identity: Identity,
        credential: Credential,
        (lacking, confined): (Option<Lacking>, bool),
        expires_at: Option<DateTime>,
    ) -> Arc<Self> {
        Arc::new(Self { identity, credential, lacking, confined, expires_at, signed: Mutex::new(None) })
    }
}

impl Checker {
    /// A checker that remembers nothing yet.
    pub(crate) fn new(db: Db, keys: KeyRing, signer: InternalSigner, issuer: &str, settings: &AuthSettings) -> Self {
        let cache = |seconds| {
            Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(Duration::from_secs(seconds))
                .support_invalidation_closures()
                .build()
        };
        Self {
            db,
            keys,
            issuer: issuer.into(),
            signer,
            tokens: cache(settings.token_check_seconds),
            api_keys: cache(settings.api_key_check_seconds),
            forgotten: Arc::default(),
        }
    }

    /// The signer of internal tokens.
    pub(crate) const fn signer(&self) -> &InternalSigner {
        &self.signer
    }

    /// Checks a bearer credential.
    ///
    /// # Errors
    /// When it is not good, or cannot be checked.
    pub(crate) async fn check(&self, bearer: &str, now: DateTime) -> Result<Arc<Checked>, CheckError> {
        let hash = secret::hash(bearer);
        let is_key = bearer.starts_with(secret::API_KEY);
        let cache = if is_key { &self.api_keys } else { &self.tokens };
        let checked = match cache.get(&hash) {
            Some(known) => known,
            None => {
                let forgotten = self.forgotten.load(Ordering::SeqCst);
                let checked =
                    if is_key { self.look_up_key(&hash, now).await? } else { self.look_up_token(bearer, now).await? };
                cache.insert(hash, Arc::clone(&checked));
                // It was read before something was revoked, perhaps this: the next request looks again.
                if self.forgotten.load(Ordering::SeqCst) != forgotten {
                    cache.invalidate(&hash);
                }
                checked
            }
        };
        if checked.expires_at.is_some_and(|end| now >= end) { Err(CheckError::Expired) } else { Ok(checked) }
    }

    async fn look_up_token(&self, token: &str, now: DateTime) -> Result<Arc<Checked>, CheckError> {
        let claims = self.keys.verify(token, &self.issuer, now).await?.ok_or(CheckError::Unknown)?;
        let expires_at = claims.expires_at().filter(|end| now < *end).ok_or(CheckError::Expired)?;
        let state = self
            .db
            .system(async |connection| {
                sessions::touch(connection, claims.sid, now).await?;
                sessions::state(connection, claims.sid, false).await
            })
            .await?;
        // A session that is not there any more had long expired.
        let revoked = |reason| CheckError::Revoked(reason);
        let state = state.filter(|state| belongs(state, &claims)).ok_or_else(|| revoked("expired".into()))?;
        if state.revoked_at.is_some() {
            return Err(revoked(state.revoked_reason.map_or("revoked".into(), Cow::Owned)));
        }
        let role = state.role.as_deref().and_then(Role::parse).ok_or_else(|| revoked("member_removed".into()))?;
        // Owners keep their password as a way in: a provider that fails would else lock out whoever can repair it.
        let misses_provider = state.is_provider_required && !state.confined && role != Role::Owner;
        let lacking = match (state.second_factor_at, state.is_enrolled, state.is_required) {
            (None, true, _) => Some(Lacking::Proof),
            (None, false, true) => Some(Lacking::Enrolment),
            (Some(_), ..) | (None, false, false) => misses_provider.then_some(Lacking::Provider),
        };
        let identity = Identity {
            tenant_id: claims.tid,
            principal: Principal::User(claims.sub.0),
            role,
            scopes: None,
            display_name: state.email,
        };
        Ok(Checked::new(identity, Credential::Session(claims.sid), (lacking, state.confined), Some(expires_at)))
    }

    async fn look_up_key(&self, hash: &[u8; 32], now: DateTime) -> Result<Arc<Checked>, CheckError> {
        let found = self
            .db
            .system(async |connection| {
                let Some(key) = api_keys::find_by_hash(connection, hash).await? else { return Ok(None) };
                api_keys::touch(connection, ApiKeyId(key.id), now).await?;
                Ok::<_, DbError>(Some(key))
            })
            .await?;
        let key = found.ok_or(CheckError::Unknown)?;
        let role = Role::parse(&key.role).ok_or(CheckError::Unknown)?;
        let identity = Identity {
            tenant_id: TenantId(key.tenant_id),
            principal: Principal::ApiKey(key.id),
            role,
            scopes: key.scopes,
            display_name: key.name,
        };
        Ok(Checked::new(identity, Credential::ApiKey(ApiKeyId(key.id)), (None, false), key.expires_at))
    }

    /// Forgets a key that was revoked.
    pub(crate) fn forget_key(&self, id: ApiKeyId) {
        self.forget(&self.api_keys, move |checked| checked.credential == Credential::ApiKey(id));
    }

    /// Forgets a session that was ended.
    pub(crate) fn forget_session(&self, id: SessionId) {
        self.forget(&self.tokens, move |checked| checked.credential == Credential::Session(id));
    }

    /// Forgets a person, in all their tenants: their second factor changed.
    pub(crate) fn forget_user(&self, user: UserId) {
        let principal = Principal::User(user.0);
        self.forget(&self.tokens, move |checked| checked.identity.principal == principal);
    }

    /// Forgets a tenant's people and keys: what it asks of them changed, or it is gone.
    pub(crate) fn forget_tenant(&self, tenant: TenantId) {
        self.forget(&self.tokens, move |checked| checked.identity.tenant_id == tenant);
        self.forget(&self.api_keys, move |checked| checked.identity.tenant_id == tenant);
    }

    /// Forgets a member whose role changed or who was removed.
    pub(crate) fn forget_member(&self, tenant: TenantId, user: UserId) {
        let principal = Principal::User(user.0);
        self.forget(&self.tokens, move |checked| {
            checked.identity.tenant_id == tenant && checked.identity.principal == principal
        });
    }

    /// Forgets everything: something may have been revoked unheard.
    pub(crate) fn forget_all(&self) {
        self.forget(&self.tokens, |_| true);
        self.forget(&self.api_keys, |_| true);
    }

    fn forget(&self, cache: &Cache<[u8; 32], Arc<Checked>>, which: impl Fn(&Checked) -> bool + Send + Sync + 'static) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        cache.invalidate_entries_if(move |_, checked| which(checked)).expect("the cache was built to take closures");
    }
}

fn belongs(state: &sessions::SessionState, claims: &Claims) -> bool {
    state.user_id == claims.sub.0 && state.tenant_id == claims.tid.0
}

/// Which rule ended a session, for people.
pub(crate) fn ended(reason: &str) -> &'static str {
    match reason {
        "logout" => "This session was signed out. Sign in again.",
        "token_reused" => "An old refresh token of this session came back, so the session was ended. Sign in again.",
        "member_removed" => "You are no member of this tenant any more. Sign in to another one, or ask for an invite.",
        "password_changed" => "The password was changed, which ended all other sessions. Sign in with the new one.",
        "sign_in_changed" => "The tenant's sign-in was changed, which ended this session. Sign in again.",
        "tenant_deleted" => "The tenant was deleted. Sign in to another one.",
        "expired" => "This session was not used for too long. Sign in again.",
        _ => "This session was ended from elsewhere. Sign in again.",
    }
}

impl From<Lacking> for ApiError {
    fn from(lacking: Lacking) -> Self {
        match lacking {
            Lacking::Enrolment => Self::new(ErrorCode::SecondFactorEnrolmentRequired),
            Lacking::Proof => Self::new(ErrorCode::SecondFactorRequired),
            Lacking::Provider => Self::new(ErrorCode::SignInProviderRequired),
        }
    }
}

impl From<CheckError> for ApiError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Unknown => Self::new(ErrorCode::Unauthenticated),
            CheckError::Expired => Self::new(ErrorCode::TokenExpired).with("reason", "expired"),
            CheckError::Revoked(reason) => {
                Self::new(ErrorCode::SessionRevoked).message(ended(&reason)).with("reason", reason)
            }
            CheckError::Db(error) => error.into(),
            CheckError::Keys(error) => error.into(),
        }
    }
}
