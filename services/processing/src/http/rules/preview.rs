//! `POST /rules/preview`

mod response;

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use bytes::Bytes;
use classifier::Condition;
use common::error_code::ErrorBody;
use common::rule::{DEFAULT_PRIORITY, MAX_NAME, MAX_PRIORITY};
use common::violation::check_text;
use common::{DateTime, Permission, RuleId, Violation};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa::ToSchema;
use web::{ApiError, Body, Caller, Check, Reply};

pub(crate) use response::PreviewResponse;

use crate::app::App;
use crate::domain::preview::{Candidate, Preview};
use crate::error::invalid_condition;
use crate::store::history::Span;
use crate::store::rules;
use crate::usecases::preview_rule::{Progress, Silent, check_label, preview_rule, rules_of_now};

/// Most records that a rule is tried on; also what is tried if no limit is given.
const MAX_RECORDS: u32 = 100_000;
/// The form of an answer that tells how far it is, one JSON text a line.
const LINES: &str = "application/x-ndjson";
/// Tells the gateway to pass the bytes as they are.
const BARE: (&str, &str) = ("x-verdict-envelope", "none");
/// Lines that wait for a slow reader before the preview waits, too.
const LINES_AHEAD: usize = 16;

/// A rule that is thought of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreviewRule {
    /// CEL over `record`.
    #[schema(min_length = 1, max_length = 2048)]
    condition: String,
    /// The name of an existing label.
    label: String,
    /// The lowest number wins; 100 if not given.
    #[serde(default = "default_priority")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    priority: i32,
    /// Whether a person would confirm what it matches.
    #[serde(default)]
    requires_review: bool,
    /// The rule that this is a change of; it is left out of the comparison.
    rule_id: Option<RuleId>,
    /// The records to try it on; the newest 100,000 if not given.
    #[serde(default)]
    scope: PreviewScope,
}

/// Records, the newest first.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewScope {
    /// Received at this time or later.
    from: Option<DateTime>,
    /// Received before.
    to: Option<DateTime>,
    /// How many, 1 to 100,000.
    #[schema(minimum = 1, maximum = 100_000)]
    limit: Option<u32>,
}

const fn default_priority() -> i32 {
    DEFAULT_PRIORITY
}

impl Check for PreviewRule {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        check_text(&mut found, "label", &self.label, 1, MAX_NAME);
        if !(0..=MAX_PRIORITY).contains(&self.priority) {
            found.push(Violation::new("priority", "range", format!("must be from 0 to {MAX_PRIORITY}")));
        }
        if self.scope.limit.is_some_and(|limit| !(1..=MAX_RECORDS).contains(&limit)) {
            found.push(Violation::new("scope.limit", "range", format!("must be from 1 to {MAX_RECORDS}")));
        }
        if self.scope.from.zip(self.scope.to).is_some_and(|(from, to)| from >= to) {
            found.push(Violation::new("scope.to", "after_from", "must be later than scope.from"));
        }
        found
    }
}

/// One line of an answer in lines.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Progress { evaluated: u64, matched: u64, limit: u32 },
    Result { data: Box<PreviewResponse> },
    Error { error: ErrorBody },
}

/// Tries a rule on past records, and compares with what stands and with the rules there are. Nothing is stored.
///
/// With `Accept: application/x-ndjson`, the answer is lines of JSON as it goes: `{"type": "progress", …}`, and at last
/// `{"type": "result", "data": …}` or `{"type": "error", "error": …}`.
#[utoipa::path(
    post, path = "/api/v1/rules/preview", tag = "rules", operation_id = "preview_rule",
    request_body = PreviewRule,
    responses(
        (status = 200, description = "What the rule would do.", body = PreviewResponse),
        (status = 403, description = "`forbidden`: the caller must be allowed to read records.", body = ErrorBody),
        (status = 404, description = "`not_found`: there is no rule `ruleId`.", body = ErrorBody),
        (status = 422, description = "`validation_failed`, `invalid_condition` with line and column, or `unknown_label`",
         body = ErrorBody),
    )
)]
pub(crate) async fn preview(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Body<PreviewRule>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::RecordsRead)?;
    let task = Task::check(app, caller, body.content).await?;
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains(LINES) {
        return Ok(task.in_lines());
    }
    let preview = task.run(Silent).await?;
    Ok(Reply::ok(&PreviewResponse::from(&preview)).respond_to(&request).map_into_boxed_body())
}

