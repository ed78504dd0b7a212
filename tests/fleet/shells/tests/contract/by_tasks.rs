//! All fleets are tasks on one runtime, which has one thread.

use std::sync::OnceLock;

use halfopen::redis::{Fleet, FleetOptions};
use tokio::runtime::{Builder, Runtime};

#[path = "suite.rs"]
mod suite;

fn fleet(url: &str, options: FleetOptions) -> Fleet {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    let _entered = runtime.enter();
    Fleet::from_url_tokio(url, options).unwrap()
}
