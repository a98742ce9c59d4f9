//! Threads that embed, behind a queue of limited length.
//!
//! A request is sorted by length and cut into micro-batches, so that a long text holds up few others. Texts are laid one
//! behind the other without padding: the limit of a batch is for the caches, not for the waste. Never runs on the threads
//! of an async runtime: those only wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_trait::async_trait;
use rayon::ThreadPoolBuilder;
use tokio::sync::{mpsc, oneshot};

use crate::embedder::{EmbedError, Embedder, Embedding};
use crate::encoder::{DIMENSIONS, Encoder, MAX_TOKENS};
use crate::weights::LoadError;

/// A batch holds at most this many texts.
const BATCH_TEXTS: usize = 16;
/// A batch ends once its texts have this many bytes; some 700 tokens.
const BATCH_BYTES: usize = 3_000;

/// How many work, and how much may wait.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSettings {
    /// Threads that embed at once; each takes a whole core while it does.
    pub threads: usize,
    /// Micro-batches that may wait; beyond it callers wait.
    pub queue: usize,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { threads: cores, queue: 4 * cores }
    }
}

/// The in-process [`Embedder`]. Its threads end when it is dropped and the queue is empty.
pub struct Workers {
    encoder: Arc<Encoder>,
    queue: mpsc::Sender<Job>,
}

struct Job {
    texts: Vec<String>,
    reply: oneshot::Sender<Result<Vec<Embedding>, EmbedError>>,
}

type Waiting = Arc<Mutex<mpsc::Receiver<Job>>>;

impl Workers {
    /// Starts the threads.
    pub fn start(encoder: Arc<Encoder>, settings: WorkerSettings) -> Result<Self, LoadError> {
        let threads = settings.threads.max(1);
        let (queue, waiting) = mpsc::channel(settings.queue.max(1));
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let (encoder, waiting) = (Arc::clone(&encoder), Arc::clone(&waiting));
            thread::Builder::new()
                .name(format!("encoder-{number}"))
                .spawn(move || work(&encoder, &waiting, threads))
                .map_err(LoadError::Thread)?;
        }
        Ok(Self { encoder, queue })
    }
}

#[async_trait]
impl Embedder for Workers {
    fn model_id(&self) -> &str {
        self.encoder.model_id()
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn max_tokens(&self) -> usize {
        MAX_TOKENS
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Embedding>, EmbedError> {
        let mut found = vec![Embedding::new(); texts.len()];
        let mut expected = Vec::new();
        for (places, texts) in batches(texts) {
            let (reply, answer) = oneshot::channel();
            self.queue.send(Job { texts, reply }).await.map_err(|_| EmbedError::Stopped)?;
            expected.push((places, answer));
        }
        for (places, answer) in expected {
            let vectors = answer.await.map_err(|_| EmbedError::Stopped)??;
            places.into_iter().zip(vectors).for_each(|(place, vector)| found[place] = vector);
        }
        Ok(found)
    }
}

/// Texts of similar length together, each batch with the places of its texts.
fn batches(texts: Vec<String>) -> Vec<(Vec<usize>, Vec<String>)> {
    let mut texts: Vec<(usize, String)> = texts.into_iter().enumerate().collect();
    texts.sort_by_key(|(place, text)| (text.len(), *place));
    let mut batches: Vec<(Vec<usize>, Vec<String>)> = Vec::new();
    let mut bytes = 0;
    for (place, text) in texts {
        match batches.last_mut() {
            Some(batch) if batch.0.len() < BATCH_TEXTS && bytes + text.len() <= BATCH_BYTES => {
                bytes += text.len();
                batch.0.push(place);
                batch.1.push(text);
            }
            _ => {
                bytes = text.len();
                batches.push((vec![place], vec![text]));
            }
        }
    }
    batches
}

fn work(encoder: &Encoder, waiting: &Waiting, threads: usize) {
    // Matrix products ask the pool of their thread for company: this one holds the thread alone, so a worker is one core.
    let _alone = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    while let Some(jobs) = next(waiting, threads) {
        let wanted: Vec<Job> = jobs.into_iter().filter(|job| !job.reply.is_closed()).collect();
        let texts: Vec<&str> = wanted.iter().flat_map(|job| job.texts.iter().map(String::as_str)).collect();
        // A text that breaks the network must not take the thread with it: the others would wait for ever in the end.
        match catch_unwind(AssertUnwindSafe(|| encoder.embed(&texts))) {
            Ok(Ok(vectors)) => answer(wanted, vectors),
            Ok(Err(error)) => refuse(wanted, &error.to_string()),
            Err(_) => refuse(wanted, "it panicked"),
        }
    }
}

/// The next job, with its share of the small ones that wait behind it.
fn next(waiting: &Waiting, threads: usize) -> Option<Vec<Job>> {
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let mut jobs = vec![waiting.blocking_recv()?];
    let share = waiting.len() / threads;
    let mut texts = jobs[0].texts.len();
    for _ in 0..share {
        if texts >= BATCH_TEXTS {
            break;
        }
        let Ok(job) = waiting.try_recv() else { break };
        texts += job.texts.len();
        jobs.push(job);
    }
    Some(jobs)
}

// A caller that has gone away is no fault of the worker.
fn answer(jobs: Vec<Job>, vectors: Vec<Embedding>) {
    let mut vectors = vectors.into_iter();
    for job in jobs {
        let own = vectors.by_ref().take(job.texts.len()).collect();
        let _ = job.reply.send(Ok(own));
    }
}

fn refuse(jobs: Vec<Job>, why: &str) {
    for job in jobs {
        let _ = job.reply.send(Err(EmbedError::Failed(why.to_owned())));
    }
}
