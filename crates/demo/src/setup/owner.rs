//! The demo tenant's owner: a made-up person who signs up once and signs in from then on.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::fresh_email;
use crate::api::{Answer, Api, Caller};
use crate::chance;
use crate::state::State;
use crate::ui;

const EMAIL: &str = "demo@verdict.example";
const NAME: &str = "Dana Demo";
const TENANT: &str = "Lantern & Co (made up)";

/// The owner of the state file when the gateway still knows them, else a new one.
pub(super) async fn ensure(gateway: &str, file: &Path) -> anyhow::Result<State> {
    let api = Api::new(gateway, Caller::Nobody)?;
    if let Some(state) = State::load(file)? {
        let body = json!({"email": state.email, "password": state.password, "tenantId": state.tenant_id});
        let answer = api.call(Method::POST, "/auth/login", &[], Some(&body)).await?;
        if answer.is_success() {
            return Ok(state);
        }
        if !matches!(answer.status, 401 | 403 | 404) {
            answer.success("POST /auth/login")?;
        }
        ui::note("the gateway does not know the owner in the state file (was it reset?); signing up anew");
    }
    let answer = try_sign_up(&api, EMAIL, NAME, TENANT).await?;
    let (email, answer) = if matches!(answer.0.status, 409 | 422) {
        // The address is taken and its password was in a state file that is gone.
        let email = fresh_email("demo");
        ui::note(format!("{EMAIL} is taken on this gateway ({}); using {email}", answer.0.code()));
        let second = try_sign_up(&api, &email, NAME, TENANT).await?;
        (email, second)
    } else {
        (EMAIL.to_owned(), answer)
    };
    let state = state_of(&email, answer)?;
    state.save(file)?;
    Ok(state)
}

/// Signs a new owner up with a new tenant.
pub(crate) async fn sign_up(gateway: &str, email: &str, name: &str, tenant: &str) -> anyhow::Result<State> {
    let api = Api::new(gateway, Caller::Nobody)?;
    state_of(email, try_sign_up(&api, email, name, tenant).await?)
}

async fn try_sign_up(api: &Api, email: &str, name: &str, tenant: &str) -> anyhow::Result<(Answer, String)> {
    let password = chance::password();
    let body = json!({"email": email, "password": password, "name": name, "tenantName": tenant});
    Ok((api.call(Method::POST, "/auth/signup", &[], Some(&body)).await?, password))
}

fn state_of(email: &str, (answer, password): (Answer, String)) -> anyhow::Result<State> {
    let data: Value = answer.success("POST /auth/signup")?.read("POST /auth/signup")?;
    let tenant_id = data["tenant"]["id"].as_str().context("signup gave no tenant.id")?.to_owned();
    Ok(State {
        email: email.to_owned(),
        password,
        tenant_id,
        api_key: None,
        integrations: BTreeMap::new(),
        feed_position: 0,
    })
}
