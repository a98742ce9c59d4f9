//! The keys that sign access tokens: read from the database when first needed, and again every few seconds,
//! so that a key made by another process is used and trusted here soon.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use common::DateTime;
use db::{Connection, Db, DbError};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use settings::{OpenError, Sealer};
use sha2::{Digest as _, Sha256};

use super::domain::access_token::{AUDIENCE, Claims};
use super::store::signing_keys::{self, SigningKeyRow};

/// What private keys are sealed for.
const PURPOSE: &str = "gateway/signing-key";
/// How old the keys in memory may get.
const FRESH: Duration = Duration::seconds(10);
/// How soon a token with an unknown key may make us look again.
const LOOK_AGAIN: Duration = Duration::seconds(1);

/// Keys that cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The database is away.
    #[error("the signing keys cannot be read")]
    Db(#[from] DbError),
    /// They were sealed with a key that is not in the settings.
    #[error("a signing key cannot be opened")]
    Sealed(#[from] OpenError),
    /// They are damaged.
    #[error("a signing key cannot be used")]
    Unusable(#[from] jsonwebtoken::errors::Error),
    /// There is no randomness to make one.
    #[error("no signing key can be made")]
    NotMade,
}

/// The keys in force.
pub(crate) struct Keys {
    read_at: DateTime,
    /// When the newest was made.
    newest_at: DateTime,
    kid: String,
    signing: EncodingKey,
    verifying: Vec<Verifying>,
}

struct Verifying {
    kid: String,
    key: DecodingKey,
    public: Vec<u8>,
}

/// The keys as this process knows them.
#[derive(Clone)]
pub(crate) struct KeyRing {
    db: Db,
    sealer: Arc<Sealer>,
    known: Arc<RwLock<Option<Arc<Keys>>>>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRing")
    }
}

impl KeyRing {
    /// A ring that has read nothing yet.
    pub(crate) fn new(db: Db, sealer: Arc<Sealer>) -> Self {
        Self { db, sealer, known: Arc::default() }
    }

    /// The keys in force; the first one is made when there is none.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn current(&self, now: DateTime) -> Result<Arc<Keys>, KeyError> {
        self.no_older_than(FRESH, now).await
    }

    /// The claims of a token that one of the keys signed for `issuer`. Its expiry is the caller's to check.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub(crate) async fn verify(&self, token: &str, issuer: &str, now: DateTime) -> Result<Option<Claims>, KeyError> {
        let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else { return Ok(None) };
        let mut keys = self.current(now).await?;
        if !keys.verifying.iter().any(|known| known.kid == kid) {
            keys = self.no_older_than(LOOK_AGAIN, now).await?;
        }
        let Some(known) = keys.verifying.iter().find(|known| known.kid == kid) else { return Ok(None) };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[issuer]);
        validation.validate_exp = false;
        Ok(jsonwebtoken::decode::<Claims>(token, &known.key, &validation).ok().map(|data| data.claims))
    }

    /// Makes a new key, which signs from now on; the one before goes on verifying.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn rotate(&self, now: DateTime) -> Result<String, KeyError> {
        let made = self
            .db
            .system(async |connection| {
                signing_keys::lock(connection).await?;
                self.make(connection, now).await
            })
            .await?;
        self.read(now).await?;
        Ok(made.kid)
    }

    /// The same if the newest key was made before `due`. Of several replicas that find it due, one makes a key.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn rotate_if_older(&self, due: DateTime, now: DateTime) -> Result<(), KeyError> {
        if self.current(now).await?.newest_at > due {
            return Ok(());
        }
        self.db
            .system(async |connection| {
                signing_keys::lock(connection).await?;
                let newest = signing_keys::live(connection).await?.into_iter().next();
                if newest.is_none_or(|newest| newest.created_at <= due) {
                    self.make(connection, now).await?;
                }
                Ok::<_, KeyError>(())
            })
            .await?;
        self.read(now).await.map(drop)
    }

    async fn no_older_than(&self, age: Duration, now: DateTime) -> Result<Arc<Keys>, KeyError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(keys) if now - keys.read_at < age => Ok(keys),
            // Keys that are a little old are better than none.
            Some(keys) => Ok(self.read(now).await.unwrap_or(keys)),
            None => self.read(now).await,
        }
    }

    async fn read(&self, now: DateTime) -> Result<Arc<Keys>, KeyError> {
        let rows = self
            .db
            .system(async |connection| {
                let rows = signing_keys::live(connection).await?;
                if !rows.is_empty() {
                    return Ok(rows);
                }
                signing_keys::lock(connection).await?;
                let rows = signing_keys::live(connection).await?;
                if rows.is_empty() { Ok(vec![self.make(connection, now).await?]) } else { Ok::<_, KeyError>(rows) }
            })
            .await?;
        let keys = Arc::new(self.open(&rows, now)?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }

    async fn make(&self, connection: &mut Connection, now: DateTime) -> Result<SigningKeyRow, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::NotMade)?;
        let private = pair.to_pkcs8().map_err(|_| KeyError::NotMade)?;
        let public_key = pair.public_key().as_ref().to_vec();
        let kid = URL_SAFE_NO_PAD.encode(&Sha256::digest(&public_key)[..12]);
        let private_sealed = self.sealer.seal(PURPOSE, private.as_ref());
        let key = SigningKeyRow { kid, public_key, private_sealed, created_at: now };
        signing_keys::insert(connection, &key).await?;
        tracing::info!(kid = key.kid, "made a signing key");
        Ok(key)
    }

    fn open(&self, rows: &[SigningKeyRow], now: DateTime) -> Result<Keys, KeyError> {
        let newest = rows.first().ok_or(KeyError::NotMade)?;
        let private = self.sealer.open(PURPOSE, &newest.private_sealed)?;
        let verifying: Result<Vec<Verifying>, jsonwebtoken::errors::Error> = rows
            .iter()
            .map(|row| {
                let key = DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(&row.public_key))?;
                Ok(Verifying { kid: row.kid.clone(), key, public: row.public_key.clone() })
            })
            .collect();
        Ok(Keys {
            read_at: now,
            newest_at: newest.created_at,
            kid: newest.kid.clone(),
            signing: EncodingKey::from_ed_der(&private),
            verifying: verifying?,
        })
    }
}

