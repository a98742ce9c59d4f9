//! Deliveries: signed at the moment of sending, tried again until they are taken, and as badly as the knobs say.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::clock;
use crate::knobs::Knobs;
use crate::world::{Outgoing, World};

/// Tries of one delivery.
const TRIES: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Sends what the world makes, until the world is gone.
pub(crate) async fn deliver(world: Arc<Mutex<World>>, mut outgoing: mpsc::Receiver<Outgoing>) {
    let client = reqwest::Client::new();
    while let Some(delivery) = outgoing.recv().await {
        let knobs = world.lock().unwrap_or_else(PoisonError::into_inner).knobs.clone();
        if rand::random_range(0..100) < knobs.drop_percent {
            continue;
        }
        for _ in 0..=knobs.duplicate {
            let (client, delivery, knobs) = (client.clone(), delivery.clone(), knobs.clone());
            if knobs.reorder_millis == 0 && knobs.delay_millis == 0 {
                // In order, for as long as the receiver takes what comes.
                if !send(&client, &delivery, &knobs).await {
                    tokio::spawn(async move { retry(&client, &delivery, &knobs).await });
                }
            } else {
                tokio::spawn(async move {
                    let jitter = rand::random_range(0..=knobs.reorder_millis);
                    sleep(Duration::from_millis(knobs.delay_millis + jitter)).await;
                    if !send(&client, &delivery, &knobs).await {
                        retry(&client, &delivery, &knobs).await;
                    }
                });
            }
        }
    }
}

async fn retry(client: &reqwest::Client, delivery: &Outgoing, knobs: &Knobs) {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        sleep(pause).await;
        pause *= 2;
        if send(client, delivery, knobs).await {
            return;
        }
    }
}

/// Sends once; whether it was taken.
async fn send(client: &reqwest::Client, delivery: &Outgoing, knobs: &Knobs) -> bool {
    // By the machine's clock: a receiver compares it with its own, which no test clock moves.
    let time = clock::machine();
    let signed = |secret: &String| format!("v1={}", sign(secret, time, &delivery.body));
    let mut header =
        std::iter::once(format!("t={time}")).chain(delivery.secrets.iter().map(signed)).collect::<Vec<_>>();
    let mut body = delivery.body.clone();
    match knobs.tamper.as_deref() {
        Some("body") => body = body.replacen("\"livemode\": false", "\"livemode\": true", 1),
        Some(_) => header = vec![format!("t={time}"), format!("v1={}", "0".repeat(64))],
        None => {}
    }
    let request = client
        .post(&delivery.url)
        .header("content-type", "application/json; charset=utf-8")
        .header("stripe-signature", header.join(","))
        .timeout(Duration::from_secs(20))
        .body(body);
    request.send().await.is_ok_and(|answer| answer.status().is_success())
}

fn sign(secret: &str, time: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(format!("{time}.").as_bytes());
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
