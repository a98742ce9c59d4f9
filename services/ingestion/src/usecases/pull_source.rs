//! Pulling: a source that is due is leased, and its pages are stored one by one, each with the cursor behind it.
//!
//! What is stored and where the pull stands change in one transaction, so that a process which dies at any moment
//! leaves a pull that another one goes on with. A lease that ran out commits nothing any more.

use chrono::TimeDelta;
use common::event::Cause;
use common::trace::TraceContext;
use common::{Actor, DeliveryId};
use db::DbError;
use tokio_util::sync::CancellationToken;

use super::connection::{PullSource, pull_source};
use super::pull_token::{TokenFailure, access_token, needs_reconnect};
use super::release_held::Progress;
use crate::app::App;
use crate::domain::delivery::{NewDelivery, dedupe_key};
use crate::domain::entry::{Entry, NewRecord, Origin};
use crate::domain::integration::{Integration, IntegrationStatus};
use crate::domain::pull::Item;
use crate::domain::source::Source;
use crate::provider_client::{PageError, fetch_page};
use crate::store;
use crate::store::pulls::{Lease, PageCount};

/// Longer than a page may take with its refresh, each within the guarded client's bound.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// After so many failures in a row a run is given up; the next one begins where it stopped.
const MAX_FAILURES: i32 = 8;
/// Longest wait after a failure.
const MAX_WAIT: TimeDelta = TimeDelta::hours(1);
/// How long ended runs are shown.
const RUNS_KEPT: TimeDelta = TimeDelta::days(30);
/// The longest that a provider's `Retry-After` is believed.
const MAX_ASKED: TimeDelta = TimeDelta::days(1);

/// How a pull ended.
enum Ended {
    /// The last page is stored, and the run was ended with it.
    Completed,
    /// The lease is somebody else's.
    Lost,
    /// The process stops; another one goes on.
    Interrupted,
    /// Paused or deleted.
    Stopped,
    /// To be tried again.
    Later { after: Option<std::time::Duration>, error: String },
    /// The tokens are of no use.
    NeedsReconnect(String),
    /// Not to be tried again before the next interval.
    Failed(String),
}

impl From<TokenFailure> for Ended {
    fn from(failure: TokenFailure) -> Self {
        match failure {
            TokenFailure::NeedsReconnect(error) => Self::NeedsReconnect(error),
            TokenFailure::Failed(error) => Self::Failed(error),
            TokenFailure::Later { after, error } => Self::Later { after, error },
        }
    }
}

/// Pulls one source that is due, if there is one.
pub(crate) async fn pull_next(app: &App, shutdown: &CancellationToken) -> Result<Progress, DbError> {
    let now = app.clock.now();
    let leased = app.db.system(async |connection| store::pulls::lease(connection, now, now + LEASE).await).await?;
    let Some(lease) = leased else { return Ok(Progress::Done) };
    let of = (lease.tenant_id, lease.integration_id);
    let found = app.db.tenant(of.0, async |connection| store::integrations::find(connection, of.0, of.1).await).await?;
    let prepare = |row| (row, pull_source(app.catalogue, row), Source::prepare(row, &app.sealer, app.catalogue));
    let (ended, interval) = match found.as_ref().map(prepare) {
        None => (Ended::Stopped, 0),
        Some((row, Some(config), Ok(source))) => {
            let pull = Pull { app, lease: &lease, row, config: &config, source: &source };
            (pull.run(shutdown).await?, config.plan.interval_seconds)
        }
        Some(_) => (Ended::Failed("the source's config cannot be used; correct it".into()), 300),
    };
    settle(app, &lease, ended, TimeDelta::seconds(interval.into())).await?;
    Ok(Progress::More)
}

struct Pull<'a> {
    app: &'a App,
    lease: &'a Lease,
    row: &'a Integration,
    config: &'a PullSource,
    source: &'a Source,
}

/// What became of a page.
enum Stored {
    Kept,
    Lost,
    /// The source's settings are others by now: the page is asked for again by them.
    Changed,
    Stopped,
}

