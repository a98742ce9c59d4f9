//! The tenant's labels, rules, sources and key: created where they are missing, left alone where somebody has them.

use std::collections::HashSet;

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::data;
use crate::integration::Integration;
use crate::model::Named;
use crate::sign::Provider;

/// Makes the missing labels and says how many.
pub(crate) async fn ensure_labels(api: &Api) -> anyhow::Result<usize> {
    ensure_named(api, "/labels", data::labels()?).await
}

/// Makes the missing ones of the first `limit` rules and says how many.
pub(crate) async fn ensure_rules(api: &Api, limit: usize) -> anyhow::Result<usize> {
    ensure_named(api, "/rules", data::rules()?.into_iter().take(limit).collect()).await
}

async fn ensure_named(api: &Api, path: &str, wanted: Vec<Value>) -> anyhow::Result<usize> {
    let there: HashSet<String> = api.list::<Named>(path, &[]).await?.into_iter().map(|row| row.name).collect();
    let mut made = 0;
    for row in wanted {
        let name = row["name"].as_str().unwrap_or_default();
        if !there.contains(name) {
            api.post::<Named>(path, &row).await.with_context(|| format!("creating “{name}”"))?;
            made += 1;
        }
    }
    Ok(made)
}

/// The known source when the gateway still has it, else a new one. A source whose secret is lost is of no use to a
/// sender, so it is not looked for by name.
pub(crate) async fn ensure_integration(
    api: &Api,
    known: Option<&Integration>,
    provider: Provider,
    name: &str,
    config: Option<Value>,
) -> anyhow::Result<Integration> {
    if let Some(known) = known {
        let answer = api.call(Method::GET, &format!("/integrations/{}", known.id), &[], None).await?;
        if answer.status != 404 {
            answer.success("GET /integrations/{id}")?;
            return Ok(known.clone());
        }
    }
    let mut body = json!({"provider": provider.as_str(), "name": name});
    if let Some(config) = config {
        body["config"] = config;
    }
    let made: Value = api.post("/integrations", &body).await?;
    let id = made["id"].as_str().context("the new integration has no id")?.to_owned();
    let secret = made["webhook"]["secret"].as_str().context("the new integration shows no secret")?.to_owned();
    Ok(Integration { id, provider, secret })
}

/// A key for programs that send records and read what became of them.
pub(super) async fn create_key(api: &Api) -> anyhow::Result<String> {
    let made: Value = api.post("/auth/api-keys", &json!({"name": "Demo sender", "role": "agent"})).await?;
    made["key"].as_str().map(ToOwned::to_owned).context("the new API key is not shown")
}
