//! Nanoseconds a search beside a plain loop over f32 vectors, and the memory of 10,000 exemplars. `make bench` runs it.

use std::hint::black_box;
use std::time::Instant;

use learning::Index;
use uuid::Uuid;

const DIMENSIONS: usize = 384;
const QUERIES: usize = 50;

fn main() {
    for count in [1_000, 10_000, 100_000] {
        let rows: Vec<Vec<f32>> = (0..count).map(|n| vector(n as u64)).collect();
        let mut index = Index::new(DIMENSIONS);
        for (n, row) in (0_u128..).zip(&rows) {
            assert!(index.insert(Uuid::from_u128(n), 0, row), "the vector fits");
        }
        let queries: Vec<Vec<f32>> = (0..QUERIES).map(|n| vector(1 << 40 | n as u64)).collect();
        let (index_ns, found) =
            timed(&queries, |query| index.nearest(query, 10).iter().map(|one| one.id.as_u128() as usize).collect());
        let (plain_ns, wanted) = timed(&queries, |query| plain(&rows, query));
        let same =
            found.iter().zip(&wanted).map(|(a, b)| a.iter().filter(|one| b.contains(one)).count()).sum::<usize>();
        print(format_args!(
            r#"{{"exemplars":{count},"indexNs":{index_ns:.0},"plainNs":{plain_ns:.0},"times":{:.1},"recall":{:.4},"megabytes":{:.1}}}"#,
            plain_ns / index_ns,
            same as f64 / (10 * QUERIES) as f64,
            index.bytes() as f64 / 1e6
        ));
    }
}

fn timed(queries: &[Vec<f32>], search: impl Fn(&[f32]) -> Vec<usize>) -> (f64, Vec<Vec<usize>>) {
    let mut times = Vec::new();
    let mut found = Vec::new();
    for query in queries {
        let began = Instant::now();
        found.push(black_box(search(query)));
        times.push(began.elapsed().as_nanos() as f64);
    }
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], found)
}

fn plain(rows: &[Vec<f32>], query: &[f32]) -> Vec<usize> {
    let mut scored: Vec<(f32, usize)> =
        rows.iter().enumerate().map(|(place, row)| (row.iter().zip(query).map(|(a, b)| a * b).sum(), place)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.truncate(10);
    scored.into_iter().map(|one| one.1).collect()
}

// Clusters of like vectors, as texts make them.
fn vector(seed: u64) -> Vec<f32> {
    let mut cluster = Mixer(seed % 97);
    let mut own = Mixer(seed.wrapping_mul(0x9e37_79b9) + 1);
    let mut vector: Vec<f32> = (0..DIMENSIONS).map(|_| cluster.next() + 0.8 * own.next()).collect();
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

struct Mixer(u64);

impl Mixer {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 27)) >> 40) as f32 / (1 << 24) as f32 - 0.5
    }
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark is its output")]
fn print(line: std::fmt::Arguments<'_>) {
    println!("{line}");
}
