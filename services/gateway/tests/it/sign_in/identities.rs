//! Who people are at providers: seen by themselves and by who manages members, and taken back.

use serde_json::{Value, json};
use test_support::oidc::Person;
use test_support::{Answer, TestApp, wait_until};

use super::{CONFIG, configure_and_prove, enter, link, start};
use crate::support::{PASSWORD, User, code, machine, mailed_token, member, sign_up, text};

const OWN: &str = "/api/v1/auth/identities";

async fn identities(user: &User) -> Vec<Value> {
    let answer = user.get(OWN).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["data"].as_array().cloned().expect("a list")
}

/// Somebody who was let in.
fn entered(app: &TestApp, answer: &Answer) -> User {
    assert_eq!(answer.status, 200, "{answer:?}");
    User::signed_in(app, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_and_unlinks_their_own() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    assert_eq!(identities(&ann).await, Vec::<Value>::new());
    let there = Person::new("ann-there", "someone@elsewhere.example");
    let confined = entered(&app, &link(&app, &provider, &ann, &there).await);
    let listed = identities(&ann).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let known = &listed[0];
    assert_eq!((&known["subject"], &known["tenantId"]), (&json!("ann-there"), &json!(ann.tenant)));
    assert_eq!((&known["issuer"], &known["usable"]), (&json!(provider.issuer()), &json!(true)));
    assert_eq!(identities(&confined).await, listed, "a session of the provider's sees its tenant's");
    let path = format!("{OWN}/{}", text(&known["id"]));

    // Nobody else's, and nobody by a key.
    let bob = member(&app, &ann, "admin", "bob").await;
    let robot = machine(&app, &ann, "owner").await;
    let refused = bob.delete(&path).await;
    assert_eq!((refused.status, code(&refused)), (404, "not_found"), "{refused:?}");
    assert_eq!(robot.get(OWN).await.status, 403);
    assert_eq!(bob.delete(&format!("{OWN}/none")).await.status, 400);

    assert_eq!(ann.patch(CONFIG, json!({"enabled": false})).await.status, 200);
    assert_eq!(identities(&ann).await[0]["usable"], false);
    assert_eq!(ann.patch(CONFIG, json!({"enabled": true})).await.status, 200);
    let confined = entered(&app, &enter(&app, &provider, &ann.tenant, &there).await);
    let unlinked = ann.delete(&path).await;
    assert_eq!((unlinked.status, &unlinked.body["data"]), (200, &Value::Null), "{unlinked:?}");
    assert_eq!(ann.delete(&path).await.status, 404, "once");
    assert_eq!(identities(&ann).await, Vec::<Value>::new());
    let ended = confined.get(OWN).await;
    assert_eq!((ended.status, code(&ended)), (401, "session_revoked"), "{ended:?}");
    let told = app.wait_for_event("SIGN_IN_UNLINKED").await;
    assert_eq!((told.actor.id.as_str(), told.subject.id.as_str()), (ann.id.as_str(), ann.id.as_str()));
    assert!(told.data.get().contains("ann-there"), "{told:?}");
    // They are nobody there now; the address makes an account only where a domain is proven.
    let again = enter(&app, &provider, &ann.tenant, &there).await;
    assert_eq!((again.status, code(&again)), (403, "sign_in_refused"), "{again:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_in_stays_until_there_is_a_password() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let there = Person::new("c", "carl@example.com");
    let carl = entered(&app, &enter(&app, &provider, &ann.tenant, &there).await);
    let own = identities(&carl).await;
    let path = format!("{OWN}/{}", text(&own[0]["id"]));
    let by_admin = format!("/api/v1/tenants/current/members/{}/identities/{}", carl.id, text(&own[0]["id"]));
    for (user, path) in [(&carl, &path), (&ann, &by_admin)] {
        let kept = user.delete(path).await;
        assert_eq!((kept.status, code(&kept)), (409, "last_sign_in"), "{kept:?}");
    }
    let forgot = json!({"email": "carl@example.com"});
    assert_eq!(app.anonymous().post("/api/v1/auth/password/forgot", forgot).await.status, 202);
    let token = mailed_token(&app, "carl@example.com", 1).await;
    let reset = json!({"token": token, "password": PASSWORD});
    assert_eq!(app.anonymous().post("/api/v1/auth/password/reset", reset).await.status, 200);
    // The reset may have ended the session; who manages members can still take the identity away.
    let unlinked = ann.delete(&by_admin).await;
    assert_eq!(unlinked.status, 200, "{unlinked:?}");
    let login = json!({"email": "carl@example.com", "password": PASSWORD});
    let home = app.anonymous().post("/api/v1/auth/login", login).await;
    assert_eq!((home.status, &home.body["data"]["tenant"]["id"]), (200, &json!(ann.tenant)), "{home:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_manages_members_sees_and_unlinks_theirs_and_owners_are_owners_to_change() {
    let (app, provider) = start().await;
    let ann = sign_up(&app, "ann").await;
    configure_and_prove(&ann, &provider, json!({})).await;
    let eve = member(&app, &ann, "admin", "eve").await;
    let bob = member(&app, &ann, "reviewer", "bob").await;
    link(&app, &provider, &bob, &Person::new("bob-there", "bob@example.com")).await;
    link(&app, &provider, &ann, &Person::new("ann-there", "ann@example.com")).await;
    let of = |user: &User| format!("/api/v1/tenants/current/members/{}/identities", user.id);
    let listed = eve.get(&of(&bob)).await;
    assert_eq!((listed.status, &listed.body["data"][0]["subject"]), (200, &json!("bob-there")), "{listed:?}");
    let id = text(&listed.body["data"][0]["id"]);
    let refused = bob.get(&of(&bob)).await;
    assert_eq!((refused.status, code(&refused)), (403, "forbidden"), "{refused:?}");
    for refused in [eve.get(&of(&ann)).await, eve.delete(&format!("{}/{id}", of(&ann))).await] {
        assert_eq!((refused.status, code(&refused)), (403, "forbidden"), "{refused:?}");
        assert_eq!(refused.body["error"]["context"]["permission"], "owners:write");
    }
    assert_eq!(ann.get(&of(&ann)).await.body["data"][0]["subject"], "ann-there");
    let wrong = eve.delete(&format!("{}/{id}", of(&eve))).await;
    assert_eq!((wrong.status, code(&wrong)), (404, "not_found"), "it is not theirs: {wrong:?}");

    // Another tenant knows neither.
    let zed = sign_up(&app, "zed").await;
    for answer in [zed.get(&of(&bob)).await, zed.delete(&format!("{}/{id}", of(&bob))).await] {
        assert_eq!((answer.status, code(&answer)), (404, "not_found"), "{answer:?}");
    }
    assert_eq!(eve.delete(&format!("{}/{id}", of(&bob))).await.status, 200);
    assert_eq!(identities(&bob).await, Vec::<Value>::new());
    let told = app.wait_for_event("SIGN_IN_UNLINKED").await;
    assert_eq!((told.actor.id.as_str(), told.subject.id.as_str()), (eve.id.as_str(), bob.id.as_str()));

    // Whoever was removed keeps being known, so that they do not come back by themselves.
    link(&app, &provider, &bob, &Person::new("bob-there", "bob@example.com")).await;
    assert_eq!(ann.delete(&format!("/api/v1/tenants/current/members/{}", bob.id)).await.status, 200);
    assert_eq!(eve.get(&of(&bob)).await.status, 404);
    let login = json!({"email": "bob@example.com", "password": PASSWORD});
    let bob = wait_until("bob is home", async || {
        let home = app.anonymous().post("/api/v1/auth/login", login.clone()).await;
        (home.status == 200).then(|| entered(&app, &home))
    })
    .await;
    assert_eq!(identities(&bob).await, Vec::<Value>::new());
    let back = enter(&app, &provider, &ann.tenant, &Person::new("bob-there", "bob@example.com")).await;
    assert_eq!((back.status, code(&back)), (403, "sign_in_refused"), "{back:?}");
    app.finish().await;
}
