//! How much is read, and for how long is waited.

use std::time::Duration;

use outbound::{Outbound, OutboundError, OutboundRequest, OutboundSettings};
use tokio::net::TcpListener;

use crate::server::{Server, client, ok, settings};

fn small() -> Outbound {
    let settings =
        OutboundSettings { max_response_bytes: 4_096, total_timeout_millis: 300, ..settings(&["127.0.0.1"]) };
    Outbound::new(&settings).unwrap()
}

fn get(port: u16) -> OutboundRequest {
    OutboundRequest::get(&format!("http://127.0.0.1:{port}/")).unwrap()
}

#[tokio::test]
async fn a_huge_answer_is_cut_whether_its_length_is_said_or_not() {
    let body = "x".repeat(1 << 20);
    for head in [format!("content-length: {}\r\n", body.len()), String::new()] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}connection: close\r\n\r\n{body}");
        let server = Server::answering("127.0.0.1", answer).await;
        let error = small().send(get(server.port)).await.unwrap_err();
        assert!(matches!(error, OutboundError::TooLarge { limit: 4_096, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    // Connections wait in the listener's backlog: accepted by the system, answered by nobody.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = small().send(get(listener.local_addr().unwrap().port())).await.unwrap_err();
    assert!(matches!(error, OutboundError::TimedOut { .. }) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_call_may_ask_for_less_than_the_settings_allow() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = get(listener.local_addr().unwrap().port()).within(Duration::from_millis(50), 10);
    let error = client(&["127.0.0.1"]).send(mute).await.unwrap_err();
    assert!(matches!(error, OutboundError::TimedOut { limit, .. } if limit.as_millis() == 50), "{error:?}");
    let server = Server::answering("127.0.0.1", ok("{\"a\":\"0123456789\"}")).await;
    let error = small().send(get(server.port).within(Duration::from_secs(600), 10)).await.unwrap_err();
    assert!(matches!(error, OutboundError::TooLarge { limit: 10, .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_cut_in_the_middle_is_no_answer() {
    let server = Server::answering("127.0.0.1", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":").await;
    let error = small().send(get(server.port)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable { .. }) && error.is_transient(), "{error:?}");
}
