//! What stands before the S3 server and can be sick: it counts each request, and answers it, holds it, or lets it through.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::Service;
use s3s::Body;
use s3s::service::S3Service;

use crate::scenario::Health;

/// Requests that came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Received {
    pub(crate) well: u32,
    /// While the server was sick.
    pub(crate) sick: u32,
    /// Of these, since it was last changed.
    pub(crate) lately: u32,
}

/// A service before a service.
#[derive(Clone)]
pub(crate) struct Gate {
    inner: S3Service,
    state: Arc<Mutex<(Health, Received)>>,
}

impl Gate {
    pub(crate) fn new(inner: S3Service) -> Self {
        Self { inner, state: Arc::new(Mutex::new((Health::Well, Received::default()))) }
    }

    pub(crate) fn set_health(&self, health: Health) {
        let mut state = self.state();
        state.0 = health;
        state.1.lately = 0;
    }

    pub(crate) fn received(&self) -> Received {
        self.state().1
    }

    fn state(&self) -> MutexGuard<'_, (Health, Received)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> Health {
        let (health, received) = &mut *self.state();
        received.lately += 1;
        if *health == Health::Well {
            received.well += 1;
        } else {
            received.sick += 1;
        }
        *health
    }
}

impl Service<Request<Incoming>> for Gate {
    type Response = Response<Body>;
    type Error = s3s::HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = match self.count() {
            Health::Well => return Service::call(&self.inner, request),
            Health::Hanging => return Box::pin(hold(request)),
            Health::Throttling => {
                error(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
            }
            Health::Failing => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "We encountered an error."),
        };
        Box::pin(async {
            // To its end: an answer to half a request may not be read.
            let _ = request.into_body().collect().await;
            Ok(answer)
        })
    }
}

/// Until the caller has gone away.
async fn hold<T>(request: Request<Incoming>) -> Result<T, s3s::HttpError> {
    let _request = request;
    match pending::<Infallible>().await {}
}

/// An answer in the form of S3's own.
fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut response = Response::new(Body::from(xml));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/xml"));
    response
}
