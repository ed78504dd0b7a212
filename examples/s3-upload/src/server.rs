//! The S3 server: `s3s` with its file backend in a temporary folder, on a free port of the loopback interface.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::gate::Gate;

pub(crate) const BUCKET: &str = "photos";
/// Of nobody: the server is gone with the demo.
pub(crate) const KEY: &str = "demo";

/// Ends, with its connections and files, when it is dropped.
pub(crate) struct Server {
    pub(crate) gate: Gate,
    pub(crate) address: SocketAddr,
    accepting: JoinHandle<()>,
    _files: TempDir,
}

impl Server {
    /// Starts one with an empty bucket.
    pub(crate) async fn start() -> io::Result<Self> {
        let files = tempfile::tempdir()?;
        std::fs::create_dir(files.path().join(BUCKET))?;
        let mut service =
            S3ServiceBuilder::new(FileSystem::new(files.path()).map_err(|e| io::Error::other(format!("{e:?}")))?);
        service.set_auth(SimpleAuth::from_single(KEY, KEY));
        let gate = Gate::new(service.build());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, gate.clone()));
        Ok(Self { gate, address, accepting, _files: files })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, gate: Gate) {
    let mut connections = JoinSet::new();
    loop {
        // As with most errors of `accept`, the next one may be well.
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new());
        connections.spawn(http.serve_connection(TokioIo::new(stream), gate.clone()));
    }
}
