//! Finishing an authorisation: the state is spent first, then the code is exchanged, then the source is connected.

use common::event::{Cause, Event, IntegrationAuthorized};
use common::trace::TraceContext;
use common::{IntegrationId, SyncRunId};
use db::DbError;
use settings::ExposeSecret as _;

use super::authorize_integration::redirect_uri;
use super::connection::{open_text, pull_source, seal_tokens};
use crate::app::App;
use crate::domain::entry::AGENT;
use crate::domain::oauth::{Grant, Sealed, state_hash};
use crate::provider_client::{self, TokenError};
use crate::store;
use crate::store::oauth::{OauthState, Tokens};

/// What a provider's redirect brought.
#[derive(Debug)]
pub(crate) struct Callback {
    pub(crate) state: String,
    /// The code, or what the provider says against it.
    pub(crate) outcome: Result<String, String>,
}

/// Why a source was not connected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FinishAuthorizationError {
    #[error("the state is unknown, spent or expired")]
    UnknownState,
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error("the provider did not answer: {0}")]
    Unavailable(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Connects the source that the state was made for. Whatever comes of it, the state is spent.
pub(crate) async fn finish_authorization(
    app: &App,
    trace: TraceContext,
    callback: Callback,
) -> Result<IntegrationId, FinishAuthorizationError> {
    let now = app.clock.now();
    let hash = state_hash(&callback.state);
    let state = app.db.system(async |connection| store::oauth::take_state(connection, &hash).await).await?;
    let state = state.filter(|state| state.expires_at > now).ok_or(FinishAuthorizationError::UnknownState)?;
    let code = callback.outcome.map_err(FinishAuthorizationError::Refused)?;
    let grant = exchange(app, &state, &code).await?;
    let (tenant, id) = (state.tenant_id, state.integration_id);
    let cause = Cause { tenant_id: tenant, actor: state.actor.clone(), trace, at: app.clock.now() };
    app.db
        .tenant(tenant, async |connection| {
            // Locked, so that a source which is deleted meanwhile is not connected.
            let found = store::integrations::find_for_update(connection, tenant, id).await?;
            let integration = found.ok_or(FinishAuthorizationError::UnknownState)?;
            let sealed = seal_tokens(&app.sealer, (tenant, id), &grant, None);
            let tokens = Tokens { sealed: &sealed, scope: grant.scope.as_deref(), expires_at: grant.expires_at };
            let client = state.client_secret_sealed.as_deref();
            store::pulls::make_due(connection, (tenant, id), cause.at).await?;
            // Whoever pulls with the tokens of before has nothing to say about the new ones.
            store::pulls::revoke(connection, (tenant, id)).await?;
            store::oauth::connect(connection, (tenant, id), client, &tokens, cause.at).await?;
            store::pulls::queue_run(connection, (tenant, id), SyncRunId::generate(), "connection", cause.at).await?;
            let authorized =
                IntegrationAuthorized { integration_id: id, name: integration.name, scope: grant.scope.clone() };
            app.outbox.append(connection, &[Event::new(&cause, AGENT, &authorized)]).await?;
            Ok::<_, FinishAuthorizationError>(())
        })
        .await?;
    Ok(id)
}

async fn exchange(app: &App, state: &OauthState, code: &str) -> Result<Grant, FinishAuthorizationError> {
    let of = (state.tenant_id, state.integration_id);
    let found = app.db.tenant(of.0, async |connection| store::integrations::find(connection, of.0, of.1).await).await?;
    let source =
        found.as_ref().and_then(|row| pull_source(app.catalogue, row)).ok_or(FinishAuthorizationError::UnknownState)?;
    let open = |what, sealed: &[u8]| open_text(&app.sealer, of, what, sealed);
    let verifier = open(Sealed::Verifier, &state.verifier_sealed).ok_or(FinishAuthorizationError::UnknownState)?;
    let secret = state.client_secret_sealed.as_deref().and_then(|sealed| open(Sealed::Client, sealed));
    let redirect_uri = redirect_uri(app);
    let given = (code, verifier.expose_secret(), redirect_uri.as_str());
    provider_client::exchange(&app.outbound, (&source.oauth, secret.as_ref()), given, app.clock.now()).await.map_err(
        |error| match error {
            TokenError::Refused(said) | TokenError::NotCallable(said) => FinishAuthorizationError::Refused(said),
            TokenError::Unavailable { error, .. } => FinishAuthorizationError::Unavailable(error),
        },
    )
}
