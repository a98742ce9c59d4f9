//! The second factor, with an authenticator of the test's own.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use common::{Clock as _, SystemClock};
use serde_json::{Value, json};
use test_support::{Answer, TestApp};

use crate::support::{PASSWORD, User, code, machine, mailed_token, member, sign_up, start, text};

const TOTP: &str = "/api/v1/auth/totp";

fn decode(secret: &str) -> Vec<u8> {
    let mut bits = String::new();
    for letter in secret.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).expect("base32");
        bits.push_str(&format!("{value:05b}"));
    }
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| {
            u8::from_str_radix(str::from_utf8(byte).expect("as the test needs it"), 2).expect("as the test needs it")
        })
        .collect()
}

/// What an authenticator shows `steps` steps from now.
pub(crate) fn shown(secret: &str, steps: i64) -> String {
    let step = SystemClock.now().timestamp() / 30 + steps;
    let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &decode(secret)), &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().expect("as the test needs it")) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Enrols with the code before the present one, so that the present one is still unused.
pub(crate) async fn enrol(user: &User) -> (String, Vec<String>) {
    let begun = user.post(TOTP, json!({"password": PASSWORD})).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let secret = text(&begun.body["data"]["secret"]);
    assert!(text(&begun.body["data"]["otpauthUri"]).contains(&secret));
    let confirmed = user.post(&format!("{TOTP}/confirm"), json!({"code": shown(&secret, -1)})).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let codes = confirmed.body["data"]["recoveryCodes"].as_array().expect("codes").iter().map(text).collect();
    (secret, codes)
}

