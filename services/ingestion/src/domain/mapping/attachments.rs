//! Files that come inside a delivery: where a mapping says that they are, and what they hold.
//!
//! Unlike a field, a file is read when the record is stored already, from the body that was kept. What is no file is
//! left out; a delivery is never refused for it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use common::Violation;
use serde_json::Value;

use super::path::{Step, parse};

/// Most files of one delivery.
const MAX_FILES: usize = 20;
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Where files are in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attachments {
    /// The list of them, or one; the others are read from each.
    each: Vec<Step>,
    /// Their bytes, as base64 or as a `data:` URL.
    content: Vec<Step>,
    name: Option<Vec<Step>>,
    content_type: Option<Vec<Step>>,
}

/// A file that a delivery brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// Its place among the entries of the list.
    pub(crate) place: usize,
    pub(crate) name: String,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Vec<u8>,
}

impl Attachments {
    /// What a mapping says of files; `None` when it says nothing.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn compile(mapping: &Value) -> Result<Option<Self>, Vec<Violation>> {
        let Some(given) = mapping.get("attachments").filter(|given| !given.is_null()) else { return Ok(None) };
        let refuse = |path: &str, rule: &str, message: String| Violation::new(path, rule, message);
        let Some(object) = given.as_object() else {
            return Err(vec![refuse("mapping.attachments", "type", "must be an object".into())]);
        };
        let (mut found, mut steps) = (Vec::new(), [None, None, None, None]);
        for (key, value) in object {
            let path = format!("mapping.attachments.{key}");
            let Some(place) = ["each", "content", "name", "contentType"].iter().position(|known| known == key) else {
                found.push(refuse(&path, "unknown_field", "is not each, content, name or contentType".into()));
                continue;
            };
            match value.as_str().map(parse) {
                Some(Ok(read)) => steps[place] = Some(read),
                Some(Err(message)) => found.push(refuse(&path, "expression", message)),
                None => found.push(refuse(&path, "type", "must be a path such as $.file".into())),
            }
        }
        let [each, content, name, content_type] = steps;
        for (key, given) in [("each", &each), ("content", &content)] {
            if given.is_none() && !object.contains_key(key) {
                found.push(refuse(&format!("mapping.attachments.{key}"), "required", "must be given".into()));
            }
        }
        match (each, content, found.is_empty()) {
            (Some(each), Some(content), true) => Ok(Some(Self { each, content, name, content_type })),
            _ => Err(found),
        }
    }

    /// The files of a body.
    pub(crate) fn extract(&self, body: &[u8]) -> Vec<Attachment> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
        let entries = match at(&body, &self.each) {
            Some(Value::Array(entries)) => entries.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let files = entries.iter().take(MAX_FILES).enumerate();
        files.filter_map(|(place, entry)| self.file(place, entry)).collect()
    }

    fn file(&self, place: usize, entry: &Value) -> Option<Attachment> {
        let text = |steps: &Option<Vec<Step>>| Some(at(entry, steps.as_ref()?)?.as_str()?.to_owned());
        let (content, typed) = decode(at(entry, &self.content)?.as_str()?)?;
        let name = text(&self.name).filter(|name| !name.trim().is_empty());
        let name = name.unwrap_or_else(|| format!("attachment-{}", place + 1));
        Some(Attachment { place, name, content_type: text(&self.content_type).or(typed), content })
    }
}

fn at<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    })
}

/// Bytes of base64, of either alphabet and in lines or not, or of a `data:` URL, whose type comes along.
fn decode(text: &str) -> Option<(Vec<u8>, Option<String>)> {
    let (text, content_type) = match text.strip_prefix("data:") {
        Some(url) => {
            let (head, data) = url.split_once(',')?;
            let kind = head.strip_suffix(";base64")?;
            (data, Some(kind.split(';').next().unwrap_or_default().to_owned()).filter(|kind| !kind.is_empty()))
        }
        None => (text, None),
    };
    let packed: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
    if packed.is_empty() {
        return None;
    }
    let content = STANDARD.decode(&packed).or_else(|_| URL_SAFE.decode(&packed)).ok()?;
    Some((content, content_type))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn compiled(attachments: &Value) -> Result<Option<Attachments>, Vec<String>> {
        let compiled = Attachments::compile(&json!({ "attachments": attachments }));
        compiled.map_err(|found| found.into_iter().map(|one| format!("{} {}", one.path, one.rule)).collect())
    }

    fn whole() -> Attachments {
        let paths = json!({"each": "$.files", "content": "$.data", "name": "$.name", "contentType": "$.type"});
        compiled(&paths).expect("compiles").expect("something")
    }

    #[test]
    fn what_is_written_is_checked() {
        assert_eq!(compiled(&Value::Null), Ok(None));
        assert_eq!(Attachments::compile(&json!({"text": "$.a"})), Ok(None));
        let refused = |value: Value| compiled(&value).expect_err("refused");
        assert_eq!(refused(json!("$.files")), ["mapping.attachments type"]);
        assert_eq!(refused(json!({"each": "$.a"})), ["mapping.attachments.content required"]);
        assert_eq!(refused(json!({"each": "$.a", "content": "a"})), ["mapping.attachments.content expression"]);
        assert_eq!(refused(json!({"each": 7, "content": "$"})), ["mapping.attachments.each type"]);
        let odd = json!({"each": "$", "content": "$.a", "url": "$.b"});
        assert_eq!(refused(odd), ["mapping.attachments.url unknown_field"]);
    }

    #[test]
    fn files_are_found_and_what_is_none_is_left_out() {
        let body = json!({"files": [
            {"data": "aGVsbG8=", "name": "a.txt", "type": "text/plain"},
            {"data": "not base64!"},
            {"data": "data:image/png;charset=x;base64,_-8"},
            {"name": "no content"},
            {"data": "aGVs\nbG8", "name": " "},
            {"data": ""},
            7
        ]});
        let found = whole().extract(body.to_string().as_bytes());
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.place, one.name.as_str(), one.content_type.as_deref(), one.content.as_slice()))
            .collect();
        assert_eq!(
            told,
            [
                (0, "a.txt", Some("text/plain"), b"hello".as_slice()),
                (2, "attachment-3", Some("image/png"), b"\xff\xef"),
                (4, "attachment-5", None, b"hello"),
            ]
        );
        let one = whole().extract(json!({"files": {"data": "aGVsbG8="}}).to_string().as_bytes());
        assert_eq!(one.len(), 1, "one that is no list");
        assert!(whole().extract(b"no json").is_empty() && whole().extract(b"{}").is_empty());
        let many: Vec<Value> = (0..30).map(|_| json!({"data": "aGVsbG8="})).collect();
        assert_eq!(whole().extract(json!({"files": many}).to_string().as_bytes()).len(), MAX_FILES);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(content in proptest::collection::vec(any::<u8>(), 1..300)) {
            for encoded in [STANDARD.encode(&content), URL_SAFE.encode(&content)] {
                let found = whole().extract(json!({"files": [{"data": encoded}]}).to_string().as_bytes());
                prop_assert_eq!(&found[0].content, &content);
            }
        }

        #[test]
        fn any_text_is_a_file_or_left_out(text in ".{0,80}") {
            let found = whole().extract(json!({"files": [{"data": text}]}).to_string().as_bytes());
            prop_assert!(found.len() <= 1);
        }
    }
}
