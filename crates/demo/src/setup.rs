//! `setup`: makes the demo tenant with all that the demo needs, or finds what is already there.
//!
//! Every step looks first and creates what is missing, so a second run changes nothing.

mod catalogue;
mod owner;

use crate::api::{Api, Caller};
use crate::chance;
use crate::cli::SetupArgs;
use crate::sign::Provider;
use crate::state::State;
use crate::ui;

pub(crate) use catalogue::{ensure_integration, ensure_labels, ensure_rules};
pub(crate) use owner::sign_up;

/// The sources of the demo: provider and name.
const SOURCES: [(Provider, &str); 3] = [
    (Provider::Generic, "Support desk"),
    (Provider::StandardWebhooks, "Bank feed"),
    (Provider::Github, "Issue tracker"),
];

pub(crate) async fn run(args: &SetupArgs) -> anyhow::Result<()> {
    let at = &args.at;
    let mut state = owner::ensure(&at.gateway, &at.state).await?;
    let api = state.owner(&at.gateway)?;
    let labels = ensure_labels(&api).await?;
    let rules = ensure_rules(&api, usize::MAX).await?;
    for (provider, name) in SOURCES {
        let integration = ensure_integration(&api, state.integrations.get(&provider), provider, name, None).await?;
        state.integrations.insert(provider, integration);
        // Saved at once: a secret is shown only once.
        state.save(&at.state)?;
    }
    if !has_working_key(&at.gateway, &state).await? {
        state.api_key = Some(catalogue::create_key(&api).await?);
        state.save(&at.state)?;
    }
    ui::note(format!("demo tenant: {labels} labels and {rules} rules made, {} sources ready", SOURCES.len()));
    print(&at.gateway, &state);
    Ok(())
}

async fn has_working_key(gateway: &str, state: &State) -> anyhow::Result<bool> {
    let Some(key) = &state.api_key else { return Ok(false) };
    let api = Api::new(gateway, Caller::Key(key.clone()))?;
    let answer = api.call(reqwest::Method::GET, "/records", &[("limit", "1".to_owned())], None).await?;
    Ok(answer.is_success())
}

fn print(gateway: &str, state: &State) {
    let gateway = gateway.trim_end_matches('/');
    ui::say(format!("Gateway   {gateway}"));
    ui::say(format!("Docs      {gateway}/docs"));
    ui::say(format!("E-mail    {}", state.email));
    ui::say(format!("Password  {}", state.password));
    ui::say(format!("Tenant    {}", state.tenant_id));
    ui::say(format!("API key   {}", state.api_key.as_deref().unwrap_or("none")));
}

/// A made-up address that nobody has signed up with yet.
pub(crate) fn fresh_email(who: &str) -> String {
    format!("{who}+{}@verdict.example", chance::run_name())
}
