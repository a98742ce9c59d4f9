//! Two tenants: no call of one ever sees, counts or changes the other's. Generated from the routes table, so a
//! new call is under the test from its first day.

use gateway::routes::{self, Access, Route, Target, Verb};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{Stack, wait_until};

use crate::api::Api;

/// One of each thing that a tenant can have.
struct Belongings {
    integration: String,
    delivery: String,
    record: String,
    file: String,
    import: String,
    label: String,
    rule: String,
    value_list: String,
    approval: String,
    member: String,
    session: String,
    api_key: String,
    invite: String,
    operation: String,
    run: String,
}

impl Belongings {
    async fn make(owner: &Api, secret_word: &str) -> Self {
        let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
        let label = owner.post("/labels", json!({"name": secret_word, "description": "", "examples": []})).await;
        let rule = json!({"name": secret_word, "condition": "record.text == \"x\"", "label": secret_word});
        let rule = owner.post("/rules", rule).await.expect(201);
        let list = json!({"name": secret_word.replace('-', "_"), "values": [secret_word]});
        let list = owner.post("/value-lists", list).await.expect(201);
        let source = owner.connect_source(secret_word).await;
        let received =
            owner.deliver(&source, secret_word, &format!("only a person knows {secret_word}")).await.expect(202);
        let key = owner.post("/auth/api-keys", json!({"name": secret_word, "role": "agent"})).await.expect(201);
        let approval = wait_until("the approval is open", async || {
            owner.get("/approvals").await.expect(200)[0]["id"].as_str().map(str::to_owned)
        })
        .await;
        let form = [("content-type", "multipart/form-data; boundary=b".to_owned())];
        let part = format!(
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{secret_word}.txt\"\r\n\r\n{secret_word}\r\n--b--\r\n"
        );
        let file = owner.send(Method::POST, "/files", &form, part.into_bytes()).await.expect(201);
        let csv = [("content-type", "text/csv".to_owned())];
        let lines = format!("title,text,attributes.x\n{secret_word},,\n").into_bytes();
        let import = owner.send(Method::POST, "/records/import", &csv, lines).await.expect(202);
        let invite = json!({"email": format!("{secret_word}@example.com"), "role": "analyst"});
        let invite = owner.post("/tenants/current/invites", invite).await.expect(201);
        let nothing = json!({"action": "reprocess", "filter": {"externalId": secret_word, "status": "archived"}});
        let operation = owner.post("/records/bulk", nothing).await.expect(202);
        let none = json!({"scope": {"source": secret_word, "recordIds": []}, "dryRun": true});
        let run = owner.post("/processing/run", none).await.expect(202);
        let me = owner.get("/auth/me").await.expect(200);
        let sessions = owner.get("/auth/sessions").await.expect(200);
        Self {
            integration: source.id,
            delivery: received["deliveryId"].as_str().expect("an id").to_owned(),
            record: received["recordId"].as_str().expect("an id").to_owned(),
            file: id(&file),
            import: id(&import),
            label: id(&label.expect(201)),
            rule: id(&rule),
            value_list: id(&list),
            approval,
            member: me["user"]["id"].as_str().expect("an id").to_owned(),
            session: id(&sessions[0]),
            api_key: id(&key),
            invite: id(&invite),
            operation: operation["operationId"].as_str().expect("an id").to_owned(),
            run: id(&run),
        }
    }

    fn all(&self) -> [&str; 15] {
        [
            &self.integration,
            &self.delivery,
            &self.record,
            &self.file,
            &self.import,
            &self.label,
            &self.rule,
            &self.value_list,
            &self.approval,
            &self.member,
            &self.session,
            &self.api_key,
            &self.invite,
            &self.operation,
            &self.run,
        ]
    }

    /// The route's path with this tenant's ids in it; `None` when it takes none.
    fn fill(&self, path: &str) -> Option<String> {
        let id = match path.strip_prefix("/api/v1").unwrap_or(path) {
            p if p.starts_with("/integrations") => &self.integration,
            p if p.starts_with("/records/imports") => &self.import,
            p if p.starts_with("/records") => &self.record,
            p if p.starts_with("/files") => &self.file,
            p if p.starts_with("/operations") => &self.operation,
            p if p.starts_with("/processing/runs") => &self.run,
            p if p.starts_with("/labels") => &self.label,
            p if p.starts_with("/value-lists") => &self.value_list,
            p if p.starts_with("/rules") => &self.rule,
            p if p.starts_with("/approvals") => &self.approval,
            p if p.starts_with("/tenants/current/invites") => &self.invite,
            p if p.starts_with("/tenants") => &self.member,
            p if p.starts_with("/auth/sessions") => &self.session,
            // Nobody has an identity here: whose member it is asked of is what decides.
            p if p.starts_with("/auth/identities") => &self.session,
            p if p.starts_with("/auth/api-keys") => &self.api_key,
            _ => "",
        };
        let filled = path
            .replace("{id}", id)
            .replace("{deliveryId}", &self.delivery)
            .replace("{fileId}", &self.file)
            .replace("{recordId}", &self.record)
            .replace("{integrationId}", &self.integration)
            .replace("{identityId}", &self.session)
            .replace("{provider}", "standard-webhooks");
        (filled != path).then_some(filled)
    }
}

