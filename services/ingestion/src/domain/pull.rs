//! How a source's items are asked for: page by page, each page naming the next.

use std::collections::BTreeMap;

use outbound::Url;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::mapping::Place;

/// Most items of one page.
const MAX_ITEMS: usize = 1_000;
/// Longest cursor, in bytes.
const MAX_CURSOR: usize = 4_096;
/// Seconds between two pulls.
const INTERVALS: std::ops::RangeInclusive<u32> = 10..=86_400;

/// `config.pull` as people write it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PullConfig {
    pub(crate) url: String,
    #[serde(default)]
    params: BTreeMap<String, String>,
    items_path: String,
    id_path: String,
    #[serde(default)]
    version_path: Option<String>,
    #[serde(default)]
    next_path: Option<String>,
    #[serde(default)]
    next_param: Option<String>,
    #[serde(default)]
    resume: Resume,
    interval_seconds: u32,
}

/// Where the pull after a finished one begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Resume {
    /// At the first page; what came before is recognised by its id.
    #[default]
    Start,
    /// At the last page, for APIs that append.
    Cursor,
}

/// A compiled `config.pull`.
#[derive(Clone, Debug)]
pub(crate) struct PullPlan {
    url: Url,
    items: Place,
    id: Place,
    version: Option<Place>,
    next: Option<Place>,
    next_param: Option<String>,
    resume: Resume,
    pub(crate) interval_seconds: u32,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// What the next page is asked for by; none on the last one.
    pub(crate) next: Option<String>,
}

/// One thing that a source has.
#[derive(Debug)]
pub(crate) struct Item {
    /// What tells it from the others: its id and, where configured, its version. An item without one among others
    /// that have one is told by its text.
    pub(crate) key: Option<String>,
    /// Its JSON text as the source wrote it.
    pub(crate) body: String,
}

impl PullPlan {
    /// Compiles the config.
    ///
    /// # Errors
    /// The field of `config.pull` that is wrong, and how.
    pub(crate) fn compile(config: &PullConfig) -> Result<Self, (&'static str, String)> {
        let place = |name, text: &str| Place::parse(text).map_err(|message| (name, message));
        let optional = |name, text: &Option<String>| text.as_deref().map(|text| place(name, text)).transpose();
        let mut url = Url::parse(&config.url).map_err(|error| ("url", format!("is no absolute URL: {error}")))?;
        if !config.params.is_empty() {
            url.query_pairs_mut().extend_pairs(&config.params);
        }
        if !INTERVALS.contains(&config.interval_seconds) {
            let message = format!("must be from {} to {}", INTERVALS.start(), INTERVALS.end());
            return Err(("intervalSeconds", message));
        }
        if config.next_param.is_some() && config.next_path.is_none() {
            return Err(("nextParam", "needs nextPath, which leads to its value".into()));
        }
        Ok(Self {
            url,
            items: place("itemsPath", &config.items_path)?,
            id: place("idPath", &config.id_path)?,
            version: optional("versionPath", &config.version_path)?,
            next: optional("nextPath", &config.next_path)?,
            next_param: config.next_param.clone(),
            resume: config.resume,
            interval_seconds: config.interval_seconds,
        })
    }

    /// The address of a page.
    ///
    /// # Errors
    /// When the cursor is an address of another origin, which must not see the token.
    pub(crate) fn page_url(&self, cursor: Option<&str>) -> Result<Url, String> {
        let Some(cursor) = cursor else { return Ok(self.url.clone()) };
        if let Some(param) = &self.next_param {
            let mut url = self.url.clone();
            url.query_pairs_mut().append_pair(param, cursor);
            return Ok(url);
        }
        let url = self.url.join(cursor).map_err(|error| format!("the next page's address is no URL: {error}"))?;
        if url.origin() != self.url.origin() {
            return Err(format!("the next page is at {}, not at {}", origin(&url), origin(&self.url)));
        }
        Ok(url)
    }

    /// Reads a page.
    ///
    /// # Errors
    /// What is not as the config says.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Page, String> {
        let body: &RawValue =
            serde_json::from_slice(body).map_err(|error| format!("the answer is not JSON in UTF-8: {error}"))?;
        let items = self.items.cut(body).and_then(|items| serde_json::from_str::<Vec<&RawValue>>(items.get()).ok());
        let items = items.ok_or("itemsPath leads to no array in the answer")?;
        if items.len() > MAX_ITEMS {
            return Err(format!(
                "a page has {} items; at most {MAX_ITEMS} are taken, ask for smaller pages",
                items.len()
            ));
        }
        let items: Vec<Item> = items.into_iter().map(|item| self.item(item)).collect();
        if !items.is_empty() && items.iter().all(|item| item.key.is_none()) {
            return Err("idPath leads to no text or number in any item of a page".into());
        }
        let next = self.next.as_ref().and_then(|next| next.cut(body)).and_then(scalar);
        let next = next.filter(|next| !next.is_empty());
        if next.as_ref().is_some_and(|next| next.len() > MAX_CURSOR || next.contains('\0')) {
            return Err(format!("the next page's cursor is longer than {MAX_CURSOR} bytes, or has a NUL"));
        }
        Ok(Page { items, next })
    }

    /// Where the next pull begins when `cursor` asked for the last page of this one.
    pub(crate) fn cursor_after(&self, cursor: Option<String>) -> Option<String> {
        cursor.filter(|_| self.resume == Resume::Cursor)
    }

    fn item(&self, item: &RawValue) -> Item {
        let id = self.id.cut(item).and_then(scalar);
        let version = self.version.as_ref().and_then(|version| version.cut(item)).and_then(scalar);
        let key = id.map(|id| version.map_or_else(|| id.clone(), |version| format!("{id}@{version}")));
        Item { key, body: item.get().to_owned() }
    }
}

