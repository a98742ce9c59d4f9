//! A server that stands for the services: it does what the query's `mode` says, else tells what it was sent.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::web::{self, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value, json};

/// Length of the large answer, in bytes.
pub(crate) const LARGE: usize = 3 << 20;

/// Starts the server and gives its base URL.
pub(crate) fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        let server = HttpServer::new(|| App::new().default_service(web::to(answer))).workers(1).disable_signals();
        let serve = server.listen(listener).expect("the listener works").run();
        actix_web::rt::System::new().block_on(serve).expect("the server runs");
    });
    url
}

/// A URL where nobody listens.
pub(crate) fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("bound"))
}

async fn answer(request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let query = request.query_string().to_owned();
    let mode = query.split('&').find_map(|pair| pair.strip_prefix("mode=")).unwrap_or_default();
    match mode {
        "early" => return HttpResponse::Conflict().json(error("conflict")),
        "slow" => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            return HttpResponse::Ok().json(json!({}));
        }
        "error" => return HttpResponse::UnprocessableEntity().json(error("unknown_label")),
        "text-error" => return HttpResponse::InternalServerError().body("panicked at …"),
        "wrong-json-error" => return HttpResponse::NotFound().json(json!({"oops": true})),
        "text" => return HttpResponse::Ok().content_type("text/plain").body("hello"),
        "empty" => return HttpResponse::NoContent().finish(),
        "page" => {
            return HttpResponse::Ok().insert_header(("x-verdict-next-cursor", "abc")).json(json!([1, 2]));
        }
        "last-page" => return HttpResponse::Ok().insert_header(("x-verdict-next-cursor", "")).json(json!([])),
        "headers" => {
            return HttpResponse::Created()
                .insert_header(("etag", "\"7\""))
                .insert_header(("location", "/api/v1/rules/7"))
                .insert_header(("idempotent-replayed", "true"))
                .insert_header(("x-verdict-secret", "1"))
                .insert_header(("x-trace-id", "forged"))
                .json(json!({}));
        }
        "busy" => {
            return HttpResponse::ServiceUnavailable().insert_header(("retry-after", "7")).json(error("overloaded"));
        }
        "bare" => {
            return HttpResponse::Ok()
                .insert_header(("x-verdict-envelope", "none"))
                .content_type("text/event-stream")
                .body("data: 1\n\n");
        }
        "large" => return HttpResponse::Ok().content_type("application/json").body(large()),
        "chunked" => {
            let chunks =
                [&b"{\"a\":"[..], &b"[1,2"[..], &b"]}"[..]].map(|chunk| Ok::<_, actix_web::Error>(Bytes::from(chunk)));
            return HttpResponse::Ok().content_type("application/json").streaming(stream::iter(chunks));
        }
        "chunked-empty" => {
            let none = stream::empty::<Result<Bytes, actix_web::Error>>();
            return HttpResponse::Ok().content_type("application/json").streaming(none);
        }
        "cut" => {
            // Not before the beginning is on its way.
            let end = async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Err(actix_web::error::ErrorInternalServerError("cut"))
            };
            let chunks = stream::iter([Ok(Bytes::from_static(b"{\"a\":"))]).chain(stream::once(end));
            return HttpResponse::Ok().content_type("application/json").streaming(chunks);
        }
        _ => {}
    }
    let mut length = 0;
    while let Some(Ok(chunk)) = payload.next().await {
        length += chunk.len();
    }
    let headers: Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned().into()))
        .collect();
    HttpResponse::Ok().json(json!({
        "method": request.method().as_str(),
        "path": request.path(),
        "query": query,
        "headers": headers,
        "bodyBytes": length,
    }))
}

fn error(code: &str) -> Value {
    json!({"code": code, "message": "As the service says.", "context": {"label": "x"}})
}

fn large() -> String {
    format!("\"{}\"", "x".repeat(LARGE - 2))
}
