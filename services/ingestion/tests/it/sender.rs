//! A source as its provider plays it: signs, delivers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Clock as _, Role, SystemClock, TenantId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use test_support::{Answer, Client, TestApp};

/// A connected source and what its provider knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) id: String,
    pub(crate) path: String,
    provider: String,
    secret: String,
    client: Client,
}

/// Connects a source as the tenant's admin.
pub(crate) async fn connect(app: &TestApp, tenant: TenantId, provider: &str) -> Sender {
    connect_as(app, tenant, provider, &format!("{provider} source")).await
}

/// The same under a name, for a second source of one provider.
pub(crate) async fn connect_as(app: &TestApp, tenant: TenantId, provider: &str, name: &str) -> Sender {
    let body = json!({"provider": provider, "name": name});
    let made = app.caller(tenant, Role::Admin).post("/api/v1/integrations", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    Sender::of(app, &made.body)
}

impl Sender {
    pub(crate) fn of(app: &TestApp, integration: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let (id, provider) = (text(&integration["id"]), text(&integration["provider"]));
        let path = format!("/api/v1/integrations/webhooks/{provider}/{id}");
        assert_eq!(text(&integration["webhook"]["url"]), format!("https://verdict.example{path}"));
        Self { id, path, provider, secret: text(&integration["webhook"]["secret"]), client: app.anonymous() }
    }

    pub(crate) fn with_secret(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    /// The same, signing as for another provider.
    pub(crate) fn signing_as(&self, provider: &str) -> Self {
        Self { provider: provider.to_owned(), ..self.clone() }
    }

    /// The headers of a delivery signed some seconds from now.
    pub(crate) fn sign(&self, id: &str, body: &[u8], seconds: i64) -> Vec<(&'static str, String)> {
        let time = (SystemClock.now().timestamp() + seconds).to_string();
        let text = self.secret.as_bytes();
        match self.provider.as_str() {
            "generic" => vec![
                ("x-signature", format!("sha256={}", hex::encode(mac(text, &[time.as_bytes(), b".", body])))),
                ("x-timestamp", time),
                ("x-delivery-id", id.to_owned()),
            ],
            "github" => vec![
                ("x-hub-signature-256", format!("sha256={}", hex::encode(mac(text, &[body])))),
                ("x-github-delivery", id.to_owned()),
                ("x-github-event", "issues".to_owned()),
            ],
            "stripe" => {
                let digest = hex::encode(mac(text, &[time.as_bytes(), b".", body]));
                vec![("stripe-signature", format!("t={time},v1={},v1={digest}", "0".repeat(64)))]
            }
            "shopify" => vec![
                ("x-shopify-hmac-sha256", STANDARD.encode(mac(text, &[body]))),
                ("x-shopify-webhook-id", id.to_owned()),
            ],
            "slack" => vec![
                ("x-slack-signature", format!("v0={}", hex::encode(mac(text, &[b"v0:", time.as_bytes(), b":", body])))),
                ("x-slack-request-timestamp", time),
            ],
            "gitlab" => vec![("x-gitlab-token", self.secret.clone()), ("x-gitlab-event-uuid", id.to_owned())],
            _ => {
                let key = STANDARD.decode(self.secret.strip_prefix("whsec_").expect("its form")).expect("base64");
                let digest = mac(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
                vec![
                    ("webhook-signature", format!("v1,{}", STANDARD.encode(digest))),
                    ("webhook-timestamp", time),
                    ("webhook-id", id.to_owned()),
                ]
            }
        }
    }

    pub(crate) async fn send_with(&self, headers: &[(&'static str, String)], body: &[u8]) -> Answer {
        let mut all: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.push(("content-type", "application/json"));
        self.client.send_raw("POST", &self.path, &all, body.to_vec()).await
    }

    /// Delivers rightly signed.
    pub(crate) async fn send(&self, id: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.send_with(&self.sign(id, body.as_bytes(), 0), body.as_bytes()).await
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}
