//! All kinds of sources: those that are part of the program, and those that a deployment adds as files of its own.

use std::path::Path;
use std::sync::LazyLock;

use common::Violation;
use serde_json::{Value, json};

use super::{Auth, Provider};
use crate::domain::mapping::{Mapping, Place};

const FILES: [&str; 8] = [
    include_str!("../../providers/generic.json"),
    include_str!("../../providers/standard-webhooks.json"),
    include_str!("../../providers/github.json"),
    include_str!("../../providers/stripe.json"),
    include_str!("../../providers/shopify.json"),
    include_str!("../../providers/slack.json"),
    include_str!("../../providers/gitlab.json"),
    include_str!("../../providers/oauth2.json"),
];

/// Largest file, and most files of a folder: what is beyond is no catalogue.
const MAX_BYTES: u64 = 256 << 10;
const MAX_FILES: usize = 200;
const MAX_NAME: usize = 40;

/// All providers.
#[derive(Debug)]
pub(crate) struct Catalogue(Vec<Provider>);

/// A folder of providers that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogueError {
    #[error("{path} cannot be read")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{path} has more than {MAX_FILES} files")]
    TooMany { path: String },
    #[error("{file}: {fault}")]
    Faulty { file: String, fault: String },
}

impl Default for Catalogue {
    /// The built-in ones. They are part of the program: a fault in one is a defect that its first start and every
    /// test show.
    fn default() -> Self {
        Self(FILES.iter().map(|file| read(file).expect("a built-in provider has the catalogue's form")).collect())
    }
}

impl Catalogue {
    /// The built-in providers, and those of the folder's `*.json` in the order of their names.
    ///
    /// # Errors
    /// The first file that cannot be used, and why.
    pub(crate) fn load(folder: &Path) -> Result<Self, CatalogueError> {
        let unreadable = |path: &Path, source| CatalogueError::Unreadable { path: path.display().to_string(), source };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
        if files.len() > MAX_FILES {
            return Err(CatalogueError::TooMany { path: folder.display().to_string() });
        }
        files.sort_unstable();
        let mut catalogue = Self::default();
        for path in files {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let faulty = |fault| CatalogueError::Faulty { file: file.clone(), fault };
            let size = path.metadata().map_err(|error| unreadable(&path, error))?.len();
            if size > MAX_BYTES {
                return Err(faulty(format!("is larger than {MAX_BYTES} bytes")));
            }
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let provider = read(&text).map_err(faulty)?;
            if catalogue.find(&provider.provider).is_some() {
                return Err(faulty(format!("provider: {:?} is in the catalogue already", provider.provider)));
            }
            catalogue.0.push(provider);
        }
        Ok(catalogue)
    }

    /// The provider of that name.
    pub(crate) fn find(&self, provider: &str) -> Option<&Provider> {
        self.0.iter().find(|known| known.provider == provider)
    }

    /// Every provider, the built-in ones first.
    pub(crate) fn all(&self) -> &[Provider] {
        &self.0
    }
}

/// The built-in providers alone, for what works the same in every deployment.
pub(crate) fn built_in() -> &'static Catalogue {
    static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(Catalogue::default);
    &BUILT_IN
}

/// Reads a provider's file; the message says where it is wrong.
fn read(text: &str) -> Result<Provider, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let provider: Provider = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let at = error.path().to_string();
        let inner = error.into_inner();
        if at == "." { inner.to_string() } else { format!("{at}: {inner}") }
    })?;
    deserializer.end().map_err(|error| error.to_string())?;
    check(&provider)?;
    Ok(provider)
}

fn check(provider: &Provider) -> Result<(), String> {
    let name = &provider.provider;
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if name.is_empty() || name.len() > MAX_NAME || !is_name(name) {
        return Err(format!("provider: must be 1 to {MAX_NAME} small letters, digits and hyphens"));
    }
    for (field, text) in [("displayName", &provider.display_name), ("setup", &provider.setup)] {
        if text.trim().is_empty() {
            return Err(format!("{field}: must not be empty"));
        }
    }
    check_signature(provider)?;
    Mapping::compile(&provider.mapping).map_err(|found| first(&found))?;
    check_pull(provider)
}

