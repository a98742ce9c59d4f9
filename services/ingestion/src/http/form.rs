//! Forms of `multipart/form-data`, read as they come: a file in them is stored and never in memory.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use common::Violation;
use futures_util::TryStreamExt as _;
use web::{ApiError, Caller};

use crate::app::App;
use crate::domain::file::Content;
use crate::usecases::receive_content::{Receiving, give_up};

/// The media type of a form.
pub(super) const FORM: &str = "multipart/form-data";
/// How long a sender may be silent.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Longest text of a field that is no file, in bytes.
const MAX_FIELD: usize = 512;

/// A file of a form, received and not settled yet.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) content: Content,
    /// The name that its sender gave it; empty when there is none.
    pub(super) name: String,
    /// The type that its sender gave it.
    pub(super) declared_type: Option<String>,
}

/// What a form said: one file, and texts by the fields' names.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) file: Received,
    texts: Vec<(&'static str, String)>,
}

impl Form {
    /// The text of a field, when it was given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }
}

/// The media type of the body, without its parameters.
pub(super) fn essence(request: &HttpRequest) -> String {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads a form of one `file`, and of the texts `known`. What it received of a form that is refused is given up.
///
/// # Errors
/// 400 when it is malformed, breaks off or stands still; 413 past the limit; 422 for other fields, or none.
pub(super) async fn read(
    app: &App,
    caller: &Caller,
    parts: &mut Multipart,
    known: &[&'static str],
) -> Result<Form, ApiError> {
    let (mut file, mut texts) = (None, Vec::new());
    let read = read_parts(app, caller, parts, known, (&mut file, &mut texts)).await;
    match (read, file) {
        (Ok(()), Some(file)) => Ok(Form { file, texts }),
        (Ok(()), None) => Err(refuse("file", "required", "must be given")),
        (Err(error), received) => {
            if let Some(received) = received {
                give_up(app, caller.tenant(), received.content.blob_id).await;
            }
            Err(error)
        }
    }
}

async fn read_parts(
    app: &App,
    caller: &Caller,
    parts: &mut Multipart,
    known: &[&'static str],
    (file, texts): (&mut Option<Received>, &mut Vec<(&'static str, String)>),
) -> Result<(), ApiError> {
    while let Some(mut field) = in_time(parts.try_next()).await? {
        let name = field.name().unwrap_or("$").to_owned();
        if name == "file" {
            if file.is_some() {
                return Err(refuse("file", "once", "must be given once"));
            }
            *file = Some(receive(app, caller, &mut field).await?);
        } else if let Some(known) = known.iter().find(|known| **known == name) {
            if texts.iter().any(|(given, _)| given == known) {
                return Err(refuse(known, "once", "must be given once"));
            }
            texts.push((known, read_text(&mut field, known).await?));
        } else {
            return Err(refuse(&name, "unknown_field", "is not a field of this form"));
        }
    }
    Ok(())
}

async fn receive(app: &App, caller: &Caller, field: &mut Field) -> Result<Received, ApiError> {
    let disposition = field.content_disposition();
    let name = disposition.and_then(|said| {
        said.get_filename_ext().map(|name| decode(&name.value)).or_else(|| said.get_filename().map(str::to_owned))
    });
    let declared_type = field.content_type().map(|mime| mime.essence_str().to_owned());
    let mut receiving = Receiving::begin(app, caller.tenant()).await?;
    while let Some(bytes) = in_time(field.try_next()).await? {
        receiving.write(bytes).await?;
    }
    Ok(Received { content: receiving.finish().await?, name: name.unwrap_or_default(), declared_type })
}

fn decode(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn read_text(field: &mut Field, name: &str) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(bytes) = in_time(field.try_next()).await? {
        text.extend_from_slice(&bytes);
        if text.len() > MAX_FIELD {
            return Err(refuse(name, "max_length", &format!("must be at most {MAX_FIELD} bytes")));
        }
    }
    let text = String::from_utf8(text).map_err(|_| refuse(name, "utf8", "must be UTF-8"))?;
    Ok(text.trim().to_owned())
}

/// 422 for one field.
pub(super) fn refuse(path: &str, rule: &str, message: &str) -> ApiError {
    // A name is what its sender chose: as long, and with as odd characters in it, as they like.
    let path: String = path.chars().filter(|char| !char.is_control()).take(64).collect();
    ApiError::validation(&[Violation::new(path, rule, message)])
}

/// The next piece of the form, unless the sender is silent for too long.
async fn in_time<T>(next: impl Future<Output = Result<T, actix_multipart::MultipartError>>) -> Result<T, ApiError> {
    let next = tokio::time::timeout(PATIENCE, next).await;
    let next = next.map_err(|_| ApiError::invalid_request("The body did not arrive in time."))?;
    next.map_err(|error| ApiError::invalid_request(format!("The form cannot be read: {error}.")))
}
