//! Sends records in batches: as large as allowed, smaller where the gateway finds them too large.

use anyhow::bail;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::Sent;
use super::item::{Item, Parsed};
use crate::api::Api;
use crate::ui::{self, Live};

/// The contract's limit.
const MOST_ROWS: usize = 1_000;
/// Half a megabyte keeps a batch under any sensible body limit.
const MOST_BYTES: usize = 512 * 1024;
const PATH: &str = "/records/batch";

#[derive(Deserialize)]
struct BatchAnswer {
    accepted: usize,
    #[serde(default)]
    duplicates: usize,
    #[serde(default)]
    rejected: Vec<Rejected>,
    #[serde(default)]
    ids: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct Rejected {
    index: usize,
    code: String,
    message: String,
}

pub(super) async fn send(api: &Api, parsed: Parsed) -> anyhow::Result<Sent> {
    let total = parsed.items.len();
    let mut sent = Sent { rejected: parsed.rejected, ..Sent::default() };
    let mut live = Live::start();
    // A stack of what is still to be sent, the next chunk on top; a chunk too large goes back in halves.
    let mut chunks = chunks(&parsed.items);
    chunks.reverse();
    let mut done = 0;
    while let Some(chunk) = chunks.pop() {
        if !send_chunk(api, chunk, &mut sent).await? {
            if let [item] = chunk {
                sent.rejected.push(format!("line {}: too large", item.line));
            } else {
                let (first, second) = chunk.split_at(chunk.len() / 2);
                chunks.extend([second, first]);
                continue;
            }
        }
        done += chunk.len();
        let line = format!("sent {done} of {total}: {} accepted, {} rejected", sent.accepted, sent.rejected.len());
        live.show(&format!("  {}  {line}", ui::share_bar(done, total)), &line);
    }
    live.finish();
    Ok(sent)
}

/// Sends one batch; false when it is too large.
async fn send_chunk(api: &Api, chunk: &[Item], sent: &mut Sent) -> anyhow::Result<bool> {
    let body = Value::Array(chunk.iter().map(|item| item.body.clone()).collect());
    let answer = api.call(Method::POST, PATH, &[], Some(&body)).await?;
    if answer.status == 413 {
        return Ok(false);
    }
    if answer.status == 402 {
        bail!("the plan's quota is used up after {} records: {}", sent.accepted, answer.in_words());
    }
    let batch: BatchAnswer = answer.success("POST /records/batch")?.read("POST /records/batch")?;
    sent.accepted += batch.accepted;
    sent.duplicates += batch.duplicates;
    sent.ids.extend(batch.ids.into_iter().flatten());
    for Rejected { index, code, message } in batch.rejected {
        let line = chunk.get(index).map_or(0, |item| item.line);
        sent.rejected.push(format!("line {line}: {code}: {message}"));
    }
    Ok(true)
}

fn chunks(items: &[Item]) -> Vec<&[Item]> {
    let mut chunks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, item) in items.iter().enumerate() {
        let size = item.body.to_string().len();
        if index > start && (index - start == MOST_ROWS || bytes + size > MOST_BYTES) {
            chunks.push(&items[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < items.len() {
        chunks.push(&items[start..]);
    }
    chunks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(count: u64, text: &str) -> Vec<Item> {
        (1..=count).map(|line| Item { line, body: json!({"raw": {"text": text}}) }).collect()
    }

    #[test]
    fn chunks_keep_both_limits_and_lose_nothing() {
        let short = items(2_500, "a");
        let sizes: Vec<usize> = chunks(&short).iter().map(|chunk| chunk.len()).collect();
        assert_eq!(sizes, [1_000, 1_000, 500]);
        let long = items(5, &"x".repeat(300 * 1024));
        assert_eq!(chunks(&long).len(), 5);
        assert!(chunks(&[]).is_empty());
    }
}
