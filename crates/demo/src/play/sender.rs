//! Sends the planned deliveries one after the other, each signed as its manner wants.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Stage;
use super::deliveries::{Delivery, Manner};
use super::tally::{Reply, Tally};
use crate::api::Answer;
use crate::clock;
use crate::integration::{Integration, Parcel};
use crate::model::Receipt;
use crate::sign::Provider;

/// How old a stale signature is.
const STALE_SECONDS: i64 = 3_600;
/// How long one delivery goes on being tried.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends all and marks the tally as finished, also when it fails.
pub(super) async fn send_all(
    stage: &Stage,
    deliveries: &[Delivery],
    tally: &Mutex<Tally>,
    pace: Duration,
) -> anyhow::Result<()> {
    let mut result = Ok(());
    for delivery in deliveries {
        match send(stage, delivery).await {
            Ok((reply, retried)) => {
                tally.lock().unwrap_or_else(PoisonError::into_inner).take(delivery, reply, retried);
            }
            Err(error) => {
                result = Err(error);
                break;
            }
        }
        sleep(pace).await;
    }
    tally.lock().unwrap_or_else(PoisonError::into_inner).finished = true;
    result
}

/// Sends one delivery; says also whether it took more than one try.
pub(super) async fn send(stage: &Stage, delivery: &Delivery) -> anyhow::Result<(Reply, bool)> {
    let integration = stage.state.integration(delivery.provider)?;
    let Delivery { id, event, body, .. } = delivery;
    let parcel = Parcel { delivery_id: id, event, body };
    match delivery.manner {
        Manner::Valid | Manner::Duplicate => {
            let delivered = integration.deliver(&stage.outside, parcel, Instant::now() + PATIENCE).await?;
            Ok((reply(delivered.answer)?, delivered.retries > 0))
        }
        Manner::Forged => {
            let forger = Integration { secret: other_secret(delivery.provider), ..integration.clone() };
            let delivered = forger.deliver(&stage.outside, parcel, Instant::now() + PATIENCE).await?;
            Ok((reply(delivered.answer)?, delivered.retries > 0))
        }
        Manner::Stale => {
            let headers = integration.sign(parcel, clock::unix_now() - STALE_SECONDS)?;
            let answer = stage.outside.deliver(&integration.path(), &headers, body.clone()).await?;
            Ok((reply(answer)?, false))
        }
    }
}

/// A secret of the right shape that is not the source's.
fn other_secret(provider: Provider) -> String {
    match provider {
        Provider::StandardWebhooks => "whsec_bm90IHRoZSBzZWNyZXQgeW91IGFyZSBsb29raW5nIGZvcg==".to_owned(),
        Provider::Generic | Provider::Github => "not the secret you are looking for".to_owned(),
    }
}

fn reply(answer: Answer) -> anyhow::Result<Reply> {
    if !answer.is_success() {
        return match answer.status {
            401 => Ok(Reply::Refused { code: answer.code().to_owned() }),
            _ => Err(answer.success("the webhook").err().unwrap_or_else(|| anyhow::anyhow!("refused"))),
        };
    }
    let (status, receipt): (u16, Receipt) = (answer.status, answer.read("the webhook")?);
    let record_id = receipt.record_id.ok_or_else(|| anyhow::anyhow!("the webhook was answered without a recordId"))?;
    // The status says it as well as the body; both have to.
    match (status, receipt.duplicate) {
        (202, false) => Ok(Reply::Stored { record_id }),
        (200, true) => Ok(Reply::Duplicate { record_id }),
        (status, duplicate) => anyhow::bail!("a webhook was answered {status} with duplicate = {duplicate}"),
    }
}
