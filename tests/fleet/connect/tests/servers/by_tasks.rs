//! From tasks: the same servers, by connections that block nobody.

use halfopen::redis::v1::Timeouts;

#[path = "cluster.rs"]
mod cluster;
#[path = "network.rs"]
mod network;
#[path = "sentinel.rs"]
mod sentinel;
#[path = "single.rs"]
mod single;
#[path = "subscription.rs"]
mod subscription;

fn by_url(url: &str) -> connect::ByTasks {
    by_url_with(url, connect::timeouts())
}

fn by_url_with(url: &str, timeouts: Timeouts) -> connect::ByTasks {
    connect::ByTasks::new(connect::by_url_with(url, timeouts))
}
