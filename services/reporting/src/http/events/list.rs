//! `GET /events`: the feed, oldest first, for readers that follow it.

use actix_web::web::Data;
use common::error_code::ErrorBody;
use common::event::Subject;
use common::page::Page;
use common::{Actor, DateTime, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{ApiError, Caller, Query, Reply, decode_cursor, encode_cursor, page_limit};

use crate::app::App;
use crate::http::time::{reversed, within_reason};
use crate::store::feed::{EventFilter, LoggedEvent};
use crate::usecases;

const MAX_TYPES: usize = 50;
const MAX_NAME: usize = 128;

/// Which events, from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEventsQuery {
    /// Types, separated by commas: `APPROVED,RULE_CREATED`.
    #[serde(rename = "type")]
    #[param(rename = "type", example = "APPROVED,RULE_CREATED")]
    kind: Option<String>,
    /// Events that happened then or later.
    from: Option<DateTime>,
    /// Events that happened before.
    to: Option<DateTime>,
    /// Events told by that service.
    #[param(example = "processing")]
    source_agent: Option<String>,
    /// Events about that subject.
    subject_id: Option<String>,
    /// Where to read on, from `meta.nextCursor`. It is a place in the feed: it fits every filter.
    cursor: Option<String>,
    /// Events at a time.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventResponse {
    /// Unique over all tenants.
    id: Uuid,
    /// Its place in the tenant's feed: 1, 2, 3, … without a gap.
    position: i64,
    /// The kind, in `SCREAMING_SNAKE`.
    #[serde(rename = "type")]
    #[schema(example = "APPROVED")]
    kind: String,
    /// The tenant that it belongs to.
    tenant_id: TenantId,
    /// The service that told it.
    source_agent: String,
    /// Who caused it.
    #[schema(value_type = Actor)]
    actor: Box<RawValue>,
    /// What it is about.
    subject: Subject,
    /// When it happened.
    occurred_at: DateTime,
    /// The trace of the request that caused it.
    trace_id: String,
    /// What its type says it holds.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// The version of the shape of `data`.
    schema_version: i32,
}

/// Reads on in the feed. `meta.nextCursor` is given even at the end, so that a reader waits and goes on with it.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "events",
    params(ListEventsQuery),
    responses(
        (status = 200, description = "Events, oldest first", body = [EventResponse]),
        (status = 400, description = "`invalid_request`", body = ErrorBody),
        (status = 401, description = "`unauthenticated`", body = ErrorBody),
        (status = 403, description = "`forbidden`", body = ErrorBody),
        (status = 405, description = "`method_not_allowed`: the feed is read-only", body = ErrorBody),
    )
)]
pub(crate) async fn list_events(
    app: Data<App>,
    caller: Caller,
    query: Query<ListEventsQuery>,
) -> Result<Reply, ApiError> {
    let tenant = caller.tenant();
    let limit = page_limit(query.0.limit)?;
    let after = position(query.0.cursor.as_deref())?;
    let filter = query.0.filter()?;
    let page = app
        .db
        .tenant(tenant, async |conn| usecases::list_events(conn, tenant, &filter, after, limit).await)
        .await
        .map_err(ApiError::from)?;
    let items = page.events.into_iter().map(|event| EventResponse::new(tenant, event)).collect();
    Ok(Reply::page(Page::<EventResponse> { items, next_cursor: Some(encode_cursor(&page.read_through)) }))
}

fn position(cursor: Option<&str>) -> Result<i64, ApiError> {
    let position: Option<u64> = decode_cursor(cursor)?;
    i64::try_from(position.unwrap_or(0)).map_err(|_| {
        ApiError::invalid_request("The cursor is not one that this list gave. Begin again without it.")
            .with("field", "cursor")
    })
}

impl ListEventsQuery {
    fn filter(self) -> Result<EventFilter, ApiError> {
        let (from, to) = (within_reason("from", self.from)?, within_reason("to", self.to)?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(reversed());
        }
        Ok(EventFilter {
            types: self.kind.as_deref().map(types).transpose()?.unwrap_or_default(),
            from,
            to,
            source_agent: name("sourceAgent", self.source_agent)?,
            subject_id: name("subjectId", self.subject_id)?,
        })
    }
}

/// Types that this build does not know are let through: the feed keeps them too.
fn types(text: &str) -> Result<Vec<String>, ApiError> {
    let is_type = |name: &str| {
        !name.is_empty()
            && name.len() <= MAX_NAME
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let types: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    if types.len() <= MAX_TYPES && types.iter().all(|name| is_type(name)) {
        return Ok(types);
    }
    let message = format!("type must be at most {MAX_TYPES} names such as APPROVED, separated by commas.");
    Err(ApiError::invalid_request(message).with("field", "type"))
}

fn name(field: &str, given: Option<String>) -> Result<Option<String>, ApiError> {
    match given {
        Some(name) if name.is_empty() || name.len() > MAX_NAME => {
            let message = format!("{field} must be from 1 to {MAX_NAME} characters.");
            Err(ApiError::invalid_request(message).with("field", field))
        }
        given => Ok(given),
    }
}

impl EventResponse {
    fn new(tenant_id: TenantId, event: LoggedEvent) -> Self {
        let LoggedEvent { id, position, kind, source_agent, actor, subject, occurred_at, trace_id, .. } = event;
        let (data, schema_version) = (event.data, event.schema_version);
        Self {
            id,
            position,
            kind,
            tenant_id,
            source_agent,
            actor,
            subject,
            occurred_at,
            trace_id,
            data,
            schema_version,
        }
    }
}
