//! Takes a person's second factor away. Sessions that showed it have shown nothing any more.

use common::UserId;
use common::event::{Cause, Event, SecondFactorRemoved};
use db::Connection;

use super::prove::{ProofError, enrolled};
use crate::app::App;
use crate::auth::store::{second_factors, sessions};

/// Removes it, for a person who proved who they are.
pub(crate) async fn remove(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    user: UserId,
) -> Result<(), ProofError> {
    enrolled(connection, user).await?;
    second_factors::delete(connection, user).await?;
    sessions::forget_second_factor(connection, user).await?;
    let told = SecondFactorRemoved { user_id: user };
    app.outbox.append(connection, &[Event::new(cause, "gateway", &told)]).await?;
    Ok(())
}
