//! The command line, run as a process.

use std::process::{Command, Output};

use gateway::Gateway;
use settings::{ExposeSecret as _, InternalSettings, SealingSettings};
use test_support::{TestApp, wait_until};

use crate::support::{PASSWORD, User, settings, sign_up};
use crate::upstream;

fn verdict_gateway(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_verdict-gateway"));
    command.env_clear().args(arguments).envs(environment.iter().copied()).output().expect("the binary runs")
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The value of each line `NAME=value`.
fn variable<'t>(text: &'t str, name: &str) -> &'t str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
}

#[test]
fn keygen_prints_settings_that_work() {
    let text = printed(&verdict_gateway(&["keygen"], &[]));
    assert_eq!(text.lines().count(), 3, "{text}");
    let internal = InternalSettings {
        public_keys: variable(&text, "VERDICT__INTERNAL__PUBLIC_KEYS").to_owned(),
        private_key: Some(variable(&text, "VERDICT__INTERNAL__PRIVATE_KEY").to_owned().into()),
    };
    let sealing = SealingSettings { keys: variable(&text, "VERDICT__SEALING__KEYS").to_owned().into() };
    assert!(settings::Sealer::new(&sealing).is_ok());
    assert!(web::InternalSigner::new(&internal).is_ok());

    let mut environment: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('=')).collect();
    environment.extend([
        ("VERDICT__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none"),
        ("VERDICT__BROKER__URL", "amqp://127.0.0.1:1"),
    ]);
    printed(&verdict_gateway(&["check-config"], &environment));
    let tenant = "0190a000-0000-7000-8000-000000000000";
    let line = printed(&verdict_gateway(&["mint-internal", "--tenant", tenant, "--role", "analyst"], &environment));
    let (header, token) = line.trim().split_once(": ").expect("a header line");
    assert_eq!(header, web::IDENTITY_HEADER);
    let now = common::Clock::now(&common::SystemClock);
    let identity = web::InternalVerifier::new(&internal).expect("keys").verify(token, now).expect("a good token");
    assert_eq!((identity.tenant_id.to_string().as_str(), identity.role), (tenant, common::Role::Analyst));

    let bad = [("VERDICT__UPSTREAMS__BILLING", "https://example.com/path")];
    environment.extend(bad);
    let refused = verdict_gateway(&["check-config"], &environment);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("VERDICT__UPSTREAMS__BILLING"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_signs_and_the_one_before_still_verifies() {
    let (url, mut made) = (upstream::start(), None);
    let app = TestApp::start::<Gateway>(|resources| {
        let settings = settings(resources, &url);
        made = Some(settings.clone());
        settings
    })
    .await;
    let settings = made.expect("made");
    let ann = sign_up(&app, "ann").await;
    let secret = |text: &settings::SecretString| text.expose_secret().to_owned();
    let (database, broker) = (secret(&settings.database.url), secret(&settings.broker.url));
    let (sealing, private) = (secret(&settings.sealing.keys), settings.internal.private_key.as_ref().map(secret));
    let environment = [
        ("VERDICT__DATABASE__URL", database.as_str()),
        ("VERDICT__BROKER__URL", broker.as_str()),
        ("VERDICT__SEALING__KEYS", sealing.as_str()),
        ("VERDICT__INTERNAL__PUBLIC_KEYS", settings.internal.public_keys.as_str()),
        ("VERDICT__INTERNAL__PRIVATE_KEY", private.as_deref().expect("a private key")),
    ];
    printed(&verdict_gateway(&["rotate-keys"], &environment));
    wait_until("two keys are published", async || {
        let keys = app.anonymous().get("/.well-known/jwks.json").await;
        (keys.body["keys"].as_array().map(Vec::len) == Some(2)).then_some(())
    })
    .await;
    let kid = |user: &User| jsonwebtoken::decode_header(&user.token).expect("a token").kid;
    let login = serde_json::json!({"email": "ann@example.com", "password": PASSWORD});
    let renewed = User::signed_in(&app, &app.anonymous().post("/api/v1/auth/login", login).await);
    assert_ne!(kid(&ann), kid(&renewed));
    for user in [&ann, &renewed] {
        assert_eq!(user.get("/api/v1/auth/me").await.status, 200);
    }
    printed(&verdict_gateway(&["rotate-keys"], &environment));
    assert_eq!(app.count("signing_keys").await, 2, "the oldest is gone");
    app.finish().await;
}
