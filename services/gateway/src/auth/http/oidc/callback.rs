//! `POST /auth/oidc/callback`.

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::{DateTime, TenantId, Violation};
use db::DbError;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{ApiError, Body, Check, Reply, RequestContext, idempotent_as};
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::domain::id_token::IdClaims;
use crate::auth::domain::secret::{STATE, Secret};
use crate::auth::http::sealed::{self, principal_of};
use crate::auth::http::views::{SignedInView, user_agent};
use crate::auth::store::sign_in_flows::FlowRow;
use crate::auth::store::sign_in_identities;
use crate::auth::usecases::sign_in::finish::{self, Circumstances, FinishError};
use crate::auth::usecases::sign_in::prove::{self, ProveError, Proven, Returned};
use crate::auth::usecases::sign_in::refuse::{self, Refused};
use crate::tenants::http::views::TenantView;

/// What the kept answer is sealed for.
const PURPOSE: &str = "gateway/finish-sign-in-answer";
/// Longest code, state and token, in bytes.
const MAX: usize = 4_096;

/// What the browser brought back, and what it kept meanwhile.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FinishSignInRequest {
    /// `code` of the query that the browser came back with.
    code: String,
    /// `state` of it.
    state: String,
    /// `iss` of it, if it is there.
    #[serde(default)]
    iss: Option<String>,
    /// `flowToken` of the answer that sent the browser away.
    flow_token: String,
}

impl Check for FinishSignInRequest {
    fn check(&self) -> Vec<Violation> {
        let fields = [("code", &self.code), ("state", &self.state), ("flowToken", &self.flow_token)];
        let long = fields.into_iter().filter(|(_, text)| text.is_empty() || text.len() > MAX);
        long.map(|(path, _)| Violation::new(path, "length", format!("must have 1 to {MAX} bytes"))).collect()
    }
}

/// Somebody whom the provider vouches for, and what their account needs if it is made.
struct Ready {
    proven: Proven,
    no_password: Option<String>,
}

/// Signs in with what the identity provider sent the browser back with.
///
/// The session is one of that tenant only: it cannot change to another, nor touch what is the account's own. Code and
/// state are spent by the call, whatever it answers; a repeated one with the same `Idempotency-Key` gets the first
/// success again.
#[utoipa::path(
    post, path = "/api/v1/auth/oidc/callback", tag = "auth", request_body = FinishSignInRequest,
    responses(
        (status = 200, body = SignedInView, description = "Signed in"),
        (status = 401, description = "`sign_in_failed`: what was brought back is not accepted, with `context.reason`"),
        (status = 403, description = "`sign_in_refused`; `context.reason` is `email_unverified`, `domain`, \
            `member_removed`, `second_factor`, `linked_elsewhere` or `not_member`"),
        (status = 409, description = "`account_link_required`: the address has an account; `idempotency_in_progress`"),
        (status = 422, description = "`validation_failed`"),
        (status = 502, description = "`identity_provider_unavailable`"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn finish_sign_in(
    app: Data<App>,
    context: RequestContext,
    http: HttpRequest,
    body: Body<FinishSignInRequest>,
) -> Result<Reply, ApiError> {
    let Body { content, idempotency } = body;
    let idempotency = app.answer_key.blind(idempotency);
    let now = app.clock.now();
    let keys = app.keys.current(now).await?;
    let returned = Returned {
        state: &content.state,
        flow_token: &content.flow_token,
        code: &content.code,
        iss: content.iss.as_deref(),
    };
    // A repeated request finds its state spent, and its first answer below.
    let flow = prove::take(&app, returned, now).await;
    let tenant = TenantId(flow.as_ref().map_or(Uuid::nil(), |flow| flow.tenant_id));
    let issuer = flow.as_ref().map_or_else(|_| String::new(), |flow| flow.issuer.clone());
    let (mut reason, mut claims) = (None, None);
    let ready = prepare(&app, flow, returned, now).await;
    match &ready {
        Ok(ready) => claims = Some(ready.proven.claims.clone()),
        Err(Unready::Unproven(error)) => reason = error.reason(),
        Err(Unready::Failed(_)) => {}
    }
    let kept = app
        .db
        .tenants(&[TenantId(Uuid::nil()), tenant], async |connection| {
            let principal = principal_of(&content.state);
            idempotent_as(connection, Uuid::nil(), principal, &idempotency, async |connection| {
                let ready = ready?;
                let circumstances = Circumstances {
                    user_agent: user_agent(&http),
                    trace: context.trace,
                    at: now,
                    no_password: ready.no_password.as_deref(),
                };
                let entered = finish::finish(connection, &app, &keys, &ready.proven, circumstances).await;
                let entered = entered.inspect_err(|error: &FinishError| reason = error.reason())?;
                let answer = Reply::ok(&SignedInView {
                    tokens: entered.tokens.into(),
                    user: entered.user.into(),
                    tenant: TenantView::from(entered.tenant),
                    role: entered.role,
                    tenants: None,
                });
                sealed::seal(&app.sealer, PURPOSE, answer)
            })
            .await
        })
        .await;
    if let (Some(reason), false, Err(_)) = (reason, tenant.0.is_nil(), &kept) {
        tell(&app, Refused { tenant, issuer: &issuer, reason, claims: claims.as_ref(), trace: context.trace, at: now })
            .await?;
    }
    sealed::open(&app.sealer, PURPOSE, kept?)
}

/// Why nobody can be let in yet.
enum Unready {
    Unproven(ProveError),
    Failed(ApiError),
}

impl From<Unready> for ApiError {
    fn from(unready: Unready) -> Self {
        match unready {
            Unready::Unproven(error) => error.into(),
            Unready::Failed(error) => error,
        }
    }
}

/// Asks the provider who it is, and prepares an account for somebody who has none.
async fn prepare(
    app: &App,
    flow: Result<FlowRow, ProveError>,
    returned: Returned<'_>,
    now: DateTime,
) -> Result<Ready, Unready> {
    let flow = flow.map_err(Unready::Unproven)?;
    let proven = prove::prove(app, &flow, returned, now).await.map_err(Unready::Unproven)?;
    let IdClaims { iss, sub, .. } = &proven.claims;
    let tenant = proven.tenant;
    let known = app
        .db
        .tenant(tenant, async |connection| {
            sign_in_identities::find(connection, tenant, (iss.as_str(), sub.as_str()), now).await
        })
        .await;
    let known = known.map_err(|error: DbError| Unready::Failed(error.into()))?;
    let no_password = if known.is_some() || proven.linking_user.is_some() {
        None
    } else {
        let nobody_knows = Zeroizing::new(Secret::generate(STATE).expose().to_owned());
        Some(app.passwords.hash(nobody_knows).await.map_err(|error| Unready::Failed(error.into()))?)
    };
    Ok(Ready { proven, no_password })
}

async fn tell(app: &App, refused: Refused<'_>) -> Result<(), DbError> {
    app.db.tenant(refused.tenant, async |connection| refuse::refuse(connection, app, refused).await).await
}
