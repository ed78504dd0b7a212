//! The caller's HTTP client, and what its results say about the service.

use std::time::Duration;

use halfopen::Outcome;
use ureq::Agent;

/// An HTTP client with a time limit for the whole request.
pub struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    /// A client of the service at `base` that gives up after `timeout`.
    #[must_use]
    pub fn new(base: String, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            // A status is a result: the classifier says what it means.
            .http_status_as_error(false)
            // The service is on this machine, whatever HTTP_PROXY says.
            .proxy(None)
            .build();
        Self { agent: config.new_agent(), base }
    }

    /// The status that the service answers with.
    ///
    /// # Errors
    ///
    /// If it cannot be reached, does not answer in time, or not by HTTP.
    pub fn get(&self, path: &str) -> Result<u16, ureq::Error> {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call()?;
        // Read to its end, so that the connection can serve the next request.
        response.body_mut().read_to_vec()?;
        Ok(response.status().as_u16())
    }
}

/// What a result says about the service: the classifier that the breaker is given.
///
/// An answer of the 4xx kind is the caller's mistake. It says neither that the service works nor that it is broken.
pub fn classify(result: &Result<u16, ureq::Error>) -> Outcome {
    match result {
        Ok(500..) | Err(_) => Outcome::Failure,
        Ok(400..500) => Outcome::Ignored,
        Ok(_) => Outcome::Success,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use super::*;

    #[test]
    fn only_the_services_own_failures_count_as_failures() {
        assert_eq!(classify(&Ok(200)), Outcome::Success);
        assert_eq!(classify(&Ok(404)), Outcome::Ignored);
        assert_eq!(classify(&Ok(503)), Outcome::Failure);
        assert_eq!(classify(&Err(ureq::Error::HostNotFound)), Outcome::Failure);
    }

    #[test]
    fn a_connection_that_breaks_is_an_error_and_no_timeout() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = thread::spawn(move || drop(listener.accept().unwrap()));
        let error = Client::new(url, Duration::from_secs(30)).get("/").unwrap_err();
        assert!(!matches!(error, ureq::Error::Timeout(_)), "{error}");
        assert_eq!(classify(&Err(error)), Outcome::Failure);
        service.join().unwrap();
    }
}