impl Pull<'_> {
    async fn run(&self, shutdown: &CancellationToken) -> Result<Ended, DbError> {
        let (app, plan) = (self.app, &self.config.plan);
        let mut cursor = self.lease.cursor.clone();
        let mut refused = None;
        loop {
            if shutdown.is_cancelled() {
                return Ok(Ended::Interrupted);
            }
            let token = match access_token(app, self.lease, self.row, &self.config.oauth, refused.as_ref()).await? {
                Ok(token) => token,
                Err(failure) => return Ok(failure.into()),
            };
            let url = match plan.page_url(cursor.as_deref()) {
                Ok(url) => url,
                Err(error) => return Ok(Ended::Failed(error)),
            };
            let answer = match fetch_page(&app.outbound, &url, &token, app.clock.now()).await {
                Ok(answer) => answer,
                // Tokens may be revoked before they expire: one refresh is tried.
                Err(PageError::Unauthorized) if refused.is_none() => {
                    refused = Some(token);
                    continue;
                }
                Err(PageError::Unauthorized) => {
                    return Ok(Ended::NeedsReconnect("the provider's API takes no token of this connection".into()));
                }
                Err(PageError::Later { after, error }) => return Ok(Ended::Later { after, error }),
                Err(PageError::Refused(error)) => return Ok(Ended::Failed(error)),
            };
            refused = None;
            let page = match plan.read(&answer.body) {
                Ok(page) => page,
                Err(error) => return Ok(Ended::Failed(error)),
            };
            if page.next.is_some() && page.next == cursor {
                return Ok(Ended::Failed("the provider names the same page again as the next one".into()));
            }
            let is_last = page.next.is_none();
            let next = if is_last { plan.cursor_after(cursor) } else { page.next };
            match self.store(&page.items, next.as_deref(), is_last).await? {
                Stored::Kept if is_last => return Ok(Ended::Completed),
                Stored::Kept => cursor = next,
                Stored::Lost => return Ok(Ended::Lost),
                Stored::Changed => return Ok(Ended::Interrupted),
                Stored::Stopped => return Ok(Ended::Stopped),
            }
        }
    }

    /// Stores a page and moves the cursor behind it; with the last one the run ends.
    async fn store(&self, items: &[Item], cursor: Option<&str>, is_last: bool) -> Result<Stored, DbError> {
        let Self { app, lease, .. } = self;
        let now = app.clock.now();
        let of = (lease.tenant_id, lease.integration_id);
        let entries = self.entries(items, now);
        let stored = app
            .db
            .tenant(lease.tenant_id, async |connection| {
                // Shared with nobody who pauses, disconnects or deletes: they wait, or this finds what they did.
                let row = store::integrations::find_for_update(connection, of.0, of.1).await?;
                let Some(row) = row.filter(|row| row.status == IntegrationStatus::Active) else {
                    return Ok(Stored::Stopped);
                };
                if row.version != self.row.version {
                    return Ok(Stored::Changed);
                }
                if !store::pulls::advance(connection, lease, cursor, now + LEASE).await? {
                    return Ok(Stored::Lost);
                }
                let keys: Vec<&[u8]> = entries.iter().map(|(key, _)| key.as_slice()).collect();
                let mut seen = store::pulls::known_keys(connection, lease, &keys).await?;
                let fresh: Vec<&Entry> =
                    entries.iter().filter(|(key, _)| seen.insert(key.clone())).map(|(_, entry)| entry).collect();
                store::intake::store(connection, &fresh).await?;
                let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
                let page = PageCount { records: count(fresh.len()), duplicates: count(entries.len() - fresh.len()) };
                store::pulls::count_page(connection, lease, page).await?;
                if is_last {
                    let due = now + TimeDelta::seconds(self.config.plan.interval_seconds.into());
                    store::pulls::release(connection, lease, due, 0).await?;
                    store::pulls::finish_live_run(connection, of, "completed", None, now).await?;
                    store::pulls::forget_runs(connection, lease, now - RUNS_KEPT).await?;
                }
                Ok::<_, DbError>(Stored::Kept)
            })
            .await?;
        app.outbox.wake_relay();
        Ok(stored)
    }

    /// Each item as a delivery with its record, by its dedupe key.
    fn entries(&self, items: &[Item], now: common::DateTime) -> Vec<(Vec<u8>, Entry)> {
        let Self { lease, source, row, .. } = self;
        let actor = Actor::integration(row.id, &row.name);
        let cause = Cause { tenant_id: lease.tenant_id, actor, trace: TraceContext::random(), at: now };
        let none = |_: &str| None::<&str>;
        items
            .iter()
            .filter_map(|item| {
                let key = dedupe_key(item.key.as_deref(), item.body.as_bytes());
                // An item is JSON that was just written.
                let mapped = source.mapping.apply(&none, &item.body).ok()?;
                let id = DeliveryId::generate();
                let origin = Origin {
                    source: row.provider.clone(),
                    external_id: mapped.external_id,
                    integration_id: Some(row.id),
                    delivery_id: Some(id),
                    raw: None,
                };
                let delivery = NewDelivery {
                    id,
                    tenant_id: lease.tenant_id,
                    integration_id: row.id,
                    dedupe_key: key.clone(),
                    headers: "{}".into(),
                    body: item.body.clone().into(),
                    received_at: now,
                };
                let record = Box::new(NewRecord::new(&cause, origin, mapped.normalized));
                Some((key, Entry::Delivered { delivery, record, hold: false }))
            })
            .collect()
    }
}

