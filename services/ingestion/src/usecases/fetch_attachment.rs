//! Storing a file that waits: its link is followed, or its bytes are taken from the delivery once there is room.
//!
//! Nothing is held while a link is followed but a lease. Whoever dies in between leaves a row that is due again, and an
//! upload whose lease ends.

use std::time::Duration;

use chrono::TimeDelta;
use common::TenantId;
use common::event::{AttachmentFailed, Cause, Event};
use common::trace::TraceContext;
use common::{Actor, IntegrationId};
use db::DbError;
use outbound::{Download, OutboundError, OutboundRequest, StatusCode};

use super::receive_content::{ReceiveContentError, Receiving, give_up};
use super::release_held::Progress;
use super::store_attachments::{receive_bytes, store_once};
use super::store_file::{StoreFile, StoreFileError};
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::file::Content as Received;
use crate::domain::mapping::{Attachments, Content};
use crate::domain::pending::{Next, Pending, Setback, Verdict, file_id};
use crate::store;

/// What a try may take beside following the link.
const SLACK: TimeDelta = TimeDelta::seconds(60);

/// What was received, and the type that came with it.
struct Fetched {
    content: Received,
    declared_type: Option<String>,
}

/// Tries the file that waits longest, if one is due.
pub(crate) async fn fetch_next(app: &App) -> Result<Progress, DbError> {
    let now = app.clock.now();
    let patience =
        TimeDelta::milliseconds(i64::try_from(app.files.link_timeout_millis).unwrap_or(i64::MAX / 2_000_000));
    let until = now + patience + SLACK;
    let leased =
        app.db.system(async |connection| store::pending_attachments::lease(connection, now, until).await).await?;
    let Some(pending) = leased else { return Ok(Progress::Done) };
    let fetched = match &pending.url {
        Some(url) => follow(app, pending.tenant_id, url).await,
        None => from_delivery(app, &pending).await,
    };
    let outcome = match fetched {
        Ok(fetched) => {
            let blob = fetched.content.blob_id;
            let kept = keep(app, &pending, fetched).await;
            give_up(app, pending.tenant_id, blob).await;
            kept
        }
        Err(setback) => Err(setback),
    };
    if let Err(setback) = outcome {
        set_back(app, &pending, &setback).await?;
    }
    Ok(Progress::More)
}

/// Follows a link with the guarded client; the bytes go to the store as they come.
async fn follow(app: &App, tenant: TenantId, url: &str) -> Result<Fetched, Setback> {
    let request = OutboundRequest::get(url).and_then(|request| request.header("accept", "*/*"));
    let request = request.map_err(|error| refused(&error))?;
    let bounds = (Duration::from_millis(app.files.link_timeout_millis), app.files.link_max_bytes);
    let mut answer = app.outbound.download(request, bounds).await.map_err(|error| refused(&error))?;
    if !answer.response.status.is_success() {
        return Err(answered(answer.response.status, answer.response.retry_after(app.clock.now())));
    }
    let receiving = Receiving::begin_file(app, tenant).await.map_err(setback)?;
    let blob = receiving.id();
    let declared_type = answer.response.header("content-type").map(str::to_owned);
    match pass_on(&mut answer, receiving).await {
        Ok(content) => Ok(Fetched { content, declared_type }),
        Err(refusal) => {
            give_up(app, tenant, blob).await;
            Err(refusal)
        }
    }
}

async fn pass_on(answer: &mut Download, mut receiving: Receiving<'_>) -> Result<Received, Setback> {
    while let Some(bytes) = answer.chunk().await.map_err(|error| refused(&error))? {
        receiving.write(bytes).await.map_err(setback)?;
    }
    receiving.finish().await.map_err(setback)
}

/// Takes the bytes from the delivery, by the mapping of now.
async fn from_delivery(app: &App, pending: &Pending) -> Result<Fetched, Setback> {
    let tenant = pending.tenant_id;
    let gone = || Setback {
        reason: "delivery_gone",
        error: "the delivery holds the file no more, or its source's mapping names it no more".into(),
        next: Next::Never,
    };
    let found = app
        .db
        .tenant(tenant, async |connection| {
            let source = store::attachments::source(connection, tenant, pending.delivery_id).await?;
            let declaring = store::attachments::declaring(connection, &[tenant]).await?;
            let body = store::attachments::body(connection, tenant, pending.delivery_id).await?;
            let mapping = source.and_then(|source: IntegrationId| declaring.get(&(tenant, source)).cloned());
            Ok::<_, DbError>(mapping.zip(body))
        })
        .await
        .map_err(|error| setback(error.into()))?;
    let (mapping, body) = found.ok_or_else(gone)?;
    let wanted = Attachments::compile(&mapping).ok().flatten().ok_or_else(gone)?;
    let mut files = wanted.extract(&body).into_iter();
    let file = files.find(|file| i16::try_from(file.place).is_ok_and(|place| place == pending.place));
    let Some(Content::Inside(bytes)) = file.map(|file| file.content) else { return Err(gone()) };
    let content = receive_bytes(app, tenant, &bytes).await.map_err(setback)?;
    Ok(Fetched { content, declared_type: None })
}

