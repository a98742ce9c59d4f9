//! A small store that speaks S3's REST interface on loopback: multipart uploads, ranges, deletion, listing. It refuses who
//! does not sign with its key, and can be away.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The one bucket.
pub const BUCKET: &str = "verdict-test";
/// The one key.
pub const ACCESS_KEY: &str = "AKIDTEST";

/// The running store.
#[derive(Clone, Debug)]
pub struct S3 {
    /// Its base URL.
    pub endpoint: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    uploads: HashMap<String, (String, BTreeMap<u32, Vec<u8>>)>,
    begun: usize,
    is_away: bool,
    refused: usize,
}

/// A request, read whole.
struct Request {
    method: String,
    url: Url,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

/// Status, further headers, body.
type Answer = (u16, String, Vec<u8>);

impl S3 {
    /// Starts one for as long as the test's runtime lives.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
        let store = Self { endpoint, state: Arc::default() };
        let serving = store.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let store = serving.clone();
                tokio::spawn(async move { store.serve(stream).await });
            }
        });
        store
    }

    /// Answers everything with a failure of its own from now on, or no more.
    pub fn be_away(&self, is_away: bool) {
        self.lock().is_away = is_away;
    }

    /// The keys of the objects that are there.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    /// Uploads that were begun and neither completed nor taken back.
    #[must_use]
    pub fn open_uploads(&self) -> usize {
        self.lock().uploads.len()
    }

    /// Requests that were not signed with its key.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.lock().refused
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut stream: TcpStream) {
        let Some(request) = read(&mut stream).await else { return };
        let is_head = request.method == "HEAD";
        let (status, headers, body) = self.answer(&request);
        let head =
            format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let body = if is_head { &[][..] } else { &body };
        // A client that gave up closes the connection under the answer.
        drop(stream.write_all(&[head.as_bytes(), body].concat()).await);
        drop(stream.shutdown().await);
    }

    fn answer(&self, request: &Request) -> Answer {
        let mut state = self.lock();
        if state.is_away {
            return error(503, "SlowDown");
        }
        let signed = format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/");
        if !request.headers.get("authorization").is_some_and(|given| given.starts_with(&signed)) {
            state.refused += 1;
            return error(403, "AccessDenied");
        }
        let Some(key) = request.url.path().strip_prefix(&format!("/{BUCKET}")) else {
            return error(404, "NoSuchBucket");
        };
        let key = key.trim_start_matches('/').to_owned();
        let query: HashMap<String, String> = request.url.query_pairs().into_owned().collect();
        match (request.method.as_str(), query.get("uploadId"), query.get("partNumber")) {
            ("POST", None, _) if query.contains_key("uploads") => state.begin(&key),
            ("PUT", Some(upload), Some(part)) => state.put_part(upload, part, &request.body),
            ("POST", Some(upload), _) => state.complete(upload, &String::from_utf8_lossy(&request.body)),
            ("DELETE", Some(upload), _) => {
                state.uploads.remove(upload);
                (204, String::new(), Vec::new())
            }
            ("GET", None, _) if key.is_empty() => state.list(query.get("prefix").map_or("", String::as_str)),
            ("GET" | "HEAD", None, _) => state.get(&key, request.headers.get("range").map(String::as_str)),
            ("PUT", None, None) => {
                state.objects.insert(key, request.body.clone());
                (200, etag(&request.body), Vec::new())
            }
            ("DELETE", None, _) => {
                state.objects.remove(&key);
                (204, String::new(), Vec::new())
            }
            _ => error(501, "NotImplemented"),
        }
    }
}

impl State {
    fn begin(&mut self, key: &str) -> Answer {
        self.begun += 1;
        let id = format!("upload-{}", self.begun);
        self.uploads.insert(id.clone(), (key.to_owned(), BTreeMap::new()));
        xml(&format!(
            "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
        ))
    }

    fn put_part(&mut self, upload: &str, part: &str, body: &[u8]) -> Answer {
        let (Some((_, parts)), Ok(number)) = (self.uploads.get_mut(upload), part.parse()) else {
            return error(404, "NoSuchUpload");
        };
        parts.insert(number, body.to_vec());
        (200, etag(body), Vec::new())
    }

    /// The parts that the request names, in its order.
    fn complete(&mut self, upload: &str, body: &str) -> Answer {
        let Some((key, parts)) = self.uploads.remove(upload) else { return error(404, "NoSuchUpload") };
        let mut whole = Vec::new();
        for named in body.split("<PartNumber>").skip(1) {
            let number = named.split('<').next().and_then(|number| number.parse().ok());
            let Some(part) = number.and_then(|number: u32| parts.get(&number)) else {
                return error(400, "InvalidPart");
            };
            whole.extend_from_slice(part);
        }
        let tag = digest(&whole);
        self.objects.insert(key.clone(), whole);
        xml(&format!(
            "<CompleteMultipartUploadResult><Key>{key}</Key><ETag>\"{tag}\"</ETag></CompleteMultipartUploadResult>"
        ))
    }

    fn get(&self, key: &str, range: Option<&str>) -> Answer {
        let Some(object) = self.objects.get(key) else { return error(404, "NoSuchKey") };
        let modified = "last-modified: Mon, 05 Jan 2026 00:00:00 GMT\r\n";
        let bounds = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let Some((from, to)) = bounds else { return (200, format!("{}{modified}", etag(object)), object.clone()) };
        let from: usize = from.parse().unwrap_or_default();
        let to = to.parse().unwrap_or(usize::MAX).min(object.len().saturating_sub(1));
        if from > to {
            return error(416, "InvalidRange");
        }
        let headers = format!("{}{modified}content-range: bytes {from}-{to}/{}\r\n", etag(object), object.len());
        (206, headers, object[from..=to].to_vec())
    }

    fn list(&self, prefix: &str) -> Answer {
        let found = self.objects.iter().filter(|(key, _)| key.starts_with(prefix));
        let contents: String = found
            .map(|(key, object)| {
                let (size, tag) = (object.len(), digest(object));
                format!(
                    "<Contents><Key>{key}</Key><LastModified>2026-01-05T00:00:00.000Z</LastModified>\
                     <ETag>\"{tag}\"</ETag><Size>{size}</Size></Contents>"
                )
            })
            .collect();
        xml(&format!(
            "<ListBucketResult><Name>{BUCKET}</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        ))
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn etag(bytes: &[u8]) -> String {
    format!("etag: \"{}\"\r\n", digest(bytes))
}

fn xml(body: &str) -> Answer {
    let whole = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}");
    (200, "content-type: application/xml\r\n".to_owned(), whole.into_bytes())
}

fn error(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>");
    (status, "content-type: application/xml\r\n".to_owned(), body.into_bytes())
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut part) = (Vec::new(), vec![0; 64 << 10]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let pairs = lines.filter_map(|line| line.split_once(": "));
    let headers: HashMap<String, String> =
        pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let url = Url::parse("http://s3").and_then(|base| base.join(target)).ok()?;
    let mut body = bytes.split_off(end + 4);
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while body.len() < length {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => body.extend_from_slice(&part[..count]),
        }
    }
    Some(Request { method, url, headers, body })
}