/// A body that each call would take, were the thing the caller's own.
fn body(route: &Route) -> Value {
    match route.path.strip_prefix("/api/v1").unwrap_or(route.path) {
        "/labels/{id}" | "/rules/{id}" | "/integrations/{id}" => json!({"name": "stolen"}),
        "/tenants/current/members/{id}" => json!({"role": "analyst"}),
        "/records/{id}/attachments" => json!({"fileId": "0190a000-0000-7000-8000-000000000000"}),
        "/approvals/{id}/override" => json!({"label": "mallory-word"}),
        "/integrations/{id}/mapping/test" => json!({"payload": {}}),
        "/integrations/{id}/deliveries/replay" => json!({"filter": {}}),
        "/rules/{id}/restore" => json!({"version": 1}),
        _ => json!({}),
    }
}

/// What the tenant sees of everything it has.
async fn look(owner: &Api, paths: &[String]) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in paths {
        let mut data = owner.get(path).await.expect(200);
        // The one thing that looking itself may change.
        if let Some(sessions) = data.as_array_mut().filter(|_| path.contains("sessions")) {
            sessions.iter_mut().filter_map(Value::as_object_mut).for_each(|session| {
                session.remove("lastUsedAt");
            });
        }
        seen.push(data);
    }
    seen
}

fn public_path(path: &str) -> &str {
    path.strip_prefix("/api/v1").unwrap_or(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_crosses_from_one_tenant_to_another() {
    let stack = Stack::start().await;
    let api = Api::new(stack.gateway());
    let (alice, mallory) = (api.sign_up("alice").await, api.sign_up("mallory").await);
    let hers = Belongings::make(&alice, "alice-word").await;
    Belongings::make(&mallory, "mallory-word").await;
    let readable = [
        format!("/records/{}", hers.record),
        format!("/files/{}", hers.file),
        format!("/rules/{}", hers.rule),
        format!("/value-lists/{}", hers.value_list),
        format!("/labels/{}", hers.label),
        format!("/integrations/{}", hers.integration),
        format!("/approvals/{}", hers.approval),
        format!("/records/{}/history", hers.record),
        format!("/operations/{}", hers.operation),
        format!("/processing/runs/{}", hers.run),
        "/tenants/current/members".to_owned(),
        "/auth/api-keys".to_owned(),
        "/tenants/current/invites".to_owned(),
        "/auth/sessions".to_owned(),
    ];
    let before = look(&alice, &readable).await;
    let mut tried = 0;
    for route in routes::all().filter(|route| route.is_documented() && route.access != Access::Public) {
        let method = Method::from_bytes(route.verb.as_str().as_bytes()).expect("a method");
        let what = format!("{method} {}", route.path);
        if let Some(path) = hers.fill(route.path) {
            let answer = mallory.send_json(method, public_path(&path), &body(route)).await;
            assert_eq!((answer.status, answer.code()), (404, "not_found"), "{what}: {:#}", answer.body);
            tried += 1;
        } else if route.verb == Verb::Get {
            let answer = mallory.get(public_path(route.path)).await;
            let text = answer.body.to_string();
            // Calls that need a query answer 400; what they say must still be free of the other tenant.
            assert!(answer.status < 500, "{what}: {text}");
            assert!(!text.contains("alice-word"), "{what} shows the other tenant's: {text}");
            for id in hers.all() {
                assert!(!text.contains(id), "{what} shows the other tenant's {id}: {text}");
            }
            tried += 1;
        }
    }
    assert!(tried >= 40, "only {tried} calls were tried; the table has more");
    assert_eq!(look(&alice, &readable).await, before, "nothing of hers changed");

    // Counts are her own: one record each, although the stack has two.
    let summary = mallory.get("/reports/summary").await.expect(200);
    let received = wait_until("mallory's record is counted", async || {
        let summary = mallory.get("/reports/summary").await.expect(200);
        summary["totals"]["received"].as_u64().filter(|count| *count > 0)
    })
    .await;
    assert_eq!(received, 1, "{summary:#}");
    stack.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_services_own_door_is_shut_without_the_gateways_word() {
    let stack = Stack::start().await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    for route in routes::all() {
        let Target::Upstream(upstream) = route.target else { continue };
        if route.access == Access::Public {
            continue;
        }
        let path = route.path.replace(['{', '}'], "");
        let url =
            format!("{}{}", stack.url(upstream.as_str()), path.replace("/id", "/0192f0c1-2345-7678-9abc-def012345678"));
        let method = Method::from_bytes(route.verb.as_str().as_bytes()).expect("a method");
        let forged = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ2ZXJkaWN0LWludGVybmFsIn0.";
        for identity in [None, Some(forged)] {
            let mut request = http.request(method.clone(), &url).header("content-type", "application/json").body("{}");
            if let Some(identity) = identity {
                request = request.header("x-verdict-identity", identity);
            }
            let status = request.send().await.expect("the service answers").status().as_u16();
            assert_eq!(status, 401, "{method} {url} with identity {identity:?}");
        }
    }
    stack.finish().await;
}
