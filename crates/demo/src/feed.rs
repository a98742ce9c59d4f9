//! A reader of the event feed: follows the cursor to the end and later on from there.

use std::collections::VecDeque;

use anyhow::Context as _;
use reqwest::Method;

use crate::api::Api;
use crate::model::Event;

const PAGE: &str = "200";
const PATH: &str = "/events";

pub(crate) struct Feed {
    filter: Vec<(&'static str, String)>,
    cursor: Option<String>,
    latest: VecDeque<Event>,
    keep: usize,
}

impl Feed {
    /// From the very beginning.
    pub(crate) fn from_start() -> Self {
        Self { filter: Vec::new(), cursor: None, latest: VecDeque::new(), keep: 0 }
    }

    /// From the first event that happened at `time` (RFC 3339) or later.
    pub(crate) fn since(time: String) -> Self {
        Self { filter: vec![("from", time)], ..Self::from_start() }
    }

    /// Keeps the last so many events for showing.
    pub(crate) fn keeping(self, keep: usize) -> Self {
        Self { keep, ..self }
    }

    /// The last events seen, oldest first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Event> {
        self.latest.iter()
    }

    /// The next page; empty at the end, after which the same call waits for what comes later.
    pub(crate) async fn page(&mut self, api: &Api) -> anyhow::Result<Vec<Event>> {
        let mut query = self.filter.clone();
        query.push(("limit", PAGE.to_owned()));
        query.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        let answer = api.call(Method::GET, PATH, &query, None).await?.success("GET /events")?;
        let cursor = answer.next_cursor.clone();
        let events: Vec<Event> = answer.read("GET /events")?;
        // An empty feed may have nothing to point at yet; any other page has to say where it ends.
        match cursor {
            Some(cursor) => self.cursor = Some(cursor),
            None if events.is_empty() => {}
            None => return Err(anyhow::anyhow!("no meta.nextCursor")).context("GET /events cannot be followed"),
        }
        Ok(events)
    }

    /// Reads to the present end, handing each event on.
    pub(crate) async fn drain(&mut self, api: &Api, mut each: impl FnMut(&Event)) -> anyhow::Result<usize> {
        let mut read = 0;
        loop {
            let events = self.page(api).await?;
            if events.is_empty() {
                return Ok(read);
            }
            read += events.len();
            for event in events {
                each(&event);
                if self.keep > 0 {
                    self.latest.push_back(event);
                }
            }
            let surplus = self.latest.len().saturating_sub(self.keep);
            self.latest.drain(..surplus);
        }
    }
}
