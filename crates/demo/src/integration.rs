//! A source as its sender knows it: where to deliver, and the secret to sign with.

use std::time::Duration;

use anyhow::bail;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::api::{Answer, Api};
use crate::clock;
use crate::sign::{self, Headers, Provider, Signable};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Integration {
    pub(crate) id: String,
    pub(crate) provider: Provider,
    pub(crate) secret: String,
}

/// One thing to deliver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel<'a> {
    /// Stays the same however often it is tried.
    pub(crate) delivery_id: &'a str,
    pub(crate) event: &'a str,
    pub(crate) body: &'a str,
}

/// The answer to a delivery that was tried until there was one.
pub(crate) struct Delivered {
    pub(crate) answer: Answer,
    /// Tries that failed before.
    pub(crate) retries: u32,
}

impl Integration {
    /// The webhook's path behind `/api/v1`.
    pub(crate) fn path(&self) -> String {
        format!("/integrations/webhooks/{}/{}", self.provider.as_str(), self.id)
    }

    /// The headers of a delivery signed at that time.
    pub(crate) fn sign(&self, parcel: Parcel<'_>, timestamp: i64) -> anyhow::Result<Headers> {
        let Parcel { delivery_id, event, body } = parcel;
        sign::headers(self.provider, &self.secret, Signable { delivery_id, timestamp, body, event })
    }

    /// Delivers as a good sender does: tries again on silence, 429 and 5xx, under the same delivery id and with a
    /// fresh signature, until `deadline`.
    pub(crate) async fn deliver(&self, api: &Api, parcel: Parcel<'_>, deadline: Instant) -> anyhow::Result<Delivered> {
        let path = self.path();
        let mut pause = Duration::from_millis(100);
        let mut retries = 0;
        loop {
            let headers = self.sign(parcel, clock::unix_now())?;
            let (wait, last) = match api.deliver(&path, &headers, parcel.body.to_owned()).await {
                Ok(answer) if answer.status == 429 || answer.status >= 500 => {
                    (answer.retry_after.unwrap_or(pause), answer.in_words())
                }
                Ok(answer) => return Ok(Delivered { answer, retries }),
                Err(error) => (pause, format!("{:#}", anyhow::Error::from(error))),
            };
            if Instant::now() + wait >= deadline {
                bail!("delivery {} was not acknowledged after {} tries: {last}", parcel.delivery_id, retries + 1);
            }
            sleep(wait).await;
            retries += 1;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }
}
