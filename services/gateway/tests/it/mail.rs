//! Letters through a real SMTP conversation: sent once the server takes them, tried again until then.

use std::sync::{Arc, Mutex};

use serde_json::json;
use test_support::tls::Authority;
use test_support::wait_until;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{sign_up, start_with};

type Taken = Arc<Mutex<Vec<String>>>;

const GREETING: &str = "220 test ready\r\n";
const INVITES: &str = "/api/v1/tenants/current/invites";

/// A small SMTP server on loopback. It refuses the first message for the moment, and `never@…` for good.
async fn smtp() -> (String, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("bound"));
    let (taken, busy) = (Taken::default(), Arc::new(Mutex::new(true)));
    let shared = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (taken, busy) = (Arc::clone(&shared), Arc::clone(&busy));
            tokio::spawn(async move { converse(stream, GREETING, taken, busy).await });
        }
    });
    (url, taken)
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    greeting: &str,
    taken: Taken,
    busy: Arc<Mutex<bool>>,
) -> Option<()> {
    let (read, mut write) = tokio::io::split(stream);
    let mut lines = BufReader::new(read).lines();
    write.write_all(greeting.as_bytes()).await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250 test",
            "RCPT" if line.contains("never@") => "550 no such mailbox",
            "DATA" => {
                if std::mem::replace(&mut *busy.lock().expect("unpoisoned"), false) {
                    "451 try again"
                } else {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut message = String::new();
                    while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                        message.push_str(&line);
                        message.push('\n');
                    }
                    taken.lock().expect("unpoisoned").push(message);
                    "250 taken"
                }
            }
            _ => "250 fine",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_tried_until_the_server_takes_it_or_refuses_for_good() {
    let (url, taken) = smtp().await;
    let app = start_with(|settings| settings.mail.smtp_url = Some(url.into())).await;
    let ann = sign_up(&app, "ann").await;
    let path = "/api/v1/tenants/current/invites";
    assert_eq!(ann.post(path, json!({"email": "bob@example.com", "role": "analyst"})).await.status, 201);
    wait_until("the server was busy", async || {
        (app.count("mails WHERE attempts = 1 AND last_error LIKE '%try again%' AND sent_at IS NULL").await == 1)
            .then_some(())
    })
    .await;
    assert_eq!(app.count("mails WHERE secret_sealed IS NOT NULL").await, 1, "kept for the next try");
    app.owner_sql("UPDATE mails SET due_at = now()").await;
    wait_until("it is taken", async || (app.count("mails WHERE sent_at IS NOT NULL").await == 1).then_some(())).await;
    let message = taken.lock().expect("unpoisoned").first().cloned().expect("a message");
    assert!(message.contains("To: bob@example.com") && message.contains("multipart/alternative"), "{message}");
    assert_eq!(app.count("mails WHERE secret_sealed IS NOT NULL").await, 0);

    assert_eq!(ann.post(path, json!({"email": "never@example.com", "role": "analyst"})).await.status, 201);
    wait_until("it is given up", async || {
        (app.count("mails WHERE dead_at IS NOT NULL AND last_error LIKE '%no such mailbox%' AND secret_sealed IS NULL")
            .await
            == 1)
            .then_some(())
    })
    .await;
    assert_eq!(taken.lock().expect("unpoisoned").len(), 1, "sent once");
    app.finish().await;
}

/// A server that takes letters only behind TLS: from the start, or after STARTTLS.
async fn smtp_behind_tls(authority: &Authority, from_the_start: bool) -> (String, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let taken = Taken::default();
    let (shared, authority) = (Arc::clone(&taken), authority.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (taken, authority) = (Arc::clone(&shared), authority.clone());
            tokio::spawn(async move {
                if !from_the_start {
                    upgrade(&mut stream).await?;
                }
                let stream = authority.acceptor().accept(stream).await.ok()?;
                let greeting = if from_the_start { GREETING } else { "" };
                converse(stream, greeting, taken, Arc::new(Mutex::new(false))).await
            });
        }
    });
    let url = if from_the_start {
        format!("smtps://localhost:{port}")
    } else {
        format!("smtp://localhost:{port}?tls=required")
    };
    (url, taken)
}

/// The conversation before TLS: nothing but STARTTLS is taken.
async fn upgrade(stream: &mut TcpStream) -> Option<()> {
    stream.write_all(GREETING.as_bytes()).await.ok()?;
    loop {
        // A byte at a time, so that nothing of the handshake is read here.
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(stream.read_u8().await.ok()?);
        }
        if line.starts_with(b"STARTTLS") {
            return stream.write_all(b"220 go on\r\n").await.ok();
        }
        let answer: &[u8] =
            if line.starts_with(b"EHLO") { b"250-test\r\n250 STARTTLS\r\n" } else { b"530 STARTTLS first\r\n" };
        stream.write_all(answer).await.ok()?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_go_through_tls_to_a_server_that_an_own_authority_vouches_for() {
    let authority = Authority::generate();
    for from_the_start in [true, false] {
        let (url, taken) = smtp_behind_tls(&authority, from_the_start).await;
        let file = authority.file();
        let app = start_with(|settings| {
            settings.mail.smtp_url = Some(url.into());
            settings.mail.ca_file = Some(file);
        })
        .await;
        let ann = sign_up(&app, "ann").await;
        let body = json!({"email": "bob@example.com", "role": "analyst"});
        assert_eq!(ann.post(INVITES, body).await.status, 201);
        wait_until("it is sent", async || (app.count("mails WHERE sent_at IS NOT NULL").await == 1).then_some(()))
            .await;
        let message = taken.lock().expect("unpoisoned").first().cloned().expect("a message");
        assert!(message.contains("To: bob@example.com"), "{message}");
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_letter_goes_to_a_server_that_nobody_vouches_for() {
    let (url, taken) = smtp_behind_tls(&Authority::generate(), false).await;
    let app = start_with(|settings| settings.mail.smtp_url = Some(url.into())).await;
    let ann = sign_up(&app, "ann").await;
    assert_eq!(ann.post(INVITES, json!({"email": "bob@example.com", "role": "analyst"})).await.status, 201);
    wait_until("it is refused", async || {
        (app.count("mails WHERE attempts = 1 AND sent_at IS NULL AND last_error IS NOT NULL").await == 1).then_some(())
    })
    .await;
    assert_eq!(app.count("mails WHERE last_error ILIKE '%certificate%' OR last_error ILIKE '%tls%'").await, 1);
    assert!(taken.lock().expect("unpoisoned").is_empty());
    app.finish().await;
}
