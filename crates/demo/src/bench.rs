//! `bench-prepare`: a tenant for measuring and a file of requests that a load generator can send as they are.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use crate::api::Api;
use crate::cli::BenchPrepareArgs;
use crate::corpus::Corpus;
use crate::feed::Feed;
use crate::integration::{Integration, Parcel};
use crate::sign::Provider;
use crate::{chance, clock, setup, ui};

/// How many rules each record of a measurement is held against; the data set has a few more.
const RULES: usize = 12;
/// Requests are signed before the run, which may start much later.
const TOLERANCE_SECONDS: u32 = 86_400;
/// How long the events of the preparation may take to reach the feed.
const SETTLE_SECONDS: u32 = 30;

pub(crate) async fn run(args: &BenchPrepareArgs) -> anyhow::Result<()> {
    let at = &args.at;
    let email = setup::fresh_email("bench");
    let mut state = setup::sign_up(&at.gateway, &email, "Bea Bench", "Bench (made up)").await?;
    let api = state.owner(&at.gateway)?;
    setup::ensure_labels(&api).await?;
    setup::ensure_rules(&api, RULES).await?;
    let provider = Provider::StandardWebhooks;
    let config = json!({"toleranceSeconds": TOLERANCE_SECONDS});
    let integration = setup::ensure_integration(&api, None, provider, "Load generator", Some(config)).await?;
    state.integrations.insert(provider, integration.clone());
    state.feed_position = settled_position(&api).await?;
    state.save(&at.state)?;

    let corpus = Corpus::new(chance::run_name())?;
    let bytes = write(args, &integration, &corpus)
        .with_context(|| format!("cannot write the requests to {}", args.out.display()))?;
    ui::say(json!({
        "requests": args.count,
        "bytes": bytes,
        "path": format!("/api/v1{}", integration.path()),
        "tenantId": state.tenant_id,
        "feedPosition": state.feed_position,
    }));
    Ok(())
}

/// The feed's last position once the events of the preparation itself have arrived: it stands still for a second.
async fn settled_position(api: &Api) -> anyhow::Result<u64> {
    let mut feed = Feed::from_start();
    let mut position = 0;
    for _ in 0..SETTLE_SECONDS {
        sleep(Duration::from_secs(1)).await;
        let read = feed.drain(api, |event| position = event.position).await?;
        if read == 0 && position > 0 {
            return Ok(position);
        }
    }
    bail!("the feed does not come to rest after the preparation; it stands at position {position}")
}

fn write(args: &BenchPrepareArgs, integration: &Integration, corpus: &Corpus) -> anyhow::Result<usize> {
    let path = format!("/api/v1{}", integration.path());
    let mut out = BufWriter::new(File::create(&args.out)?);
    let mut bytes = 0;
    for number in 0..args.count {
        let delivery_id = corpus.delivery_id(number);
        let body = corpus.body(number);
        let parcel = Parcel { delivery_id: &delivery_id, event: "", body: &body };
        let signed = integration.sign(parcel, clock::unix_now())?;
        let mut headers: Map<String, Value> =
            signed.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        headers.insert("content-type".to_owned(), "application/json".into());
        writeln!(out, "{path}\t{}\t{body}", Value::Object(headers))?;
        bytes += body.len();
    }
    out.flush()?;
    Ok(bytes)
}