/// Makes what was received a file of the record.
async fn keep(app: &App, pending: &Pending, fetched: Fetched) -> Result<(), Setback> {
    let tenant = pending.tenant_id;
    let cause = cause(app, tenant);
    let place = usize::try_from(pending.place).unwrap_or_default();
    let id = file_id(pending.delivery_id, place);
    let said = StoreFile {
        name: pending.name.clone(),
        declared_type: pending.content_type.clone().or(fetched.declared_type),
        record_id: Some(pending.record_id),
    };
    app.db
        .tenant(tenant, async |connection| {
            // Else it is somebody else's by now, or wanted no more.
            if store::pending_attachments::finish(connection, pending).await? {
                store_once(connection, app, &cause, (id, &fetched.content, said)).await?;
            }
            Ok::<_, StoreFileError>(())
        })
        .await
        .map_err(|error| match error {
            StoreFileError::NoRecord => {
                Setback { reason: "record_gone", error: "the record is there no more".into(), next: Next::Never }
            }
            StoreFileError::Exhausted(exhausted) => setback(ReceiveContentError::Exhausted(exhausted)),
            StoreFileError::GivenUp => setback(ReceiveContentError::GivenUp),
            StoreFileError::Db(error) => setback(error.into()),
        })
}

/// Writes why it is not stored; tells it when the file is given up.
async fn set_back(app: &App, pending: &Pending, setback: &Setback) -> Result<(), DbError> {
    let cause = cause(app, pending.tenant_id);
    let verdict = pending.judge(setback, cause.at);
    app.db
        .tenant(pending.tenant_id, async |connection| {
            let is_ours = store::pending_attachments::set_back(connection, pending, (setback, verdict)).await?;
            if is_ours && verdict == Verdict::Failed {
                let failed = AttachmentFailed {
                    record_id: pending.record_id,
                    name: pending.name.clone(),
                    reason: setback.reason.to_owned(),
                    error: setback.error.clone(),
                };
                app.outbox.append(connection, &[Event::new(&cause, AGENT, &failed)]).await?;
            }
            Ok::<_, DbError>(())
        })
        .await
}

fn cause(app: &App, tenant: TenantId) -> Cause {
    Cause { tenant_id: tenant, actor: Actor::service(AGENT), trace: TraceContext::random(), at: app.clock.now() }
}

/// What an answer without a file means.
fn answered(status: StatusCode, after: Option<Duration>) -> Setback {
    let is_passing = status.is_server_error()
        || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY].contains(&status);
    let next = if is_passing { Next::Later(after) } else { Next::Never };
    Setback { reason: "link_answered", error: format!("the link answered {status}"), next }
}

/// What a call that brought no answer means.
fn refused(error: &OutboundError) -> Setback {
    let (reason, next) = match error {
        OutboundError::TooLarge { .. } => ("too_large", Next::Never),
        error if error.is_transient() => ("link_unreachable", Next::Later(None)),
        _ => ("link_refused", Next::Never),
    };
    Setback { reason, error: error.to_string(), next }
}

/// What content that was not received means.
fn setback(error: ReceiveContentError) -> Setback {
    let (reason, next) = match &error {
        ReceiveContentError::Exhausted(_) => ("quota_exceeded", Next::NoRoom),
        ReceiveContentError::TooLarge(_) => ("too_large", Next::Never),
        ReceiveContentError::TenantDeleted => ("tenant_deleted", Next::Never),
        ReceiveContentError::GivenUp | ReceiveContentError::Blob(_) | ReceiveContentError::Db(_) => {
            ("store_unavailable", Next::Later(None))
        }
    };
    let said = match error {
        ReceiveContentError::Exhausted(exhausted) => exhausted.reason,
        error => error.to_string(),
    };
    Setback { reason, error: said, next }
}
