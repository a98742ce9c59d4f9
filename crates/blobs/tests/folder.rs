//! Blobs in a folder.

use blobs::{BlobError, BlobSettings, BlobStore};
use bytes::Bytes;
use futures_util::TryStreamExt as _;

fn folder(name: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

async fn read(store: &BlobStore, key: &str, range: std::ops::Range<u64>) -> Result<Vec<u8>, BlobError> {
    let chunks: Vec<Bytes> = store.read(key, range).await?.try_collect().await?;
    Ok(chunks.concat())
}

#[tokio::test]
async fn a_blob_is_seen_whole_or_not_at_all() {
    let folder = folder("whole");
    let settings = BlobSettings { folder: folder.to_str().expect("UTF-8").to_owned(), s3: None };
    let store = BlobStore::open(&settings).expect("opens");
    let mut upload = store.begin("t/one").await.expect("begins");
    upload.write(Bytes::from_static(b"hello ")).await.expect("writes");
    upload.write(Bytes::from(vec![b'x'; 9 << 20])).await.expect("writes");
    assert!(matches!(read(&store, "t/one", 0..1).await, Err(BlobError::NotFound)), "not before the end");
    upload.finish().await.expect("finishes");
    assert_eq!(read(&store, "t/one", 0..8).await.expect("reads"), b"hello xx");
    assert_eq!(read(&store, "t/one", 3..3).await.expect("reads"), b"");
    assert_eq!(store.list().try_collect::<Vec<_>>().await.expect("lists").len(), 1);

    // A process killed in the middle leaves its staged file, which no listing shows.
    std::fs::write(folder.join("t/one#7"), b"half").expect("writes");
    store.delete("t/one").await.expect("deletes");
    store.delete("t/one").await.expect("twice");
    assert_eq!(std::fs::read_dir(folder.join("t")).expect("lists").count(), 0);
    std::fs::remove_dir_all(folder).expect("removes");
}

#[tokio::test]
async fn parts_keep_their_order_whatever_the_pieces() {
    let folder = folder("parts");
    let settings = BlobSettings { folder: folder.to_str().expect("UTF-8").to_owned(), s3: None };
    let store = BlobStore::open(&settings).expect("opens");
    let part = 1 << 20;
    for (name, pieces) in [
        ("even", vec![part, part]),
        ("odd", vec![3, part - 2, 2 * part + 5, 0, 1, 700_001, 700_001, 700_001]),
        ("empty", vec![]),
    ] {
        let whole: Vec<u8> = (0..pieces.iter().sum::<usize>()).map(|n| (n % 251) as u8).collect();
        let mut upload = store.begin(name).await.expect("begins");
        let mut at = 0;
        for piece in pieces {
            upload.write(Bytes::copy_from_slice(&whole[at..at + piece])).await.expect("writes");
            at += piece;
        }
        upload.finish().await.expect("finishes");
        assert!(read(&store, name, 0..whole.len() as u64).await.expect("reads") == whole, "{name}");
    }
    let mut given_up = store.begin("given-up").await.expect("begins");
    given_up.write(Bytes::from(vec![1; 2 * part])).await.expect("writes");
    drop(given_up);
    // It is taken back behind the scenes; what is left at last is what was finished.
    let left = async || std::fs::read_dir(&folder).expect("lists").count();
    while left().await > 3 {
        tokio::task::yield_now().await;
    }
    std::fs::remove_dir_all(folder).expect("removes");
}
