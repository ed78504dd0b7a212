//! The client: `object_store`, whose own retries are switched off, and what its errors say about the server.

use std::error::Error;
use std::iter::successors;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use halfopen::Outcome;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as HttpConnection;
use hyper_util::rt::TokioExecutor;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpService,
};
use object_store::{ClientOptions, RetryConfig};

use crate::server::{BUCKET, KEY};

/// A client of the server there, which waits for an answer for at most `timeout`.
pub(crate) fn client(server: SocketAddr, timeout: Duration) -> object_store::Result<AmazonS3> {
    AmazonS3Builder::new()
        .with_endpoint(format!("http://{server}"))
        .with_allow_http(true)
        .with_region("us-east-1")
        .with_bucket_name(BUCKET)
        .with_access_key_id(KEY)
        .with_secret_access_key(KEY)
        .with_http_connector(Direct { http: Client::builder(TokioExecutor::new()).build_http(), timeout })
        // One request for each attempt: two layers of retries multiply each other.
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
        .build()
}

/// HTTP by hyper, straight to the server.
#[derive(Clone, Debug)]
struct Direct {
    http: Client<HttpConnection, HttpRequestBody>,
    timeout: Duration,
}

impl HttpConnector for Direct {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Direct {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| {
                HttpError::new(if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Unknown }, error)
            })?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
            Ok(HttpResponse::from_parts(parts, body.to_bytes().into()))
        };
        let late = |error| Err(HttpError::new(HttpErrorKind::Timeout, error));
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or_else(late)
    }
}

/// What an error says about the server: what is the caller's mistake says nothing.
pub(crate) fn classify<T>(result: &object_store::Result<T>) -> Outcome {
    use object_store::Error::{
        AlreadyExists, InvalidPath, NotFound, NotImplemented, NotModified, NotSupported, PermissionDenied,
        Precondition, Unauthenticated, UnknownConfigurationKey,
    };
    match result {
        Ok(_) => Outcome::Success,
        Err(
            AlreadyExists { .. }
            | InvalidPath { .. }
            | NotFound { .. }
            | NotImplemented { .. }
            | NotModified { .. }
            | NotSupported { .. }
            | PermissionDenied { .. }
            | Precondition { .. }
            | Unauthenticated { .. }
            | UnknownConfigurationKey { .. },
        ) => Outcome::Ignored,
        Err(_) => Outcome::Failure,
    }
}

/// An error in a word or two, for the log.
pub(crate) fn words(error: &object_store::Error) -> &'static str {
    let chain = successors(error.source(), |error| (*error).source());
    if chain.filter_map(|error| error.downcast_ref::<HttpError>()).any(|http| http.kind() == HttpErrorKind::Timeout) {
        return "no answer in time";
    }
    let text = error.to_string();
    ["SlowDown", "InternalError"].into_iter().find(|code| text.contains(code)).unwrap_or("other errors")
}
