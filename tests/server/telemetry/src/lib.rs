//! An endpoint for Prometheus, as an application has one, and what is scraped from it.

use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// A recorder of its own, not the process's, and where it is scraped.
pub struct Endpoint {
    /// What metrics are registered with.
    pub recorder: PrometheusRecorder,
    address: SocketAddr,
}

impl Endpoint {
    /// Opens one on a free port of the loopback interface, for as long as the process lives.
    ///
    /// # Panics
    ///
    /// If there is no port, or no thread for it.
    #[must_use]
    pub fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        // Somebody else may take the port before the exporter does: then another one is as good.
        let (address, recorder, exporter) = (0..10)
            .find_map(|_| {
                let address = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?;
                let _inside = runtime.enter();
                let (recorder, exporter) = PrometheusBuilder::new().with_http_listener(address).build().ok()?;
                Some((address, recorder, exporter))
            })
            .expect("a port that stays free");
        thread::spawn(move || runtime.block_on(exporter));
        Self { recorder, address }
    }

    /// What Prometheus would get now.
    ///
    /// # Panics
    ///
    /// If it would get none.
    #[must_use]
    pub fn scrape(&self) -> String {
        let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().new_agent();
        let mut answer = agent.get(format!("http://{}/metrics", self.address)).call().expect("an answer");
        answer.body_mut().read_to_string().expect("a text")
    }
}
