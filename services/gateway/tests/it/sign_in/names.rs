//! Whose a domain is, asked at a name server as machines have one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use super::{CONFIG, configure, start_and};
use crate::support::{code, sign_up, text};

/// A name server that knows some texts.
#[derive(Clone)]
struct NameServer {
    address: SocketAddr,
    texts: Arc<Mutex<HashMap<String, Vec<String>>>>,
    /// How often it was asked by TCP.
    by_tcp: Arc<Mutex<usize>>,
}

impl NameServer {
    async fn start() -> Self {
        let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let address = udp.local_addr().expect("bound");
        let tcp = TcpListener::bind(address).await.expect("the same port is free");
        let server = Self { address, texts: Arc::default(), by_tcp: Arc::default() };
        let (by_udp, by_tcp) = (server.clone(), server.clone());
        tokio::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, from)) = udp.recv_from(&mut question).await {
                // Somebody else's word first: it is not heard.
                let mut stray = by_udp.answer(&question[..length], 512);
                stray[0] ^= 0xff;
                drop(udp.send_to(&stray, from).await);
                drop(udp.send_to(&by_udp.answer(&question[..length], 512), from).await);
            }
        });
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let mut question = vec![0; stream.read_u16().await.unwrap_or_default().into()];
                if stream.read_exact(&mut question).await.is_ok() {
                    *by_tcp.by_tcp.lock().expect("it") += 1;
                    let answer = by_tcp.answer(&question, usize::from(u16::MAX));
                    let length = u16::try_from(answer.len()).expect("short");
                    drop(stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat()).await);
                }
            }
        });
        server
    }

    fn publish(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(ToString::to_string).collect();
        self.texts.lock().expect("it").insert(name.to_owned(), texts);
    }

    /// An answer, or one that says that it does not fit.
    fn answer(&self, question: &[u8], room: usize) -> Vec<u8> {
        let (mut name, mut at) = (Vec::new(), 12);
        while question[at] != 0 {
            let end = at + 1 + usize::from(question[at]);
            name.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
            at = end;
        }
        let asked = &question[12..at + 5];
        let texts = self.texts.lock().expect("it").get(&name.join(".")).cloned();
        let head = |flags: u16, count: usize| {
            let mut message = question[..2].to_vec();
            for word in [0x8180 | flags, 1, u16::try_from(count).expect("few"), 0, 0] {
                message.extend(word.to_be_bytes());
            }
            [message.as_slice(), asked].concat()
        };
        let Some(texts) = texts else { return head(3, 0) };
        let mut message = head(0, texts.len());
        for text in &texts {
            let parts = text.as_bytes().chunks(255);
            let data: Vec<u8> =
                parts.flat_map(|part| [&[u8::try_from(part.len()).expect("short")], part].concat()).collect();
            message.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
            message.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
            message.extend(data);
        }
        if message.len() > room { head(0x0200, 0) } else { message }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_proven_at_the_operators_own_name_server() {
    let names = NameServer::start().await;
    let address = names.address.to_string();
    let (app, provider) = start_and(|settings| {
        settings.sign_in.resolver_url.clear();
        settings.sign_in.name_servers = address;
    })
    .await;
    let ann = sign_up(&app, "ann").await;
    let set = configure(&ann, &provider, json!({"domains": ["example.com", "long.example.com"]})).await;
    assert_eq!(set.status, 200, "{set:?}");
    let verify = async || {
        let answer = ann.post(&format!("{CONFIG}/domains/verify"), json!({})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let domains = answer.body["data"].as_array().cloned().expect("a list");
        domains.iter().map(|domain| domain["proven"] == true).collect::<Vec<_>>()
    };
    assert_eq!(verify().await, [false, false], "there is no such name");
    let record = |index: usize| {
        let domain = &set.body["data"]["domains"][index];
        (text(&domain["recordName"]), text(&domain["recordValue"]))
    };
    names.publish(&record(0).0, &["v=spf1 -all"]);
    assert_eq!(verify().await, [false, false], "another text");
    names.publish(&record(0).0, &["v=spf1 -all", &record(0).1]);
    assert_eq!(verify().await, [true, false]);
    assert_eq!(*names.by_tcp.lock().expect("it"), 0);
    // More than fits into an answer by UDP.
    names.publish(&record(1).0, &[&"x".repeat(900), &record(1).1]);
    assert_eq!(verify().await, [true, true]);
    assert_eq!(*names.by_tcp.lock().expect("it"), 1);
    assert_eq!(provider.hits("/resolve"), 0, "nobody else was asked");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_server_that_is_silent_is_no_fault_of_the_caller() {
    // It is there, and says nothing.
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let address = silent.local_addr().expect("bound").to_string();
    let (app, provider) = start_and(|settings| {
        settings.sign_in.resolver_url.clear();
        settings.sign_in.name_servers = address;
        settings.sign_in.patience_millis = 500;
    })
    .await;
    let ann = sign_up(&app, "ann").await;
    assert_eq!(configure(&ann, &provider, json!({"domains": ["example.com"]})).await.status, 200);
    let answer = ann.post(&format!("{CONFIG}/domains/verify"), json!({})).await;
    assert_eq!((answer.status, code(&answer)), (502, "identity_provider_unavailable"), "{answer:?}");
    app.finish().await;
}