async fn log_in(app: &TestApp, more: Value) -> Answer {
    let mut body = json!({"email": "ann@example.com", "password": PASSWORD});
    body.as_object_mut().expect("as the test needs it").extend(more.as_object().expect("as the test needs it").clone());
    app.anonymous().post("/api/v1/auth/login", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_takes_a_code_once() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    assert_eq!(ann.get(TOTP).await.body["data"]["enrolled"], false);
    let (secret, codes) = enrol(&ann).await;
    let state = ann.get(TOTP).await.body["data"].clone();
    assert_eq!((&state["enrolled"], &state["recoveryCodesLeft"]), (&json!(true), &json!(10)));
    let refused = log_in(&app, json!({})).await;
    assert_eq!((refused.status, code(&refused)), (401, "second_factor_required"));
    let wrong_password = app
        .anonymous()
        .post("/api/v1/auth/login", json!({"email": "ann@example.com", "password": "x", "totp": shown(&secret, 0)}))
        .await;
    assert_eq!(code(&wrong_password), "invalid_credentials", "the password comes first");
    for old in [shown(&secret, -1), shown(&secret, 5), "000".into(), String::new()] {
        let refused = log_in(&app, json!({"totp": old})).await;
        assert_eq!((refused.status, code(&refused)), (401, "invalid_second_factor"), "{old}");
    }
    let now = shown(&secret, 0);
    assert_eq!(log_in(&app, json!({"totp": now})).await.status, 200);
    let again = log_in(&app, json!({"totp": now})).await;
    assert_eq!((again.status, code(&again)), (401, "invalid_second_factor"), "a code is taken once");

    let typed = codes[0].to_lowercase().replace('-', " ");
    assert_eq!(log_in(&app, json!({"recoveryCode": typed})).await.status, 200);
    let again = log_in(&app, json!({"recoveryCode": codes[0]})).await;
    assert_eq!(code(&again), "invalid_second_factor");
    let used = app.wait_for_event("RECOVERY_CODE_USED").await;
    assert!(used.data.get().contains("\"left\":9"), "{used:?}");
    app.wait_for_event("SECOND_FACTOR_ENROLLED").await;
    for event in app.events().await {
        assert!(!event.data.get().contains(&secret), "{event:?}");
    }
    assert_eq!(app.count(&format!("second_factors WHERE secret_sealed = '{secret}'::bytea")).await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_wait_like_wrong_passwords_and_a_racing_code_counts_once() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let (secret, codes) = enrol(&ann).await;
    let now = shown(&secret, 0);
    let tries: Vec<_> = (0..4)
        .map(|_| {
            let (client, now) = (app.anonymous(), now.clone());
            let body = json!({"email": "ann@example.com", "password": PASSWORD, "totp": now});
            tokio::spawn(async move { client.post("/api/v1/auth/login", body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in tries {
        statuses.push(one.await.expect("no panic"));
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
    // By now the address is known to the account, which gives it ten and a first one to wait for; of the three that
    // raced and lost, those count that came after the winner.
    let mut answers = Vec::new();
    for _ in 0..15 {
        answers.push(log_in(&app, json!({"totp": "000000"})).await.status);
    }
    let let_in = answers.iter().filter(|status| **status == 401).count();
    assert!((8..=11).contains(&let_in), "{answers:?}");
    assert!(answers[let_in..].iter().all(|status| *status == 429), "{answers:?}");
    assert_eq!(log_in(&app, json!({"recoveryCode": codes[0]})).await.status, 429);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enrolling_renewing_and_removing_have_their_order() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let conflict = async |answer: Answer, expected: &str| {
        assert_eq!((answer.status, code(&answer)), (409, expected), "{answer:?}");
    };
    let password = json!({"password": PASSWORD});
    let none = "second_factor_not_enrolled";
    conflict(ann.post(&format!("{TOTP}/confirm"), json!({"code": "123456"})).await, none).await;
    conflict(ann.send("DELETE", TOTP, &[], Some(password.clone())).await, none).await;
    conflict(ann.post(&format!("{TOTP}/recovery-codes"), password.clone()).await, none).await;

    let key = [("idempotency-key", "k")];
    let first = ann.send("POST", TOTP, &key, Some(password.clone())).await;
    let again = ann.send("POST", TOTP, &key, Some(password.clone())).await;
    assert_eq!((first.status, &first.body["data"]), (201, &again.body["data"]), "the same secret");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let wrong = ann.post(&format!("{TOTP}/confirm"), json!({"code": "000000"})).await;
    assert_eq!((wrong.status, code(&wrong)), (401, "invalid_second_factor"));
    assert_eq!(log_in(&app, json!({})).await.status, 200, "not before it is confirmed");

    let (secret, old) = enrol(&ann).await;
    conflict(ann.post(TOTP, password.clone()).await, "second_factor_enrolled").await;
    conflict(ann.post(&format!("{TOTP}/confirm"), json!({"code": "123456"})).await, "second_factor_enrolled").await;
    let both = json!({"password": PASSWORD, "code": "123456"});
    for bad in [json!({}), both] {
        let answer = ann.post(&format!("{TOTP}/recovery-codes"), bad).await;
        assert_eq!((answer.status, code(&answer)), (422, "validation_failed"), "{answer:?}");
    }
    let with_code = json!({"code": shown(&secret, 0)});
    let renewed = ann.send("POST", &format!("{TOTP}/recovery-codes"), &key, Some(with_code.clone())).await;
    let again = ann.send("POST", &format!("{TOTP}/recovery-codes"), &key, Some(with_code.clone())).await;
    assert_eq!((renewed.status, &renewed.body["data"]), (200, &again.body["data"]), "{again:?}");
    let other = ann.send("POST", &format!("{TOTP}/recovery-codes"), &key, Some(password.clone())).await;
    assert_eq!((other.status, code(&other)), (422, "idempotency_key_reused"));
    assert_eq!(code(&log_in(&app, json!({"recoveryCode": old[0]})).await), "invalid_second_factor");

    let wrong = ann.send("DELETE", TOTP, &[], Some(json!({"password": "wrong"}))).await;
    assert_eq!((wrong.status, code(&wrong)), (401, "invalid_credentials"));
    for bare in [json!({}), json!({"code": shown(&secret, 0)}), json!({"recoveryCode": old[1]})] {
        let refused = ann.send("DELETE", TOTP, &[], Some(bare)).await;
        assert_eq!((refused.status, code(&refused)), (422, "validation_failed"), "no code stands for the password");
    }
    assert_eq!(ann.send("DELETE", TOTP, &[], Some(password)).await.status, 200);
    assert_eq!(log_in(&app, json!({})).await.status, 200);
    app.wait_for_event("RECOVERY_CODES_RENEWED").await;
    app.wait_for_event("SECOND_FACTOR_REMOVED").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_requires_it_lets_people_enrol_and_nothing_else() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let bob = member(&app, &ann, "analyst", "bob").await;
    let robot = machine(&app, &ann, "agent").await;
    let odd = ann.patch("/api/v1/tenants/current", json!({"settings": {"requireSecondFactor": "yes"}})).await;
    assert_eq!((odd.status, code(&odd)), (422, "validation_failed"));
    assert_eq!(bob.get("/api/v1/records").await.status, 200);
    let set = ann.patch("/api/v1/tenants/current", json!({"settings": {"requireSecondFactor": true}})).await;
    assert_eq!(set.status, 200, "{set:?}");

    for user in [&ann, &bob] {
        for path in ["/api/v1/records", "/api/v1/auth/sessions", "/api/v1/tenants/current"] {
            let refused = user.get(path).await;
            assert_eq!((refused.status, code(&refused)), (403, "second_factor_enrolment_required"), "{path}");
        }
        assert_eq!(user.get("/api/v1/auth/me").await.status, 200);
        assert_eq!(user.get("/api/v1/tenants").await.status, 200);
    }
    assert_eq!(robot.get("/api/v1/records").await.status, 200, "machines have no second factor");

    // Another session, from before: it has to be opened anew, with a code.
    let former = User::signed_in(&app, &log_in(&app, json!({})).await);
    let (secret, _) = enrol(&ann).await;
    assert_eq!(ann.get("/api/v1/tenants/current").await.status, 200, "the session that enrolled has shown it");
    let refused = former.get("/api/v1/tenants/current").await;
    assert_eq!((refused.status, code(&refused)), (401, "second_factor_required"));
    let anew = User::signed_in(&app, &log_in(&app, json!({"totp": shown(&secret, 0)})).await);
    assert_eq!(anew.get("/api/v1/tenants/current").await.status, 200);
    let refreshed = app.anonymous().post("/api/v1/auth/refresh", json!({"refreshToken": anew.refresh_token})).await;
    let token = text(&refreshed.body["data"]["accessToken"]);
    let anew = User { token, ..anew };
    assert_eq!(anew.get("/api/v1/records").await.status, 200, "a refreshed session is the same session");

    // Bob's own tenant asks for nothing; coming back is refused as before.
    let tenants = bob.get("/api/v1/tenants").await.body["data"].clone();
    let own = tenants
        .as_array()
        .expect("as the test needs it")
        .iter()
        .find(|t| t["id"] != ann.tenant.as_str())
        .expect("his own")
        .clone();
    let home = bob.post("/api/v1/auth/tenant", json!({"tenantId": own["id"]})).await;
    assert_eq!(home.status, 200, "{home:?}");
    let home = User::signed_in(&app, &home);
    assert_eq!(home.get("/api/v1/records").await.status, 200);
    let back = home.post("/api/v1/auth/tenant", json!({"tenantId": ann.tenant})).await;
    assert_eq!(code(&User::signed_in(&app, &back).get("/api/v1/records").await), "second_factor_enrolment_required");
    enrol(&home).await;
    let back = home.post("/api/v1/auth/tenant", json!({"tenantId": ann.tenant})).await;
    assert_eq!(User::signed_in(&app, &back).get("/api/v1/records").await.status, 200, "what was shown goes along");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_is_no_way_around_the_second_factor() {
    let app = start().await;
    let (ann, bob) = (sign_up(&app, "ann").await, sign_up(&app, "bob").await);
    enrol(&bob).await;
    let made =
        ann.post("/api/v1/tenants/current/invites", json!({"email": "bob@example.com", "role": "analyst"})).await;
    assert_eq!(made.status, 201, "{made:?}");
    let token = mailed_token(&app, "bob@example.com", 1).await;
    let path = "/api/v1/tenants/invites/accept";
    let by_password = app.anonymous().post(path, json!({"token": token, "password": PASSWORD})).await;
    assert_eq!((by_password.status, code(&by_password)), (401, "second_factor_required"), "{by_password:?}");
    let settings = json!({"settings": {"requireSecondFactor": true}});
    let required = ann.send("PATCH", "/api/v1/tenants/current", &[], Some(settings)).await;
    assert_eq!(required.status, 200, "{required:?}");
    let joined = bob.post(path, json!({"token": token})).await;
    assert_eq!(joined.status, 200, "{joined:?}");
    let inside = User::signed_in(&app, &joined);
    assert_eq!(inside.get("/api/v1/tenants/current/members").await.status, 200, "what bob showed counts here as well");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_session_alone_enrols_nothing() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    for bare in [None, Some(json!({})), Some(json!({"code": "123456"}))] {
        let refused = ann.send("POST", TOTP, &[], bare).await;
        assert!(matches!(refused.status, 400 | 415 | 422), "{refused:?}");
    }
    let wrong = json!({"password": "wrong"});
    let refused = ann.post(TOTP, wrong.clone()).await;
    assert_eq!((refused.status, code(&refused)), (401, "invalid_credentials"), "{refused:?}");
    assert_eq!(app.count("second_factors").await, 0);
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(ann.post(TOTP, wrong.clone()).await.status);
    }
    assert!(answers.contains(&429), "guesses count as they do at sign-in: {answers:?}");
    assert_eq!(ann.post(TOTP, json!({"password": PASSWORD})).await.status, 429, "and so the right one waits");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_from_before_shows_the_second_factor_later() {
    let app = start().await;
    let ann = sign_up(&app, "ann").await;
    let former = User::signed_in(&app, &log_in(&app, json!({})).await);
    let (secret, _) = enrol(&ann).await;
    assert_eq!(code(&former.get("/api/v1/records").await), "second_factor_required");
    let prove = format!("{TOTP}/prove");
    let wrong = former.post(&prove, json!({"code": "000000"})).await;
    assert_eq!((wrong.status, code(&wrong)), (401, "invalid_second_factor"), "{wrong:?}");
    assert_eq!(former.post(&prove, json!({"code": shown(&secret, 0)})).await.status, 200);
    assert_eq!(former.get("/api/v1/records").await.status, 200);
    app.finish().await;
}
