//! Shelve questions: nobody is asked about an archived record, and whoever restores it is asked again.

use std::collections::HashMap;

use common::{DateTime, RecordId, TenantId};
use db::{Connection, DbError};

use crate::store::archived::{Shelving, close, keep, reopen};

/// Follows what was archived and restored, in whatever order it is told.
pub(crate) async fn shelve_questions(
    connection: &mut Connection,
    shelvings: Vec<Shelving>,
    now: DateTime,
) -> Result<(), DbError> {
    let latest = latest_of_each(shelvings);
    let news = keep(connection, &latest).await?;
    let (archived, restored): (Vec<&Shelving>, Vec<&Shelving>) =
        latest.iter().filter(|one| news.contains(&one.record.0)).partition(|one| one.archived);
    close(connection, &archived, now).await?;
    reopen(connection, &restored, now).await
}

/// The last thing that happened to each record, in an order that all batches share.
fn latest_of_each(shelvings: Vec<Shelving>) -> Vec<Shelving> {
    let mut latest: HashMap<(TenantId, RecordId), Shelving> = HashMap::new();
    for one in shelvings {
        let key = (one.tenant, one.record);
        if latest.get(&key).is_none_or(|known| known.at < one.at) {
            latest.insert(key, one);
        }
    }
    let mut latest: Vec<Shelving> = latest.into_values().collect();
    latest.sort_unstable_by_key(|one| (one.tenant, one.record));
    latest
}
