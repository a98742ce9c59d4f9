//! Tells a tenant's owners that somebody was not let in through its identity provider.

use common::event::{Cause, Event, SignInRefused};
use common::trace::TraceContext;
use common::{Actor, DateTime, TenantId};
use db::{Connection, DbError};

use crate::app::App;
use crate::auth::domain::id_token::IdClaims;

/// Longest address that is told, in characters.
const MAX_EMAIL: usize = 254;

/// A sign-in that was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused<'a> {
    pub tenant: TenantId,
    pub issuer: &'a str,
    pub reason: &'static str,
    /// Who it was, when the provider's word for it was good.
    pub claims: Option<&'a IdClaims>,
    pub trace: TraceContext,
    pub at: DateTime,
}

/// Tells it, in a transaction of its own: that of the sign-in is rolled back.
pub(crate) async fn refuse(connection: &mut Connection, app: &App, refused: Refused<'_>) -> Result<(), DbError> {
    let actor = Actor::service("gateway");
    let cause = Cause { tenant_id: refused.tenant, actor, trace: refused.trace, at: refused.at };
    let email = refused.claims.and_then(|claims| claims.email.as_deref());
    let told = SignInRefused {
        tenant_id: refused.tenant,
        issuer: refused.issuer.to_owned(),
        reason: refused.reason.to_owned(),
        subject: refused.claims.map(|claims| claims.sub.clone()),
        email: email.map(|email| email.chars().filter(|c| !c.is_control()).take(MAX_EMAIL).collect()),
    };
    app.outbox.append(connection, &[Event::new(&cause, "gateway", &told)]).await
}
