//! Argon2id, off the HTTP threads and a few at a time, so that a crowd that signs in cannot take all memory.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::settings::HashingSettings;

/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most who wait; whoever comes then is told at once.
const MAX_WAITING: usize = 64;

/// No hash could be computed now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashingError {
    /// Too many wait already.
    #[error("too many passwords are being checked")]
    Busy,
    /// Argon2 refused, or its thread died.
    #[error("a password could not be hashed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// A hash that fits no password: checked for unknown accounts, so that they take as long as known ones.
    decoy: Arc<str>,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

impl Passwords {
    /// Prepares Argon2id with these costs.
    ///
    /// # Errors
    /// When Argon2 does not take them.
    pub(crate) fn new(settings: &HashingSettings) -> Result<Self, HashingError> {
        let params = Params::new(settings.memory_kib, settings.iterations, settings.lanes, None).map_err(failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy: PasswordHash = argon2.hash_password(&rand::random::<[u8; 32]>()).map_err(failed)?;
        let decoy = decoy.to_string().into();
        let turns = Arc::new(Semaphore::new(settings.concurrency));
        Ok(Self { argon2, turns, places: Arc::new(Semaphore::new(MAX_WAITING)), decoy })
    }

    /// The hash to store for a password.
    ///
    /// # Errors
    /// When too many wait, or Argon2 fails.
    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashingError> {
        let argon2 = self.argon2.clone();
        self.in_turn(move || {
            let hash: PasswordHash = argon2.hash_password(password.as_bytes()).map_err(failed)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password fits the hash; without a hash it takes the same time and never does.
    ///
    /// # Errors
    /// When too many wait, or the stored hash is damaged.
    pub(crate) async fn verify(&self, password: Zeroizing<String>, hash: Option<String>) -> Result<bool, HashingError> {
        let argon2 = self.argon2.clone();
        let (known, hash) = (hash.is_some(), hash.unwrap_or_else(|| self.decoy.to_string()));
        self.in_turn(move || {
            let stored = PasswordHash::new(&hash).map_err(failed)?;
            Ok(argon2.verify_password(password.as_bytes(), &stored).is_ok() && known)
        })
        .await
    }

    /// Whether the hash was made with lesser costs than the settings ask for now.
    pub(crate) fn is_outdated(&self, hash: &str) -> bool {
        let Some(made) = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok()) else {
            return false;
        };
        let wanted = self.argon2.params();
        made.m_cost() < wanted.m_cost() || made.t_cost() < wanted.t_cost() || made.p_cost() < wanted.p_cost()
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let place = self.places.try_acquire().map_err(|_| HashingError::Busy)?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| HashingError::Busy)?.map_err(failed)?;
        drop(place);
        // The permit moves along: a caller that goes away does not make room while its hash is still computed.
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        });
        done.await.map_err(failed)?
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> HashingError {
    HashingError::Failed(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light() -> Passwords {
        let light = HashingSettings { memory_kib: 64, iterations: 1, lanes: 1, concurrency: 1 };
        Passwords::new(&light).expect("light but valid")
    }

    #[tokio::test]
    async fn a_crowd_waits_and_the_next_one_is_refused_at_once() {
        let passwords = light();
        let turn = Arc::clone(&passwords.turns).acquire_owned().await.expect("the only turn");
        let crowd: Vec<_> = (0..MAX_WAITING)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.hash("correct horse".to_owned().into()).await })
            })
            .collect();
        while passwords.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = passwords.hash("correct horse".to_owned().into()).await;
        assert!(matches!(refused, Err(HashingError::Busy)), "{refused:?}");
        drop(turn);
        for one in crowd {
            one.await.expect("no panic").expect("hashed in turn");
        }
    }

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let passwords = light();
        let hash = passwords.hash("correct horse".to_owned().into()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let fits = async |password: &str, hash: Option<&str>| {
            passwords.verify(password.to_owned().into(), hash.map(ToOwned::to_owned)).await.expect("checked")
        };
        assert!(fits("correct horse", Some(&hash)).await);
        assert!(!fits("Correct horse", Some(&hash)).await);
        assert!(!fits("correct horse", None).await);
    }
}
