//! GitHub payloads as files named `event.action.json`: delivered as GitHub would, signed with the demo's secret.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use super::Sent;
use crate::api::Api;
use crate::integration::Parcel;
use crate::model::Receipt;
use crate::sign::Provider;
use crate::state::State;

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Payload {
    name: String,
    event: String,
    body: String,
}

/// The payloads at a path: every `.json` file of a folder, or the one file if it looks like GitHub's. Empty when the
/// path holds ordinary records.
pub(super) fn find(path: &Path) -> anyhow::Result<Vec<Payload>> {
    if path.is_dir() {
        let mut files: Vec<PathBuf> = std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .with_context(|| format!("cannot read {}", path.display()))?;
        files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
        files.sort();
        if files.is_empty() {
            bail!("{} holds no .json file", path.display());
        }
        return files.iter().map(|file| read(file)).collect();
    }
    if path.extension().is_none_or(|kind| kind != "json") {
        return Ok(Vec::new());
    }
    let payload = read(path)?;
    Ok(if is_githubs(&payload.body) { vec![payload] } else { Vec::new() })
}

fn read(file: &Path) -> anyhow::Result<Payload> {
    let body = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let event = name.split('.').next().unwrap_or_default().to_owned();
    Ok(Payload { name, event, body })
}

/// Every payload of GitHub names who caused it, and a repository, an organisation or a hook.
fn is_githubs(body: &str) -> bool {
    let Ok(Value::Object(body)) = serde_json::from_str(body) else { return false };
    body.contains_key("sender") && ["repository", "organization", "hook"].iter().any(|name| body.contains_key(*name))
}

pub(super) async fn send(outside: &Api, state: &State, payloads: &[Payload]) -> anyhow::Result<Sent> {
    let integration = state.integration(Provider::Github)?;
    let mut sent = Sent::default();
    for Payload { name, event, body } in payloads {
        // The same payload has the same delivery id, so that playing it again stores nothing twice.
        let delivery_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, body.as_bytes()).to_string();
        let parcel = Parcel { delivery_id: &delivery_id, event, body };
        let answer = integration.deliver(outside, parcel, Instant::now() + PATIENCE).await?.answer;
        if !answer.is_success() {
            sent.rejected.push(format!("{name}: {}", answer.in_words()));
            continue;
        }
        let receipt: Receipt = answer.read("the webhook")?;
        if receipt.duplicate {
            sent.duplicates += 1;
        } else {
            sent.accepted += 1;
        }
        sent.ids.extend(receipt.record_id);
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn githubs_payloads_are_told_from_records() {
        assert!(is_githubs(r#"{"zen":"Keep it logically awesome.","hook":{},"sender":{"login":"a"}}"#));
        assert!(is_githubs(r#"{"action":"opened","repository":{},"sender":{}}"#));
        assert!(!is_githubs(r#"{"text":"hello","sender":"me"}"#));
        assert!(!is_githubs("[1]"));
    }

    #[test]
    fn the_event_is_the_names_first_part() {
        let file = std::env::temp_dir().join(format!("issues.opened.{}.json", crate::chance::run_name()));
        std::fs::write(&file, r#"{"action":"opened","repository":{},"sender":{}}"#).expect("writes");
        let found = find(&file).expect("reads");
        std::fs::remove_file(&file).expect("cleans up");
        assert_eq!(found[0].event, "issues");
    }
}