fn check_signature(provider: &Provider) -> Result<(), String> {
    let scheme = &provider.signature;
    let headers = [Some(&scheme.header), scheme.timestamp_header.as_ref(), scheme.delivery_id_header.as_ref()];
    for header in headers.into_iter().flatten() {
        let is_token = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        if header.is_empty() || !header.bytes().all(is_token) {
            return Err(format!("signature: {header:?} is no name of a header in small letters"));
        }
    }
    if scheme.tolerance_seconds == 0 && scheme.has_time() {
        return Err("signature.toleranceSeconds: must be at least 1 where a time is signed".into());
    }
    if let Some(path) = &scheme.delivery_id_path {
        Place::parse(path).map_err(|message| format!("signature.deliveryIdPath: {message}"))?;
    }
    let signs_body = scheme.content.contains("{body}");
    if scheme.has_time() && (!signs_body || !scheme.content.contains("{timestamp}")) {
        return Err("signature.content: must have {timestamp} and {body} where a time is signed".into());
    }
    let key = provider.secret.key(&provider.secret.generate());
    key.and_then(|key| scheme.verifier(&[key])).map(drop).ok_or_else(|| "secret: is no key for the signature".into())
}

/// The defaults of a pulled source, tried with what a source's config has to add.
fn check_pull(provider: &Provider) -> Result<(), String> {
    if provider.auth == Auth::Webhook {
        let has_pull = provider.oauth2.is_some() || provider.pull.is_some();
        return if has_pull { Err("oauth2, pull: need \"auth\": \"oauth2\"".into()) } else { Ok(()) };
    }
    let mut oauth2 = json!({"authorizationUrl": "https://x/", "tokenUrl": "https://x/", "clientId": "x"});
    let mut pull = json!({"url": "https://x/", "itemsPath": "$", "idPath": "$", "intervalSeconds": 60});
    for (whole, own) in [(&mut oauth2, &provider.oauth2), (&mut pull, &provider.pull)] {
        let given = own.iter().filter_map(Value::as_object).flatten().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        if let Some(whole) = whole.as_object_mut() {
            whole.retain(|name, _| !given.contains(name));
        }
    }
    match provider.pull_source(&json!({"oauth2": oauth2, "pull": pull})) {
        Some(Err(found)) => Err(first(&found)),
        _ => Ok(()),
    }
}

fn first(found: &[Violation]) -> String {
    found.first().map_or_else(String::new, |violation| {
        format!("{}: {}", violation.path.trim_start_matches("config."), violation.message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_scheme_compiles() {
        let mut names: Vec<_> = built_in().all().iter().map(|provider| provider.provider.as_str()).collect();
        assert_eq!(names, ["generic", "standard-webhooks", "github", "stripe", "shopify", "slack", "gitlab", "oauth2"]);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FILES.len());
    }

    /// A provider's file with one field replaced, or taken out by null.
    fn file(pointer: &str, value: &Value) -> String {
        let mut whole = json!({
            "provider": "acme", "displayName": "Acme", "auth": "webhook", "secret": "text",
            "signature": {"header": "x-acme", "hash": "sha256", "encoding": "hex", "content": "{timestamp}.{body}",
                "timestampHeader": "x-time", "deliveryIdHeader": null, "toleranceSeconds": 300, "configurable": []},
            "setup": "Sign.", "mapping": {"text": "$.text"}});
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = whole.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        parent.insert(name.into(), value.clone());
        whole.to_string()
    }

    #[test]
    fn every_fault_says_where_it_is() {
        assert!(read(&file("/setup", &json!("Sign."))).is_ok());
        for (pointer, value, said) in [
            ("/provider", json!("Acme Inc"), "provider: must be"),
            ("/colour", json!(1), "unknown field `colour`"),
            ("/setup", json!(" "), "setup: must not be empty"),
            ("/signature/hash", json!("md5"), "signature.hash: unknown variant"),
            ("/signature/header", json!("X-Acme"), "signature: \"X-Acme\" is no name"),
            ("/signature/content", json!("{body}"), "signature.content: must have {timestamp}"),
            ("/signature/toleranceSeconds", json!(0), "signature.toleranceSeconds: must be"),
            ("/signature/deliveryIdPath", json!("id"), "signature.deliveryIdPath: must begin with $"),
            ("/mapping", json!({"colour": "$.c"}), "mapping.colour: is no field of a record"),
            ("/pull", json!({}), "oauth2, pull: need"),
        ] {
            let fault = read(&file(pointer, &value)).expect_err("faulty");
            assert!(fault.contains(said), "{pointer}: {fault}");
        }
        let mut pulled: Value = serde_json::from_str(&file("/auth", &json!("oauth2"))).expect("JSON");
        pulled["pull"] = json!({"intervalSeconds": 1});
        let fault = read(&pulled.to_string()).expect_err("faulty");
        assert!(fault.starts_with("pull.intervalSeconds: must be from"), "{fault}");
        pulled["pull"] = json!({"url": "https://api.acme.example/items", "itemsPath": "$.items", "idPath": "$.id"});
        assert!(read(&pulled.to_string()).is_ok());
        assert!(read("{} x").is_err());
    }
}
