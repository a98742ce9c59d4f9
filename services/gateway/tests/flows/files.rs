//! Long bodies through gateway and ingestion as they come: memory stays flat, and a killed process leaves nothing.

use std::path::Path;

use bytes::Bytes;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use test_support::{Stack, wait_until};

use crate::api::Api;

const MIB: usize = 1 << 20;
/// Of the upload, in MiB: what a process that held it whole would grow by at least.
const BODY: usize = 256;
/// The most that a process may have had in memory beside its program's own pages, in MiB. The goal is 128 in all; of
/// these a release maps some 16, a build for tests more. `ONLY=files make bench` holds 1 GiB and a million lines to it.
const MOST: usize = 112;
const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");
const HEAD: &[u8] = b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f.bin\"\r\n\r\n";
const TAIL: &[u8] = b"\r\n--b--\r\n";

/// The most that a process ever had in memory, less what its program maps, in MiB.
fn peak(stack: &Stack, service: &str) -> usize {
    let pid = stack.pid(service).expect("it runs");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("readable");
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it is told");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number")
    };
    (kilobytes("VmHWM:") - kilobytes("RssFile:")) >> 10
}

fn chunks(count: usize) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    let head = stream::iter([Ok(Bytes::from_static(HEAD))]);
    head.chain(stream::iter((0..count).map(|n| Ok(Bytes::from(vec![u8::try_from(n % 251).expect("small"); MIB])))))
}

/// Files below a folder, staged ones too.
fn count_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { count_files(&entry.path()) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat() {
    let stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    let services = ["gateway", "ingestion"];
    let body = chunks(BODY).chain(stream::iter([Ok(Bytes::from_static(TAIL))]));
    let stored = owner.stream("/files", &[FORM], reqwest::Body::wrap_stream(body)).await.expect("answers").expect(201);
    assert_eq!(stored["size"], BODY * MIB);
    let lines = stream::iter((0..50).map(|block| {
        let line =
            |n: usize| format!("{{\"externalId\":\"e{}\",\"raw\":\"{}\"}}\n", block * 1_000 + n, "word ".repeat(20));
        Ok::<_, std::io::Error>(Bytes::from((0..1_000).map(line).collect::<String>()))
    }));
    let ndjson = ("content-type", "application/x-ndjson");
    let begun = owner.stream("/records/import", &[ndjson], reqwest::Body::wrap_stream(lines)).await.expect("answers");
    let path = format!("/records/imports/{}", begun.expect(202)["id"].as_str().expect("an id"));
    let mut seen = 0;
    let import: Value = loop {
        // Each thousand has its own patience; all of them together would need more than one.
        let import = wait_until("the import goes on", async || {
            let import = owner.get(&path).await.expect(200);
            let accepted = import["accepted"].as_u64().expect("a count");
            (accepted > seen || !import["finishedAt"].is_null()).then_some(import)
        })
        .await;
        if !import["finishedAt"].is_null() {
            break import;
        }
        seen = import["accepted"].as_u64().expect("a count");
    };
    assert_eq!((import["status"].as_str(), import["accepted"].as_u64()), (Some("completed"), Some(50_000)), "{import}");
    for service in services {
        let peak = peak(&stack, service);
        assert!(peak < MOST, "{service} had {peak} MiB in memory, of a body of {BODY} MiB");
    }
    stack.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_in_an_upload_leaves_nothing() {
    let mut stack = Stack::start().await;
    let owner = Api::new(stack.gateway()).sign_up("acme").await;
    let headers = [FORM, ("idempotency-key", "k")];
    let folder = stack.files_folder();
    let upload = {
        let owner = owner.clone();
        // Twenty mebibytes, and then nothing for ever.
        let body = reqwest::Body::wrap_stream(chunks(20).chain(stream::pending()));
        tokio::spawn(async move { owner.stream("/files", &headers, body).await })
    };
    wait_until("a part of the file is staged", async || (count_files(&folder) > 0).then_some(())).await;
    stack.kill("ingestion").await;
    let answer = upload.await.expect("no panic").expect("the gateway answers");
    assert_eq!((answer.status, answer.code()), (502, "upstream_unavailable"));
    assert_eq!(count_files(&folder), 1, "what the killed process left");
    let mut database = AsyncPgConnection::establish(&stack.database_url("ingestion")).await.expect("connects");
    database.batch_execute("UPDATE blobs SET lease_until = now() - interval '1 second'").await.expect("runs");
    drop(database);
    stack.restart("ingestion").await;
    wait_until("nothing is left", async || (count_files(&folder) == 0).then_some(())).await;
    let whole = || reqwest::Body::from([HEAD, b"again", TAIL].concat());
    let stored = owner.stream("/files", &headers, whole()).await.expect("answers").expect(201);
    let again = owner.stream("/files", &headers, whole()).await.expect("answers").expect(201);
    assert_eq!(stored, again);
    stack.finish().await;
}