impl Keys {
    /// Signs claims with the newest key.
    ///
    /// # Errors
    /// When the key is damaged.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, claims, &self.signing)?)
    }

    /// The public halves, as kid and URL-safe base64.
    pub(crate) fn public(&self) -> impl Iterator<Item = (&str, String)> {
        self.verifying.iter().map(|known| (known.kid.as_str(), URL_SAFE_NO_PAD.encode(&known.public)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::{Clock as _, SystemClock};
    use settings::SealingSettings;
    use test_support::TestDb;
    use web::Service as _;

    #[tokio::test(flavor = "multi_thread")]
    async fn replicas_that_find_a_key_due_make_one() {
        let database = TestDb::create("gateway", crate::Gateway::migrations).await;
        let sealing = SealingSettings { keys: Sealer::generate_key("k1").into() };
        let sealer = Arc::new(Sealer::new(&sealing).expect("a fresh key"));
        let rings = [(); 2].map(|()| KeyRing::new(database.pool(), Arc::clone(&sealer)));
        let made = SystemClock.now();
        // So soon that both still know the first key only.
        let (due, later) = (made, made + FRESH / 2);
        for ring in &rings {
            ring.current(made).await.expect("a key");
            ring.rotate_if_older(made - Duration::days(30), made).await.expect("not due");
            assert_eq!(ring.current(made).await.expect("a key").verifying.len(), 1);
        }
        let first = rings[0].current(made).await.expect("a key").kid.clone();
        for ring in &rings {
            ring.rotate_if_older(due, later).await.expect("rotated");
        }
        let keys = [rings[0].current(later).await.expect("keys"), rings[1].current(later).await.expect("keys")];
        assert_eq!(keys[0].kid, keys[1].kid);
        assert!(keys[1].verifying.iter().any(|known| known.kid == first), "the one before goes on verifying");
        drop(rings);
        database.drop().await;
    }
}
