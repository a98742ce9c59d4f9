//! Redirects: each hop is judged like the first, and secrets stay with their origin.

use outbound::{OutboundError, OutboundRequest, RefusedReason};

use crate::server::{Server, client, ok, redirect};

fn get(server: &Server, host: &str) -> OutboundRequest {
    OutboundRequest::get(&format!("http://{host}:{}/a", server.port)).unwrap().bearer(&"secret-token".into()).unwrap()
}

#[tokio::test]
async fn a_redirect_inside_is_refused() {
    let inside = Server::answering("127.0.0.1", ok("{}")).await;
    let door = Server::answering("127.0.0.2", redirect(302, &format!("http://127.0.0.1:{}/", inside.port))).await;
    let error = client(&["127.0.0.2"]).send(get(&door, "127.0.0.2")).await.unwrap_err();
    assert!(matches!(error, OutboundError::Refused { reason: RefusedReason::Loopback, .. }), "{error:?}");
    assert!(inside.requests().is_empty());
}

#[tokio::test]
async fn another_origin_sees_no_authorization() {
    let target = Server::answering("127.0.0.1", ok("{}")).await;
    let door = Server::answering("127.0.0.1", redirect(302, &format!("http://127.0.0.1:{}/b", target.port))).await;
    let request = get(&door, "127.0.0.1").header("x-api-key", "secret-key").unwrap();
    let answer = client(&["127.0.0.1"]).send(request).await.unwrap();
    assert!(answer.url.as_str().ends_with("/b"));
    let (first, second) = (&door.requests()[0], &target.requests()[0]);
    assert!(first.contains("authorization: Bearer secret-token") && first.contains("x-api-key: secret-key"), "{first}");
    assert!(!second.contains("secret-"), "{second}");
    assert!(second.contains("accept: application/json"), "{second}");
}

#[tokio::test]
async fn a_body_is_not_handed_to_another_origin() {
    let target = Server::answering("127.0.0.1", ok("{}")).await;
    let door = Server::answering("127.0.0.1", redirect(307, &format!("http://127.0.0.1:{}/", target.port))).await;
    let url = format!("http://127.0.0.1:{}/token", door.port);
    let request = OutboundRequest::post_form(&url, &[("client_secret", "s")]).unwrap();
    let error = client(&["127.0.0.1"]).send(request).await.unwrap_err();
    assert!(matches!(error, OutboundError::Redirect { .. }), "{error:?}");
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn a_circle_ends() {
    let door = Server::answering("127.0.0.1", redirect(302, "/a")).await;
    let error = client(&["127.0.0.1"]).send(get(&door, "127.0.0.1")).await.unwrap_err();
    assert!(matches!(error, OutboundError::Redirect { reason: "too many redirects", .. }), "{error:?}");
    assert_eq!(door.requests().len(), 4);
}
