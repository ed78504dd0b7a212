//! Outcomes that are known when a body has ended, however it ends.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use halfopen::tower::CircuitBreakerLayer;
use halfopen::{CallError, CircuitState, Outcome};
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower_layer::Layer;

use crate::support::{Breaker, RECOVERY, Script, THRESHOLD, breaker, call, is_probing, lapsed, ready_in};

enum Does {
    Waits,
    Data(&'static [u8]),
    Trailers(&'static str),
    Breaks,
    Panics,
}

/// Does one after the other, and ends then. `knows_its_end`: says so before it is asked, as one with a content-length does.
struct Scripted {
    does: VecDeque<Does>,
    knows_its_end: bool,
}

impl Body for Scripted {
    type Data = &'static [u8];
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<&'static [u8]>, &'static str>>> {
        match self.does.pop_front() {
            Some(Does::Waits) => Poll::Pending,
            Some(Does::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Does::Trailers(status)) => {
                let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), status.parse().unwrap())]);
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Some(Does::Breaks) => Poll::Ready(Some(Err("reset"))),
            Some(Does::Panics) => panic!("boom"),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.knows_its_end && self.does.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(77)
    }
}

fn scripted(does: impl IntoIterator<Item = Does>, knows_its_end: bool) -> Scripted {
    Scripted { does: does.into_iter().collect(), knows_its_end }
}

fn script(status: u16, body: Scripted) -> Script<Response<Scripted>, &'static str> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Script::new().then(1, || Ok(response))
}

/// The body of a response that is counted at its end.
fn body_of(circuit: &Arc<Breaker>, status: u16, body: Scripted) -> Pin<Box<impl Body<Error = &'static str> + use<>>> {
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_http().until_body_ends();
    let mut service = layer.layer(script(status, body));
    Box::pin(ready_in(1, call(&mut service, "a")).unwrap().into_body())
}

fn grpc_body_of(circuit: &Arc<Breaker>, body: Scripted) -> Pin<Box<impl Body<Error = &'static str> + use<>>> {
    let mut service = CircuitBreakerLayer::new(circuit.clone()).classify_grpc().layer(script(200, body));
    Box::pin(ready_in(1, call(&mut service, "a")).unwrap().into_body())
}

/// Reads a body to its end or error; how many frames came.
fn read<B: Body>(body: &mut Pin<Box<B>>) -> usize {
    for frames in 0.. {
        loop {
            match body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => {}
                Poll::Ready(Some(Ok(_))) => break,
                Poll::Ready(None | Some(Err(_))) => return frames,
            }
        }
    }
    unreachable!()
}

fn read_once<B: Body>(body: &mut Pin<Box<B>>) -> Poll<bool> {
    body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())).map(|frame| frame.is_some())
}

#[test]
fn a_good_head_is_a_success_when_its_body_has_ended_and_not_before() {
    for knows_its_end in [false, true] {
        let (_, circuit) = lapsed();
        let mut body =
            body_of(&circuit, 200, scripted([Does::Data(b"a"), Does::Waits, Does::Data(b"b")], knows_its_end));
        assert_eq!(body.size_hint().exact(), Some(77));
        assert!(is_probing(&circuit) && !body.is_end_stream());
        assert_eq!(read_once(&mut body), Poll::Ready(true));
        assert!(read_once(&mut body).is_pending() && is_probing(&circuit));
        assert_eq!(read_once(&mut body), Poll::Ready(true));
        // Who knows the end from the length does not ask again.
        assert_eq!(is_probing(&circuit), !knows_its_end);
        assert_eq!(read_once(&mut body), Poll::Ready(false));
        assert_eq!((circuit.state(), circuit.failure_count()), (CircuitState::Closed, 0));
        assert_eq!(Arc::strong_count(&circuit), 1, "nothing is held any more");
    }
}

#[test]
fn a_bad_head_is_a_failure_at_once_and_once_however_its_body_ends() {
    for body in [scripted([], true), scripted([Does::Data(b"a")], false), scripted([Does::Breaks], false)] {
        let (_, circuit) = breaker();
        let mut body = body_of(&circuit, 500, body);
        assert_eq!(circuit.failure_count(), 1);
        read(&mut body);
        drop(body);
        assert_eq!(circuit.failure_count(), 1);
    }
}

