//! The uploads: what the contract's `@with_s3_retry(circuit_breaker=upload_circuit)` is around, in Rust.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use halfopen::{CircuitBreaker, RetryPolicy, SystemClock, wrap_retry_async};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutResult};
use tokio::task::JoinSet;

use crate::client;
use crate::scenario::Scenario;
use crate::screen::Log;

pub(crate) type Circuit = CircuitBreaker<SystemClock, Log>;
pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Uploads all objects, several at a time, and gives the longest time that one took.
pub(crate) async fn upload_all(
    scenario: Scenario,
    store: Arc<AmazonS3>,
    circuit: Arc<Circuit>,
    log: Log,
) -> Result<Duration, Failed> {
    let mut uploaders = JoinSet::new();
    for uploader in 0..scenario.uploaders {
        uploaders.spawn(upload_some(uploader, scenario, store.clone(), circuit.clone(), log.clone()));
    }
    let mut longest = Duration::ZERO;
    while let Some(uploader) = uploaders.join_next().await {
        longest = longest.max(uploader??);
    }
    Ok(longest)
}

async fn upload_some(
    uploader: u32,
    scenario: Scenario,
    store: Arc<AmazonS3>,
    circuit: Arc<Circuit>,
    log: Log,
) -> Result<Duration, Failed> {
    let [first, longest] = scenario.backoff;
    // An upload is worth waiting for: as long as it takes, but not for ever.
    let with_s3_retry = RetryPolicy::new()
        .attempts(1_000)
        .backoff(first)
        .max_delay(longest)
        .wait_while_open()
        .deadline(Duration::from_secs(60))
        .classify(client::classify::<PutResult>);
    let put_object = async |(key, data): (Path, Bytes)| {
        let result = store.put(&key, data.into()).await;
        log.attempt(result.as_ref().err().map(client::words));
        result
    };
    let upload_with_protection = wrap_retry_async(circuit, with_s3_retry, put_object);

    let mut slowest = Duration::ZERO;
    for number in 0..scenario.objects {
        let begun = Instant::now();
        upload_with_protection.call(object(uploader, number)).await?;
        slowest = slowest.max(begun.elapsed());
        tokio::time::sleep(scenario.pace).await;
    }
    Ok(slowest)
}

/// How many objects are there as they were sent.
pub(crate) async fn stored(scenario: Scenario, store: &AmazonS3) -> Result<u32, Failed> {
    let mut good = 0;
    for uploader in 0..scenario.uploaders {
        for number in 0..scenario.objects {
            let (key, data) = object(uploader, number);
            good += u32::from(store.get(&key).await?.bytes().await? == data);
        }
    }
    Ok(good)
}

/// The key of an object, and its bytes: 1 to about 200 KiB, which no other object begins with.
fn object(uploader: u32, number: u32) -> (Path, Bytes) {
    let seed = uploader * 1_000 + number;
    let size = 1_024 + (seed.wrapping_mul(0x9e37_79b9) >> 16) as usize * 3;
    let bytes = (seed..).flat_map(|word| word.wrapping_mul(0x85eb_ca6b).to_le_bytes()).take(size).collect();
    (Path::from(format!("uploader-{uploader}/{number:03}.jpg")), bytes)
}
