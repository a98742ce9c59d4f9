//! A gateway under test, and people who use it.

use gateway::Gateway;
use gateway::settings::{
    AuthSettings, CorsSettings, GatewaySettings, HashingSettings, MailSettings, ProxySettings, RateLimitSettings,
    SignInSettings, UpstreamUrls,
};
use outbound::OutboundSettings;
use serde_json::{Value, json};
use settings::{ExposeSecret as _, PublicSettings};
use test_support::{Answer, Client, Resources, TestApp};

use crate::upstream;

/// Settings with cheap passwords and one server for all services.
pub(crate) fn settings(resources: &Resources, url: &str) -> GatewaySettings {
    GatewaySettings {
        server: resources.server(),
        database: resources.database(),
        broker: resources.broker(),
        internal: resources.internal(),
        sealing: resources.sealing(),
        public: PublicSettings::default(),
        upstreams: UpstreamUrls {
            ingestion: url.to_owned(),
            processing: url.to_owned(),
            approvals: url.to_owned(),
            billing: url.to_owned(),
            reporting: url.to_owned(),
        },
        proxy: ProxySettings { connect_timeout_millis: 500, answer_timeout_millis: 10_000 },
        auth: AuthSettings {
            hashing: HashingSettings { memory_kib: 64, iterations: 1, lanes: 1, concurrency: 4 },
            ..Default::default()
        },
        rate_limits: RateLimitSettings::default(),
        cors: CorsSettings::default(),
        mail: MailSettings { folder: Some(mail_folder(resources)), ..Default::default() },
        sign_in: SignInSettings::default(),
        outbound: OutboundSettings::default(),
        telemetry: resources.telemetry(),
    }
}

/// A gateway in front of a server that tells what it was sent.
pub(crate) async fn start() -> TestApp {
    start_with(|_| {}).await
}

/// The same with some settings changed.
pub(crate) async fn start_with(change: impl FnOnce(&mut GatewaySettings)) -> TestApp {
    let url = upstream::start();
    TestApp::start::<Gateway>(|resources| {
        let mut settings = settings(resources, &url);
        change(&mut settings);
        settings
    })
    .await
}

/// Somebody with a credential.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub client: Client,
    pub token: String,
    pub refresh_token: String,
    pub id: String,
    pub tenant: String,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Signs a new person up, as the owner of a new tenant.
pub(crate) async fn sign_up(app: &TestApp, name: &str) -> User {
    let body = json!({
        "email": format!("{name}@example.com"), "password": PASSWORD, "name": name, "tenantName": format!("{name}'s"),
    });
    let answer = app.anonymous().post("/api/v1/auth/signup", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    User::signed_in(app, &answer)
}

/// Makes a member of `owner`'s tenant with that role, as an invitation would, and signs them in.
pub(crate) async fn member(app: &TestApp, owner: &User, role: &str, name: &str) -> User {
    let own = sign_up(app, name).await;
    app.owner_sql(&format!(
        "INSERT INTO memberships (tenant_id, user_id, role, joined_at) VALUES ('{}', '{}', '{role}', now())",
        owner.tenant, own.id
    ))
    .await;
    let answer = own.post("/api/v1/auth/tenant", json!({"tenantId": owner.tenant})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    User::signed_in(app, &answer)
}

/// A machine with an API key of that role.
pub(crate) async fn machine(app: &TestApp, owner: &User, role: &str) -> User {
    let answer = owner.post("/api/v1/auth/api-keys", json!({"name": role, "role": role})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let data = &answer.body["data"];
    User {
        client: app.anonymous(),
        token: text(&data["key"]),
        refresh_token: String::new(),
        id: text(&data["id"]),
        tenant: owner.tenant.clone(),
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// The code of an error answer.
pub(crate) fn code(answer: &Answer) -> &str {
    answer.body["error"]["code"].as_str().unwrap_or_default()
}

impl User {
    /// What an answer with tokens gives.
    pub(crate) fn signed_in(app: &TestApp, answer: &Answer) -> Self {
        let data = &answer.body["data"];
        Self {
            client: app.anonymous(),
            token: text(&data["accessToken"]),
            refresh_token: text(&data["refreshToken"]),
            id: text(&data["user"]["id"]),
            tenant: text(&data["tenant"]["id"]),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, &[], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        self.client.send(method, path, &all, body).await
    }
}

/// Where the letters of a test go, one folder for each database.
fn mail_folder(resources: &Resources) -> std::path::PathBuf {
    let url = resources.database().url.expose_secret().to_owned();
    folder_of(url.rsplit('/').next().unwrap_or_default())
}

fn folder_of(database: &str) -> std::path::PathBuf {
    std::env::temp_dir().join("verdict-test-mail").join(database.split('?').next().unwrap_or_default())
}

/// The letters to an address so far, oldest first, as people read them.
pub(crate) fn letters(app: &TestApp, to: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder_of(app.database().name())) else { return Vec::new() };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| {
        path.extension().is_some_and(|end| end == "txt")
            && !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
    });
    paths.sort();
    let letters = paths.iter().map(|path| std::fs::read_to_string(path).expect("a letter"));
    letters.filter(|letter| letter.starts_with(&format!("To: {to}\n"))).collect()
}

/// The token in the `count`th letter to an address that has one, once it has arrived.
pub(crate) async fn mailed_token(app: &TestApp, to: &str, count: usize) -> String {
    test_support::wait_until("the letter arrives", async || {
        let mut links = letters(app, to).into_iter().filter(|letter| letter.contains("#token="));
        let letter = links.nth(count - 1)?;
        letter.split("#token=").nth(1)?.split_whitespace().next().map(ToOwned::to_owned)
    })
    .await
}