/// Gives the lease back and says in the run how it went.
async fn settle(app: &App, lease: &Lease, ended: Ended, interval: TimeDelta) -> Result<(), DbError> {
    let now = app.clock.now();
    let of = (lease.tenant_id, lease.integration_id);
    app.db
        .tenant(lease.tenant_id, async |connection| {
            match ended {
                Ended::Completed | Ended::Lost => {}
                Ended::Interrupted => {
                    store::pulls::release(connection, lease, now, lease.failures).await?;
                }
                Ended::Stopped => {
                    if store::pulls::release(connection, lease, now, 0).await? {
                        let why = Some("the source was paused or deleted");
                        store::pulls::finish_live_run(connection, of, "stopped", why, now).await?;
                    }
                }
                Ended::Later { after, error } => {
                    let failures = store::pulls::failures(connection, lease).await? + 1;
                    let wait = wait(app, failures, after);
                    if failures >= MAX_FAILURES {
                        if store::pulls::release(connection, lease, now + wait.max(interval), 0).await? {
                            store::pulls::finish_live_run(connection, of, "failed", Some(&error), now).await?;
                        }
                    } else if store::pulls::release(connection, lease, now + wait, failures).await? {
                        store::pulls::note_error(connection, lease, &error).await?;
                    }
                }
                Ended::NeedsReconnect(error) => {
                    // A lease that was lost was lost to a new connection, perhaps.
                    if store::pulls::release(connection, lease, now, 0).await? {
                        store::pulls::finish_live_run(connection, of, "failed", Some(&error), now).await?;
                        needs_reconnect(connection, app, of, &error, now).await?;
                    }
                }
                Ended::Failed(error) => {
                    if store::pulls::release(connection, lease, now + interval, 0).await? {
                        store::pulls::finish_live_run(connection, of, "failed", Some(&error), now).await?;
                    }
                }
            }
            Ok::<_, DbError>(())
        })
        .await
}

/// Doubles with every failure; never shorter than what the provider asks for.
fn wait(app: &App, failures: i32, after: Option<std::time::Duration>) -> TimeDelta {
    let doubled = app.pull.backoff_base_millis.saturating_mul(1 << (failures.clamp(1, 20) - 1));
    let own = TimeDelta::milliseconds(i64::try_from(doubled).unwrap_or(i64::MAX / 2_000_000));
    let asked = after.and_then(|after| TimeDelta::from_std(after).ok()).unwrap_or_default();
    own.min(MAX_WAIT).max(asked.min(MAX_ASKED))
}
