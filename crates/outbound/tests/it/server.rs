//! A small HTTP server that answers what it was told and keeps what it was sent.

use std::sync::{Arc, Mutex};

use outbound::{Outbound, OutboundSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) received: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers the same to every request, then closes.
    pub(crate) async fn answering(address: &str, answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        Self::on(listener, answer.into())
    }

    pub(crate) fn on(listener: TcpListener, answer: Vec<u8>) -> Self {
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, answer) = (Arc::clone(&kept), answer.clone());
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let mut part = [0; 4096];
                    while !whole(&request) {
                        match stream.read(&mut part).await {
                            Ok(0) | Err(_) => return,
                            Ok(read) => request.extend_from_slice(&part[..read]),
                        }
                    }
                    kept.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                    // A client that gives up closes the connection under the answer.
                    drop(stream.write_all(&answer).await);
                    drop(stream.shutdown().await);
                });
            }
        });
        Self { port, received }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

pub(crate) fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

pub(crate) fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        .into_bytes()
}

pub(crate) fn settings(allow: &[&str]) -> OutboundSettings {
    OutboundSettings { allow: allow.iter().map(ToString::to_string).collect(), ..OutboundSettings::default() }
}

pub(crate) fn client(allow: &[&str]) -> Outbound {
    Outbound::new(&settings(allow)).unwrap()
}
