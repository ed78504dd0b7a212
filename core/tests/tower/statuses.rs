//! What the statuses of HTTP and gRPC count as, and the responses that a refusal becomes.

use std::convert::Infallible;
use std::time::Duration;

use halfopen::Outcome::{self, Failure, Ignored, Success};
use halfopen::tower::{
    CircuitBreakerLayer, Classify, ClassifyEnd, GrpcStatus, HttpStatus, authority, method_and_path, path,
};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use tower_layer::Layer;

use crate::support::{Script, breaker, call, ready_in};

fn response(status: u16, headers: &[(&'static str, &'static str)]) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    response
}

fn http(classifier: HttpStatus, status: u16) -> Outcome {
    classifier.classify(Ok::<_, &Infallible>(&response(status, &[])))
}

#[test]
fn a_server_error_is_a_failure_and_everything_else_an_answer() {
    for status in (100..500).chain([999]).step_by(7).chain([408, 429, 499]) {
        let expected = if status == 999 { Failure } else { Success };
        assert_eq!(http(HttpStatus::new(), status), expected, "{status}");
    }
    (500..600).for_each(|status| assert_eq!(http(HttpStatus::new(), status), Failure, "{status}"));
    assert_eq!(HttpStatus::default().classify(Err::<&Response<()>, _>(&"no connection")), Failure);
}

#[test]
fn what_a_status_counts_as_can_be_chosen() {
    let limits = HttpStatus::new().too_many_requests(Failure).request_timeout(Ignored);
    let of = |classifier, statuses: [u16; 5]| statuses.map(|status| http(classifier, status));
    assert_eq!(of(limits, [429, 408, 404, 200, 500]), [Failure, Ignored, Success, Success, Failure]);
    let ours = HttpStatus::new().client_errors(Ignored).server_errors(Success);
    assert_eq!(of(ours, [429, 408, 400, 499, 500]), [Success, Success, Ignored, Ignored, Success]);
}

#[test]
fn the_codes_that_are_the_server_s_fault_are_failures() {
    let outcomes: Vec<Outcome> = (0..=17).map(|code| GrpcStatus::new().outcome(code)).collect();
    let failures: Vec<usize> = (0..=17).filter(|code| outcomes[*code] == Failure).collect();
    assert_eq!(failures, [2, 4, 12, 13, 14, 15, 17], "17 has no name");
    let ignored: Vec<usize> = (0..=17).filter(|code| outcomes[*code] == Ignored).collect();
    assert_eq!(ignored, [1]);
    let chosen = GrpcStatus::new().with(8, Failure).with(14, Ignored).with(1, Success).with(255, Ignored);
    assert_eq!([8, 14, 1, 2, 13].map(|code| chosen.outcome(code)), [Failure, Ignored, Success, Ignored, Failure]);
}

#[test]
fn a_call_of_grpc_is_told_by_its_head_where_that_says_it_and_else_by_its_http_status() {
    let head = |status, headers: &[_]| GrpcStatus::new().classify(Ok::<_, &Infallible>(&response(status, headers)));
    assert_eq!(head(200, &[("grpc-status", "0")]), Success);
    assert_eq!(head(200, &[("grpc-status", "14")]), Failure);
    assert_eq!(head(200, &[("grpc-status", "5")]), Success);
    assert_eq!(head(200, &[("grpc-status", "1")]), Ignored);
    assert_eq!(head(200, &[("grpc-status", "nonsense")]), Failure);
    assert_eq!(head(200, &[]), Success, "its end will say");
    let told = [401, 403, 400, 404, 429, 502, 503, 504, 500, 418].map(|status| head(status, &[]));
    assert_eq!(told[..2], [Success; 2]);
    assert_eq!(told[2..], [Failure; 8]);
    assert_eq!(GrpcStatus::default().classify(Err::<&Response<()>, _>(&"no connection")), Failure);
}

#[test]
fn a_call_of_grpc_is_told_by_its_trailers() {
    let end = |code: Option<&'static str>| {
        let trailers: HeaderMap =
            code.into_iter().map(|code| ("grpc-status".parse().unwrap(), code.parse().unwrap())).collect();
        GrpcStatus::new().classify_end(Ok::<_, &Infallible>(Some(&trailers)))
    };
    assert_eq!((end(Some("0")), end(Some("14")), end(Some("1")), end(None)), (Success, Failure, Ignored, Failure));
    assert_eq!(GrpcStatus::new().classify_end(Ok::<_, &Infallible>(None)), Failure, "it broke off");
    assert_eq!(GrpcStatus::new().classify_end(Err(&"reset")), Failure);
}

#[test]
fn a_refusal_is_503_with_the_seconds_to_wait_rounded_up() {
    let (clock, circuit) = breaker();
    let mut service = CircuitBreakerLayer::new(circuit.clone())
        .respond_unavailable()
        .layer(Script::<Response<String>, Infallible>::new());
    circuit.trip();
    clock.advance(Duration::from_millis(8_001));
    let Ok(answer) = ready_in(1, call(&mut service, "a"));
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(&answer.headers()["retry-after"], "2");
    assert!(answer.body().is_empty());
    circuit.isolate();
    let Ok(answer) = ready_in(1, call(&mut service, "a"));
    assert_eq!((answer.status(), answer.headers().len()), (StatusCode::SERVICE_UNAVAILABLE, 0));
}

#[test]
fn a_refusal_is_unavailable_for_grpc_with_the_milliseconds_to_wait() {
    let (clock, circuit) = breaker();
    let script = Script::<Response<String>, Infallible>::new();
    let mut service = CircuitBreakerLayer::new(circuit.clone()).respond_grpc_unavailable().layer(script);
    circuit.trip();
    clock.advance(Duration::from_millis(8_001));
    let Ok(answer) = ready_in(1, call(&mut service, "a"));
    let headers = answer.headers();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(&headers["grpc-status"], "14");
    assert_eq!(&headers["content-type"], "application/grpc");
    assert_eq!(&headers["grpc-retry-pushback-ms"], "1999");
    circuit.isolate();
    let Ok(answer) = ready_in(1, call(&mut service, "a"));
    assert_eq!(&answer.headers()["grpc-retry-pushback-ms"], "-1", "do not retry");
}

#[test]
fn keys_are_taken_from_requests() {
    let request = |uri: &str, host: Option<&str>| {
        let request = Request::put(uri);
        host.into_iter().fold(request, |request, host| request.header("host", host)).body(()).unwrap()
    };
    let host = |uri, host| authority(&request(uri, host)).map(|key| key.into_owned());
    assert_eq!(host("http://Example.com/a", Some("other")).as_deref(), Some("example.com"));
    assert_eq!(host("http://user:word@example.com:80/a", None).as_deref(), Some("example.com:80"));
    assert_eq!(host("/a", Some("Example.com:8080")).as_deref(), Some("example.com:8080"));
    assert_eq!((host("/a", None), host("/a", Some(""))), (None, None));
    assert_eq!(path(&request("http://h/a/b?c=d", None)).unwrap(), "/a/b");
    assert_eq!(method_and_path(&request("/a?b", None)).unwrap(), "PUT /a");
}