/// A preview that is known to be possible.
struct Task {
    app: Data<App>,
    caller: Caller,
    candidate: Candidate,
    span: Span,
    limit: u32,
}

impl Task {
    async fn check(app: Data<App>, caller: Caller, body: PreviewRule) -> Result<Self, ApiError> {
        let PreviewRule { condition, label, priority, requires_review, rule_id, scope } = body;
        let cause = &caller.cause;
        let candidate = app
            .db
            .tenant(cause.tenant_id, async |connection| {
                let rules = rules_of_now(connection, &app, cause).await?;
                let condition = Condition::compile_with(&condition, rules.set().lists())
                    .map_err(|error| invalid_condition(&error))?;
                check_label(connection, cause, &label).await?;
                if let Some(id) = rule_id
                    && rules::find(connection, cause.tenant_id, id).await?.is_none()
                {
                    return Err(ApiError::not_found("rule"));
                }
                Ok::<_, ApiError>(Candidate { condition, label, priority, requires_review, replaces: rule_id })
            })
            .await?;
        let span = Span { from: scope.from, to: scope.to };
        Ok(Self { app, caller, candidate, span, limit: scope.limit.unwrap_or(MAX_RECORDS) })
    }

    async fn run(self, progress: impl Progress) -> Result<Preview, ApiError> {
        let Self { app, caller, candidate, span, limit } = self;
        // Each takes a processor for a second or two: some tenants' curiosity must not hold up everybody's records.
        let _turn = app.previews.acquire().await.map_err(ApiError::internal)?;
        let cause = &caller.cause;
        app.db
            .tenant(cause.tenant_id, async |connection| {
                let rules = rules_of_now(connection, &app, cause).await?;
                Ok(preview_rule(connection, &rules, cause, candidate, (span, limit), progress).await?)
            })
            .await
    }

    /// Answers at once and goes on telling. Who hangs up ends the work.
    fn in_lines(self) -> HttpResponse {
        let (lines, told) = mpsc::channel::<Bytes>(LINES_AHEAD);
        let progress = Telling { lines: lines.clone(), limit: self.limit };
        actix_web::rt::spawn(async move {
            let last = match self.run(progress).await {
                Ok(preview) => Line::Result { data: Box::new(PreviewResponse::from(&preview)) },
                Err(error) => Line::Error { error: error.body() },
            };
            // A reader who has gone needs no last line.
            let _ = lines.send(last.bytes()).await;
        });
        let lines = stream::unfold(told, async |mut told| {
            told.recv().await.map(|line| (Ok::<_, std::convert::Infallible>(line), told))
        });
        HttpResponse::Ok()
            .insert_header(BARE)
            .insert_header((CONTENT_TYPE, LINES))
            .insert_header((CACHE_CONTROL, "no-store"))
            .streaming(Box::pin(lines))
    }
}

impl Line {
    fn bytes(&self) -> Bytes {
        let mut line = serde_json::to_vec(self).expect("a line is plain JSON");
        line.push(b'\n');
        line.into()
    }
}

struct Telling {
    lines: mpsc::Sender<Bytes>,
    limit: u32,
}

impl Progress for Telling {
    async fn tell(&mut self, preview: &Preview) -> bool {
        let line = Line::Progress { evaluated: preview.evaluated, matched: preview.matched, limit: self.limit };
        self.lines.send(line.bytes()).await.is_ok()
    }
}
