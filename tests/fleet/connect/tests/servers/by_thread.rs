//! From threads: by connections that block.

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

fn by_url(url: &str) -> halfopen::redis::v1::RedisConnect {
    by_url_with(url, connect::timeouts())
}

fn by_url_with(url: &str, timeouts: Timeouts) -> halfopen::redis::v1::RedisConnect {
    connect::by_url_with(url, timeouts)
}
