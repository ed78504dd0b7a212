//! The script: two runs of the same, and what they amount to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anstream::println;
use halfopen::{CircuitBreaker, SystemClock};

use crate::args::Args;
use crate::client::client;
use crate::gate::Gate;
use crate::scenario::{Health, Scenario};
use crate::screen::Log;
use crate::server::Server;
use crate::summary::{self, Run};
use crate::uploads::{self, Failed};

/// How often the script looks whether it is time.
const GLANCE: Duration = Duration::from_millis(5);

/// Shows it all, and gives the promises that were broken.
#[tokio::main(worker_threads = 2)]
pub(crate) async fn run(args: Args) -> Result<Vec<&'static str>, Failed> {
    let scenario = if args.fast { Scenario::fast() } else { Scenario::full() };
    println!("{}", summary::introduction(&scenario));
    println!("\nRun 1 of 2: retries with a circuit breaker");
    let with = one_run(scenario, !args.broken).await?;
    println!("\nRun 2 of 2: the same retries without one");
    let without = one_run(scenario, false).await?;
    println!("\nSummary\n{}", summary::table(&scenario, &with, &without));
    Ok(summary::broken_promises(&scenario, &with, &without))
}

async fn one_run(scenario: Scenario, with_breaker: bool) -> Result<Run, Failed> {
    let server = Server::start().await?;
    let store = Arc::new(client(server.address, scenario.timeout)?);
    let log = Log::new();
    let circuit = CircuitBreaker::with_observer("s3_upload", scenario.breaker(), SystemClock, log.clone());
    if !with_breaker {
        circuit.disable();
    }
    log.event("server", Health::Well.words());
    let uploading = tokio::spawn(uploads::upload_all(scenario, store.clone(), Arc::new(circuit), log.clone()));
    fall_sick(scenario, &server.gate, &log).await;
    let well_again = Instant::now();
    let longest = uploading.await??;
    let after = well_again.elapsed();
    // Before the objects are read back, by requests that are none of the uploads.
    let received = server.gate.received();
    let (tally, transitions, took) = log.totals();
    log.event("uploads", "all are stored");
    let stored = uploads::stored(scenario, &store).await?;
    Ok(Run { received, attempts: tally.attempts(), stored, transitions, took, after, longest })
}

/// Waits for a third of the objects, and has each illness.
async fn fall_sick(scenario: Scenario, gate: &Gate, log: &Log) {
    while log.totals().0.stored < scenario.uploaders * scenario.objects / 3 {
        tokio::time::sleep(GLANCE).await;
    }
    for illness in scenario.illnesses {
        let begun = Instant::now();
        gate.set_health(illness.health);
        log.event("server", illness.health.words());
        while begun.elapsed() < illness.lasts || gate.received().lately < illness.requests {
            tokio::time::sleep(GLANCE).await;
        }
    }
    gate.set_health(Health::Well);
    log.event("server", Health::Well.words());
}