/// A text, or a number as it was written.
fn scalar(value: &RawValue) -> Option<String> {
    let text = value.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str(text).ok(),
        b'-' | b'0'..=b'9' => Some(text.to_owned()),
        _ => None,
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(plan: &PullPlan, body: &Value) -> Result<Page, String> {
        plan.read(body.to_string().as_bytes())
    }

    fn plan(change: &Value) -> Result<PullPlan, (&'static str, String)> {
        let mut config = json!({"url": "https://api.example/v1/items", "params": {"limit": "2"}, "itemsPath": "$.data.items",
            "idPath": "$.id", "intervalSeconds": 60});
        config.as_object_mut().expect("an object").extend(change.as_object().cloned().unwrap_or_default());
        PullPlan::compile(&serde_json::from_value(config).expect("a config"))
    }

    #[test]
    fn pages_are_asked_for_by_parameter_or_by_address() {
        let by_param = plan(&json!({"nextPath": "$.next", "nextParam": "after"})).expect("a plan");
        let url = |plan: &PullPlan, cursor| plan.page_url(cursor).map(String::from);
        assert_eq!(url(&by_param, None).as_deref(), Ok("https://api.example/v1/items?limit=2"));
        assert_eq!(url(&by_param, Some("a&b")).as_deref(), Ok("https://api.example/v1/items?limit=2&after=a%26b"));
        let by_address = plan(&json!({"nextPath": "$.next"})).expect("a plan");
        assert_eq!(url(&by_address, Some("?page=2")).as_deref(), Ok("https://api.example/v1/items?page=2"));
        for elsewhere in ["https://evil.example/", "//evil.example/x", "http://api.example/v1/items"] {
            assert!(url(&by_address, Some(elsewhere)).is_err(), "{elsewhere} would be sent the token");
        }
    }

    #[test]
    fn a_page_is_read_as_configured() {
        let plan = plan(&json!({"versionPath": "$.rev", "nextPath": "$.next", "nextParam": "after"})).expect("a plan");
        let body = json!({"data": {"items": [{"id": 7, "rev": "b"}, {"id": "x"}, {"no": 1}]}, "next": 12});
        let page = read(&plan, &body).expect("a page");
        let keys: Vec<_> = page.items.iter().map(|item| item.key.as_deref()).collect();
        assert_eq!((keys, page.next.as_deref()), (vec![Some("7@b"), Some("x"), None], Some("12")));
        for last in [json!(null), json!("")] {
            let page = read(&plan, &json!({"data": {"items": []}, "next": last})).expect("a page");
            assert!(page.next.is_none());
        }
        for bad in [json!({}), json!({"data": {"items": {}}}), json!({"data": {"items": [{"no": 1}]}})] {
            assert!(read(&plan, &bad).is_err(), "{bad}");
        }
        assert!(plan.read(b"<html>").is_err());
    }

    #[test]
    fn an_item_is_kept_as_it_was_written() {
        let plan = plan(&json!({})).expect("a plan");
        let page = plan.read(br#"{"data": {"items": [{"id": 12345678901234567890123, "b": 1.10, "a": 0}]}}"#);
        let item = page.expect("a page").items.pop().expect("an item");
        assert_eq!(item.body, r#"{"id": 12345678901234567890123, "b": 1.10, "a": 0}"#);
        assert_eq!(item.key.as_deref(), Some("12345678901234567890123"));
    }

    #[test]
    fn faults_name_their_field() {
        for (change, field) in [
            (json!({"url": "/relative"}), "url"),
            (json!({"itemsPath": "items"}), "itemsPath"),
            (json!({"intervalSeconds": 1}), "intervalSeconds"),
            (json!({"nextParam": "after"}), "nextParam"),
        ] {
            assert_eq!(plan(&change).expect_err("faulty").0, field);
        }
    }

    #[test]
    fn the_next_pull_begins_where_it_is_told() {
        let of = |resume| plan(&json!({"resume": resume})).expect("a plan").cursor_after(Some("c".into()));
        assert_eq!((of("start"), of("cursor").as_deref()), (None, Some("c")));
    }
}
