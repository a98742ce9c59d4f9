//! Letters to mailboxes: queued in the transaction of their cause, sent by a worker, never lost and never awaited.
//!
//! The secret of a letter's link is sealed while it waits and erased once the letter is sent or given up.

mod courier;
mod letter;
pub(crate) mod send;
mod store;

use common::{DateTime, MailId};
use db::{Connection, DbError};
use settings::Sealer;

pub(crate) use courier::Courier;
pub(crate) use letter::Letter;
pub(crate) use store::prune;

use crate::auth::domain::email::Email;
use crate::auth::domain::secret::Secret;

/// Queues a letter; it leaves after the transaction is committed.
pub(crate) async fn queue(
    connection: &mut Connection,
    sealer: &Sealer,
    recipient: &Email,
    letter: &Letter,
    secret: Option<&Secret>,
    at: DateTime,
) -> Result<(), DbError> {
    let id = MailId::generate();
    let sealed = secret.map(|secret| sealer.seal(&purpose(id), secret.expose().as_bytes()));
    store::insert(connection, id, recipient.as_str(), letter, sealed.as_deref(), at).await
}

fn purpose(mail: MailId) -> String {
    format!("gateway/mail/{mail}")
}
