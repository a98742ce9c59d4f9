//! Blobs in a bucket, against a server that speaks S3.

use blobs::{BlobError, BlobSettings, BlobStore, S3Settings};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use test_support::s3::{ACCESS_KEY, BUCKET, S3};
use test_support::wait_until;

fn open(s3: &S3, access_key: &str) -> BlobStore {
    let settings = S3Settings {
        bucket: BUCKET.into(),
        region: "eu-central-1".into(),
        endpoint: Some(s3.endpoint.clone()),
        access_key_id: access_key.into(),
        secret_access_key: String::from("secret").into(),
        virtual_hosted: false,
    };
    BlobStore::open(&BlobSettings { s3: Some(settings), ..BlobSettings::default() }).expect("opens")
}

async fn put(store: &BlobStore, key: &str, bytes: &[u8]) -> Result<(), BlobError> {
    let mut upload = store.begin(key).await?;
    for piece in bytes.chunks(700_001) {
        upload.write(Bytes::copy_from_slice(piece)).await?;
    }
    upload.finish().await
}

async fn read(store: &BlobStore, key: &str, range: std::ops::Range<u64>) -> Result<Vec<u8>, BlobError> {
    let chunks: Vec<Bytes> = store.read(key, range).await?.try_collect().await?;
    Ok(chunks.concat())
}

#[tokio::test]
async fn a_blob_of_several_parts_comes_back_by_ranges_and_goes() {
    let s3 = S3::start().await;
    let store = open(&s3, ACCESS_KEY);
    // Two whole parts of 5 MiB and a rest.
    let whole: Vec<u8> = (0..(11 << 20)).map(|n: usize| (n % 251) as u8).collect();
    let mut upload = store.begin("t/one").await.expect("begins");
    upload.write(Bytes::from(whole[..6 << 20].to_vec())).await.expect("writes");
    assert!(matches!(read(&store, "t/one", 0..1).await, Err(BlobError::NotFound)), "not before the end");
    upload.write(Bytes::from(whole[6 << 20..].to_vec())).await.expect("writes");
    upload.finish().await.expect("finishes");
    assert!(read(&store, "t/one", 0..whole.len() as u64).await.expect("reads") == whole);
    let middle = (5 << 20) - 3..(5 << 20) + 3;
    let part = &whole[usize::try_from(middle.start).expect("small")..usize::try_from(middle.end).expect("small")];
    assert_eq!(read(&store, "t/one", middle.clone()).await.expect("reads"), part);
    assert_eq!(store.read_small("t/one", middle).await.expect("reads"), part);
    put(&store, "t/empty", b"").await.expect("an empty one is one");
    put(&store, "u/two", b"two").await.expect("stored");
    let listed: Vec<_> = store.list().try_collect().await.expect("lists");
    let mut keys: Vec<&str> = listed.iter().map(|found| found.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["t/empty", "t/one", "u/two"]);
    store.delete("t/one").await.expect("deletes");
    store.delete("t/one").await.expect("twice");
    assert_eq!(s3.keys(), ["t/empty", "u/two"]);
    assert!(matches!(read(&store, "t/one", 0..1).await, Err(BlobError::NotFound)));
    assert_eq!((s3.open_uploads(), s3.refused()), (0, 0));
}

#[tokio::test]
async fn an_upload_that_is_given_up_is_taken_back() {
    let s3 = S3::start().await;
    let store = open(&s3, ACCESS_KEY);
    let mut upload = store.begin("t/half").await.expect("begins");
    upload.write(Bytes::from(vec![1; 6 << 20])).await.expect("writes");
    assert_eq!(s3.open_uploads(), 1);
    drop(upload);
    wait_until("it is taken back", async || (s3.open_uploads() == 0).then_some(())).await;
    assert_eq!(s3.keys(), Vec::<String>::new());
}

#[tokio::test]
async fn a_store_that_is_away_or_refuses_says_so_in_time() {
    let s3 = S3::start().await;
    let store = open(&s3, ACCESS_KEY);
    put(&store, "t/one", b"one").await.expect("stored");
    s3.be_away(true);
    let begun = std::time::Instant::now();
    assert!(matches!(put(&store, "t/two", b"two").await, Err(BlobError::Store(_))));
    assert!(matches!(read(&store, "t/one", 0..3).await, Err(BlobError::Store(_))));
    assert!(begun.elapsed().as_secs() < 40, "it was asked again for {:?}", begun.elapsed());
    s3.be_away(false);
    assert_eq!(read(&store, "t/one", 0..3).await.expect("it is back"), b"one");
    let stranger = open(&s3, "AKIDOTHER");
    assert!(matches!(put(&stranger, "t/three", b"x").await, Err(BlobError::Store(_))));
    assert!(s3.refused() > 0);
    assert_eq!(s3.keys(), ["t/one"]);
}
