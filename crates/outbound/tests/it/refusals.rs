//! Where calls go and where they do not, names and rebinding included.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use outbound::{Looking, Lookup, Outbound, OutboundError, OutboundRequest, RefusedReason};

use crate::server::{Server, client, ok, settings};

/// Answers each look-up with the next address, and the last one for ever.
struct Script(Mutex<VecDeque<IpAddr>>);

impl Script {
    fn new(addresses: &[&str]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(addresses.iter().map(|address| address.parse().unwrap()).collect())))
    }
}

impl Lookup for Script {
    fn addresses(&self, _: String) -> Looking {
        let mut left = self.0.lock().unwrap();
        let address = if left.len() > 1 { left.pop_front() } else { left.front().copied() };
        Box::pin(async move { Ok(address.into_iter().collect()) })
    }
}

fn reason(error: OutboundError) -> RefusedReason {
    match error {
        OutboundError::Refused { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_allowed_address_is_called_with_the_houses_name() {
    let server = Server::answering("127.0.0.1", ok(r#"{"a":1}"#)).await;
    let request = OutboundRequest::get(&format!("http://127.0.0.1:{}/x", server.port)).unwrap();
    let answer = client(&["127.0.0.1"]).send(request).await.unwrap();
    assert_eq!(answer.json::<serde_json::Value>().unwrap()["a"], 1);
    assert!(server.requests()[0].contains("user-agent: Verdict/"), "{:?}", server.requests());
}

#[tokio::test]
async fn loopback_is_refused_by_literal_and_by_name() {
    let server = Server::answering("127.0.0.1", ok("{}")).await;
    for (host, scheme) in [("127.0.0.1", "http"), ("127.0.0.1", "https"), ("localhost", "https"), ("[::1]", "https")] {
        let request = OutboundRequest::get(&format!("{scheme}://{host}:{}/", server.port)).unwrap();
        assert_eq!(reason(client(&[]).send(request).await.unwrap_err()), RefusedReason::Loopback, "{scheme}://{host}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let request = OutboundRequest::get("https://10.0.0.1/").unwrap();
    let said = client(&[]).send(request).await.unwrap_err().to_string();
    assert!(
        said.contains("10.0.0.1") && said.contains("private") && said.contains("VERDICT__OUTBOUND__ALLOW"),
        "{said}"
    );
}

#[tokio::test]
async fn a_listed_name_may_be_private_and_plain() {
    let server = Server::answering("127.0.0.1", ok("{}")).await;
    let request = OutboundRequest::get(&format!("http://localhost:{}/", server.port)).unwrap();
    let outbound = Outbound::with_lookup(&settings(&["localhost"]), Script::new(&["127.0.0.1"])).unwrap();
    assert_eq!(outbound.send(request).await.unwrap().status, 200);
}

/// The name passes the check once and then points inside. Every connection is made to the address that was
/// checked for it, so the server inside is never reached.
#[tokio::test]
async fn a_name_that_changes_its_address_gains_nothing() {
    let outside = Server::answering("127.0.0.2", ok("{}")).await;
    let inside = tokio::net::TcpListener::bind(("127.0.0.1", outside.port)).await.unwrap();
    let inside = Server::on(inside, ok("{}"));
    let lookup = Script::new(&["127.0.0.2", "127.0.0.1"]);
    let outbound = Outbound::with_lookup(&settings(&["127.0.0.2"]), lookup).unwrap();
    let url = format!("https://rebind.example:{}/", outside.port);
    // The server outside speaks no TLS: that the handshake fails shows that it was the one connected to.
    let first = outbound.send(OutboundRequest::get(&url).unwrap()).await.unwrap_err();
    assert!(matches!(first, OutboundError::Unreachable { .. }), "{first:?}");
    let second = outbound.send(OutboundRequest::get(&url).unwrap()).await.unwrap_err();
    assert_eq!(reason(second), RefusedReason::Loopback);
    assert!(inside.requests().is_empty());
}

#[tokio::test]
async fn a_name_without_an_address_is_told_apart() {
    let lookup = Arc::new(Script(Mutex::default()));
    let outbound = Outbound::with_lookup(&settings(&[]), lookup).unwrap();
    let error = outbound.send(OutboundRequest::get("https://nowhere.example/").unwrap()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unresolved { .. }) && error.is_transient(), "{error:?}");
}
