//! `POST /auth/signup`.

use actix_web::HttpRequest;
use actix_web::web::Data;
use common::event::Cause;
use common::identity::ActorKind;
use common::{Actor, Role, TenantId, UserId, Violation};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{ApiError, Body, Check, Reply, RequestContext, idempotent_as};
use zeroize::Zeroizing;

use super::sealed::{self, principal_of};
use super::views::{SignedInView, UserView, user_agent};
use crate::app::App;
use crate::auth::domain::email::Email;
use crate::auth::domain::password;
use crate::auth::usecases::signup::{self, SignupError};
use crate::tenants::domain::check_name;
use crate::tenants::http::views::TenantView;

/// What the kept answer is sealed for.
const PURPOSE: &str = "gateway/signup-answer";

/// Who signs up.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignupRequest {
    /// Their e-mail address.
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// From 8 to 256 characters, and none of the commonest.
    #[schema(min_length = 8, max_length = 256)]
    password: String,
    /// What they are called.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What their tenant is called.
    #[schema(min_length = 1, max_length = 200)]
    tenant_name: String,
}

impl Check for SignupRequest {
    fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        Email::check(&mut found, "email", &self.email);
        password::check(&mut found, "password", &self.password, &[&self.email, &self.name, &self.tenant_name]);
        check_name(&mut found, "name", &self.name);
        check_name(&mut found, "tenantName", &self.tenant_name);
        found
    }
}

/// Signs up with a tenant of one's own.
#[utoipa::path(
    post, path = "/api/v1/auth/signup", tag = "auth", request_body = SignupRequest,
    responses(
        (status = 201, body = SignedInView, description = "Signed up and signed in, as the owner of a new tenant"),
        (status = 409, description = "`email_taken`; `idempotency_in_progress`"),
        (status = 422, description = "`validation_failed`"),
        (status = 503, description = "`overloaded`"),
    )
)]
pub(crate) async fn signup(
    app: Data<App>,
    context: RequestContext,
    http: HttpRequest,
    body: Body<SignupRequest>,
) -> Result<Reply, ApiError> {
    let Body { content: input, idempotency } = body;
    let idempotency = app.answer_key.blind(idempotency);
    let email = Email::parse(&input.email).ok_or_else(|| ApiError::internal("a checked address does not parse"))?;
    let hash = app.passwords.hash(Zeroizing::new(input.password)).await.map_err(SignupError::from)?;
    let now = app.clock.now();
    let keys = app.keys.current(now).await?;
    let (user, tenant) = (UserId::generate(), TenantId::generate());
    let actor = Actor { kind: ActorKind::User, id: user.to_string(), name: Some(email.as_str().to_owned()) };
    let cause = Cause { tenant_id: tenant, actor, trace: context.trace, at: now };
    let new = signup::Signup {
        user,
        tenant,
        email: &email,
        name: &input.name,
        password_hash: &hash,
        tenant_name: &input.tenant_name,
        user_agent: user_agent(&http),
    };
    // The kept answer is nobody's tenant's: whoever repeats the request names none.
    let kept = app
        .db
        .tenants(&[TenantId(Uuid::nil()), tenant], async |connection| {
            let principal = principal_of(email.as_str());
            idempotent_as(connection, Uuid::nil(), principal, &idempotency, async |connection| {
                let (row, tokens) = signup::signup(connection, &app, &keys, &cause, new).await?;
                let answer = Reply::created(&SignedInView {
                    tokens: tokens.into(),
                    user: UserView { id: user, email: email.as_str().to_owned(), name: input.name.clone() },
                    tenant: TenantView::from(row),
                    role: Role::Owner,
                    tenants: None,
                });
                sealed::seal(&app.sealer, PURPOSE, answer)
            })
            .await
        })
        .await?;
    sealed::open(&app.sealer, PURPOSE, kept)
}