#[test]
fn an_empty_body_has_ended_with_the_head() {
    let (_, circuit) = lapsed();
    drop(body_of(&circuit, 204, scripted([], true)));
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[test]
fn a_body_that_breaks_off_is_a_failure() {
    let (_, circuit) = breaker();
    let mut body = body_of(&circuit, 200, scripted([Does::Data(b"a"), Does::Breaks], false));
    assert_eq!((read(&mut body), circuit.failure_count()), (1, 1));
    drop(body);
    assert_eq!(circuit.failure_count(), 1);
    let (_, probing) = lapsed();
    read(&mut body_of(&probing, 200, scripted([Does::Breaks], false)));
    assert_eq!((probing.state(), probing.retry_after()), (CircuitState::Open, Some(RECOVERY)));
}

#[test]
fn a_body_that_is_dropped_after_any_number_of_polls_counts_as_nothing_and_gives_its_place_back() {
    for polls in 0..=4 {
        let does = || [Does::Data(b"a"), Does::Waits, Does::Data(b"b"), Does::Waits, Does::Data(b"c")];
        let (_, circuit) = breaker();
        circuit.record_failure();
        let mut body = body_of(&circuit, 200, scripted(does(), false));
        (0..polls).for_each(|_| _ = read_once(&mut body));
        drop(body);
        assert_eq!((circuit.failure_count(), circuit.state()), (1, CircuitState::Closed), "after {polls} polls");

        let (_, probing) = lapsed();
        let mut body = body_of(&probing, 200, scripted(does(), false));
        (0..polls).for_each(|_| _ = read_once(&mut body));
        assert!(is_probing(&probing));
        drop(body);
        assert_eq!((probing.state(), probing.failure_count()), (CircuitState::HalfOpen, THRESHOLD));
        assert!(probing.would_allow());
    }
}

#[test]
fn a_future_that_is_dropped_or_fails_before_the_head_is_as_without_a_body() {
    let (_, circuit) = breaker();
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_http().until_body_ends();
    let script = Script::<Response<Scripted>, _>::new().then(5, || Err("never")).then(1, || Err("down"));
    let mut service = layer.layer(script);
    drop(call(&mut service, "a"));
    assert_eq!(circuit.failure_count(), 0);
    let failed = ready_in(1, call(&mut service, "a")).map(drop);
    assert_eq!((failed, circuit.failure_count()), (Err(CallError::Inner("down")), 1));
}

#[test]
fn a_panic_of_the_body_is_one_failure() {
    let (_, circuit) = lapsed();
    let mut body = body_of(&circuit, 200, scripted([Does::Data(b"a"), Does::Panics], false));
    assert!(catch_unwind(AssertUnwindSafe(|| read(&mut body))).is_err());
    drop(body);
    assert_eq!((circuit.state(), circuit.failure_count()), (CircuitState::Open, THRESHOLD + 1));
}

#[test]
fn a_panic_where_the_end_is_classified_is_one_failure() {
    let (_, circuit) = lapsed();
    let end = |_: Result<Option<&HeaderMap>, &&'static str>| -> Outcome { panic!("boom") };
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_http().until_body_ends_by(end);
    let mut service = layer.layer(script(200, scripted([Does::Data(b"a")], false)));
    let mut body = Box::pin(ready_in(1, call(&mut service, "a")).unwrap().into_body());
    assert!(catch_unwind(AssertUnwindSafe(|| read(&mut body))).is_err());
    drop(body);
    assert_eq!((circuit.state(), circuit.failure_count()), (CircuitState::Open, THRESHOLD + 1));
}

#[test]
fn a_function_says_what_an_end_counts_as() {
    let (_, circuit) = breaker();
    let end =
        |end: Result<Option<&HeaderMap>, &&'static str>| if end.is_ok() { Outcome::Failure } else { Outcome::Ignored };
    let layer = CircuitBreakerLayer::new(circuit.clone()).until_body_ends_by(end);
    let count = |does| {
        let mut service = layer.clone().layer(script(200, scripted(does, false)));
        read(&mut Box::pin(ready_in(1, call(&mut service, "a")).unwrap().into_body()));
        circuit.failure_count()
    };
    assert_eq!((count(vec![Does::Data(b"a")]), count(vec![Does::Breaks])), (1, 1));
}

#[test]
fn a_refusal_is_a_response_whose_body_is_the_service_s_kind() {
    let (_, circuit) = breaker();
    circuit.trip();
    let layer = CircuitBreakerLayer::new(circuit.clone()).classify_http().until_body_ends();
    let layer = layer.respond_with(|_| Response::new(scripted([Does::Data(b"later")], false)));
    let mut service = layer.layer(Script::<Response<Scripted>, &str>::new());
    let mut body = Box::pin(ready_in(1, call(&mut service, "a")).unwrap().into_body());
    assert_eq!((read(&mut body), circuit.failure_count()), (1, 0));
}

#[test]
fn a_call_of_grpc_is_decided_by_its_trailers_and_without_them_it_failed() {
    for (does, failures) in [
        (vec![Does::Data(b"a"), Does::Trailers("0")], 0),
        (vec![Does::Data(b"a"), Does::Trailers("14")], 2),
        (vec![Does::Data(b"a"), Does::Trailers("1")], 1),
        (vec![Does::Data(b"a")], 2),
        (vec![Does::Breaks], 2),
    ] {
        for knows_its_end in [false, true] {
            let (_, circuit) = breaker();
            circuit.record_failure();
            let again = does.iter().map(|does| match does {
                Does::Data(data) => Does::Data(data),
                Does::Trailers(status) => Does::Trailers(status),
                _ => Does::Breaks,
            });
            let mut body = grpc_body_of(&circuit, scripted(again, knows_its_end));
            assert_eq!(circuit.failure_count(), 1, "not before its end");
            read(&mut body);
            assert_eq!(circuit.failure_count(), failures);
        }
    }
}

#[test]
fn a_call_of_grpc_whose_head_says_all_is_decided_by_it() {
    for (status, failures) in [("0", 0), ("14", 2), ("1", 1)] {
        let (_, circuit) = breaker();
        circuit.record_failure();
        let mut response = Response::new(scripted([], true));
        response.headers_mut().insert("grpc-status", status.parse().unwrap());
        let script = Script::<_, &str>::new().then(1, || Ok(response));
        let mut service = CircuitBreakerLayer::new(circuit.clone()).classify_grpc().layer(script);
        drop(ready_in(1, call(&mut service, "a")));
        assert_eq!(circuit.failure_count(), failures, "grpc-status {status}");
    }
}
