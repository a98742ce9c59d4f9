//! Successful answers, in the form that the gateway puts into the envelope without reading it.

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder};
use common::page::Page;
use serde::Serialize;

/// Tells the gateway the `meta.nextCursor` of a list; empty means null.
pub const NEXT_CURSOR_HEADER: &str = "x-verdict-next-cursor";

/// A status, a JSON text, and what goes into headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    etag: Option<i32>,
    next_cursor: Option<Option<String>>,
    pub(crate) replayed: bool,
}

impl Reply {
    /// An answer of that status.
    ///
    /// # Panics
    /// When the data is not plain JSON, which derived response types are.
    pub fn new<T: Serialize>(status: StatusCode, data: &T) -> Self {
        let body = serde_json::to_string(data).expect("a response is plain JSON");
        Self { status, body, etag: None, next_cursor: None, replayed: false }
    }

    /// 200.
    pub fn ok<T: Serialize>(data: &T) -> Self {
        Self::new(StatusCode::OK, data)
    }

    /// 201.
    pub fn created<T: Serialize>(data: &T) -> Self {
        Self::new(StatusCode::CREATED, data)
    }

    /// 202.
    pub fn accepted<T: Serialize>(data: &T) -> Self {
        Self::new(StatusCode::ACCEPTED, data)
    }

    /// 200 with a page of a list.
    pub fn page<T: Serialize>(page: Page<T>) -> Self {
        let mut reply = Self::ok(&page.items);
        reply.next_cursor = Some(page.next_cursor);
        reply
    }

    /// The same with the resource's version as its `ETag`.
    #[must_use]
    pub fn version(mut self, version: i32) -> Self {
        self.etag = Some(version);
        self
    }

    /// Its JSON text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The same with its JSON text turned into another, for what must not be stored as it is sent.
    ///
    /// # Errors
    /// Those of `turn`.
    pub fn try_map_body<E>(mut self, turn: impl FnOnce(&str) -> Result<String, E>) -> Result<Self, E> {
        self.body = turn(&self.body)?;
        Ok(self)
    }

    /// A stored answer given again.
    pub(crate) fn replay(status: StatusCode, body: String) -> Self {
        Self { status, body, etag: None, next_cursor: None, replayed: true }
    }
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.content_type(header::ContentType::json());
        if let Some(version) = self.etag {
            answer.insert_header((header::ETAG, format!("\"{version}\"")));
        }
        if let Some(cursor) = self.next_cursor {
            answer.insert_header((NEXT_CURSOR_HEADER, cursor.unwrap_or_default()));
        }
        if self.replayed {
            answer.insert_header(("idempotent-replayed", "true"));
        }
        answer.body(self.body)
    }
}
