//! `call_async` takes any future and needs no runtime: here a plain `block_on` drives it.

use halfopen::{CallError, CircuitBreaker, Config};

/// Something that works, and then does not.
async fn fetch(page: u32) -> Result<u32, &'static str> {
    if page == 1 { Ok(200) } else { Err("connection refused") }
}

async fn fetch_all(breaker: &CircuitBreaker) {
    for page in 1..=4 {
        match breaker.call_async(|| fetch(page)).await {
            Ok(status) => println!("page {page}: {status}"),
            Err(CallError::Inner(error)) => println!("page {page}: {error}"),
            Err(CallError::Open(refused)) => println!("page {page}: {refused}"),
        }
    }
}

fn main() {
    let breaker = CircuitBreaker::new("pages", Config::new().failure_threshold(2));
    pollster::block_on(fetch_all(&breaker));
}
