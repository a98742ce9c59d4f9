//! Files: what a name may be, what a content is, and which part of it was asked for.

use common::{BlobId, DateTime, FileId, RecordId};

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// How many first bytes tell what a content is.
pub(crate) const HEAD: usize = 4_096;
/// The type of bytes that say nothing of themselves.
pub(crate) const UNKNOWN: &str = "application/octet-stream";
const NAMELESS: &str = "file";

/// A file as it is known to its tenant.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) id: FileId,
    pub(crate) blob_id: BlobId,
    pub(crate) record_id: Option<RecordId>,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) size: u64,
    pub(crate) sha256: Vec<u8>,
    pub(crate) created_at: DateTime,
}

/// Content as it was received.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) blob_id: BlobId,
    pub(crate) sha256: Vec<u8>,
    pub(crate) size: u64,
    /// Its first bytes.
    pub(crate) head: Vec<u8>,
}

/// Which bytes a `Range` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of them.
    Whole,
    /// From the first to before the second.
    Part(u64, u64),
    /// Bytes that there are none of.
    Nothing,
}

/// A name without path, control characters and what turns the direction of writing.
pub(crate) fn clean_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|char| !char.is_control() && !is_invisible(*char)).collect();
    let kept = kept.trim().trim_start_matches('.').trim();
    let Some((stem, ending)) = kept.rsplit_once('.').filter(|(_, ending)| ending.chars().count() <= 16) else {
        let cut: String = kept.chars().take(MAX_NAME).collect();
        return if cut.is_empty() { NAMELESS.to_owned() } else { cut };
    };
    let room = MAX_NAME - ending.chars().count() - 1;
    let stem: String = stem.chars().take(room).collect();
    format!("{stem}.{ending}")
}

/// Marks of direction, joiners and the like, behind which `txt.exe` looks like `exe.txt`.
const fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// What a content is: what its bytes say; else what its sender says, unless its bytes would have said that.
pub(crate) fn content_type(head: &[u8], declared: Option<&str>) -> String {
    if let Some(known) = markup(head) {
        return known.to_owned();
    }
    if let Some(kind) = infer::get(head) {
        return kind.mime_type().to_owned();
    }
    let declared = declared.map(str::to_ascii_lowercase).filter(|text| is_mime(text));
    let speaks_for_itself =
        |text: &str| ["image/", "audio/", "video/", "font/"].iter().any(|prefix| text.starts_with(prefix));
    declared.filter(|text| !speaks_for_itself(text)).unwrap_or_else(|| UNKNOWN.to_owned())
}

/// HTML and SVG, which browsers run.
fn markup(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = String::from_utf8_lossy(&text[..text.len().min(1_024)]).trim_start().to_ascii_lowercase();
    if !text.starts_with('<') {
        return None;
    }
    let has = |tag: &str| text.contains(tag);
    if has("<svg") {
        Some("image/svg+xml")
    } else if has("<html") || has("<!doctype html") || has("<script") || has("<body") || has("<iframe") {
        Some("text/html")
    } else if text.starts_with("<?xml") {
        Some("application/xml")
    } else {
        None
    }
}

fn is_mime(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    text.len() <= 127 && text.split_once('/').is_some_and(|(kind, rest)| is_token(kind) && is_token(rest))
}

/// The type to serve a content under: nothing that a browser would run.
pub(crate) fn served_type(content_type: &str) -> &str {
    let is_active = ["html", "svg", "xml", "script", "wasm", "x-shockwave"].iter().any(|w| content_type.contains(w));
    if is_active { UNKNOWN } else { content_type }
}

/// Reads a `Range` header over a content of that size. What is malformed, or asks for several parts, is as if it
/// were not there (RFC 9110, 14.2).
pub(crate) fn wanted(range: Option<&str>, size: u64) -> Wanted {
    let Some(spec) = range.and_then(|text| text.trim().strip_prefix("bytes=")) else { return Wanted::Whole };
    let Some((first, last)) = spec.split_once('-') else { return Wanted::Whole };
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let (first, last) = (first.trim(), last.trim());
    match (number(first), number(last)) {
        (None, Some(count)) if first.is_empty() => match count.min(size) {
            0 => Wanted::Nothing,
            count => Wanted::Part(size - count, size),
        },
        (Some(from), None) if last.is_empty() => {
            if from < size {
                Wanted::Part(from, size)
            } else {
                Wanted::Nothing
            }
        }
        (Some(from), Some(to)) if from <= to => {
            if from < size {
                Wanted::Part(from, size.min(to.saturating_add(1)))
            } else {
                Wanted::Nothing
            }
        }
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_lose_what_is_dangerous() {
        for (given, clean) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a.txt", "a.txt"),
            ("a\u{202e}txt.exe", "atxt.exe"),
            ("a\r\nb\0.txt", "ab.txt"),
            ("..", "file"),
            (".htaccess", "htaccess"),
            ("", "file"),
            ("Größe 5.csv", "Größe 5.csv"),
        ] {
            assert_eq!(clean_name(given), clean, "{given:?}");
        }
        let long = clean_name(&format!("{}.csv", "x".repeat(400)));
        assert!(long.ends_with(".csv") && long.chars().count() == 255);
    }

    #[test]
    fn contents_are_what_their_bytes_say() {
        let png = b"\x89PNG\r\n\x1a\n0000";
        assert_eq!(content_type(png, Some("text/html")), "image/png");
        assert_eq!(content_type(b"<!DOCTYPE html><p>", Some("image/png")), "text/html");
        assert_eq!(content_type(b"\n<svg onload=alert(1)>", None), "image/svg+xml");
        assert_eq!(content_type(b"a,b\n", Some("text/csv")), "text/csv");
        assert_eq!(content_type(b"a,b\n", Some("image/png")), UNKNOWN);
        assert_eq!(content_type(b"a", Some("no type\r\nx: y")), UNKNOWN);
        for active in ["text/html", "image/svg+xml", "text/javascript", "application/xhtml+xml"] {
            assert_eq!(served_type(active), UNKNOWN);
        }
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (range, expected) in [
            ("bytes=0-0", Wanted::Part(0, 1)),
            ("bytes=2-", Wanted::Part(2, 10)),
            ("bytes=-3", Wanted::Part(7, 10)),
            ("bytes=-30", Wanted::Part(0, 10)),
            ("bytes=5-99", Wanted::Part(5, 10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=3-2", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
            ("bytes=0-18446744073709551615", Wanted::Part(0, 10)),
        ] {
            assert_eq!(wanted(Some(range), 10), expected, "{range}");
        }
    }

    proptest! {
        #[test]
        fn any_name_becomes_a_harmless_one(given in any::<String>()) {
            let name = clean_name(&given);
            prop_assert!(!name.is_empty() && name.chars().count() <= MAX_NAME);
            let harmful = name.contains(['/', '\\', '\0', '\r', '\n', '\u{202e}']);
            prop_assert!(!harmful);
        }

        #[test]
        fn any_range_stays_inside(range in "(bytes=)?[0-9,-]{0,24}", size in 0_u64..100) {
            if let Wanted::Part(from, to) = wanted(Some(&range), size) {
                prop_assert!(from < to && to <= size);
            }
        }
    }
}
