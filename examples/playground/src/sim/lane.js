// The traffic on one way to the service: with the breaker, or without.

/** Of more calls than these, the latest are kept: they are what can be seen. */
const MOST_CALLS = 20_000;

export class Lane {
  /** Calls in the order in which they were made: `{ client, at, end, kind, probe }`; `kind` is undefined while one is in flight. */
  calls = [];
  /** Requests that the service has at the moment. */
  inFlight = 0;
  /** The most of them at any time. */
  mostInFlight = 0;
  /** What there was of each kind. */
  counts = { succeeded: 0, slow: 0, failed: 0, refused: 0, late: 0 };
  /** Requests that reached the service. */
  sent = 0;
  #wasted = 0;
  /** Times at which those that hang began. */
  #hanging = new Map();

  /** A request goes to the service; what it is then given to `end`. */
  send(call, hangs) {
    this.#keep(call);
    this.sent++;
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    if (hangs) this.#hanging.set(call, call.at);
  }

  /** @param {string} kind one of the counts @param {boolean} wasted whether its caller had nothing of the wait */
  end(call, now, kind, wasted) {
    call.end = now;
    call.kind = kind;
    this.counts[kind]++;
    this.inFlight--;
    this.#hanging.delete(call);
    if (wasted) this.#wasted += now - call.at;
  }

  /** A call that reached nobody. */
  refuse(call, now) {
    this.#keep(call);
    call.end = now;
    call.kind = "refused";
    this.counts.refused++;
  }

  /** Milliseconds that callers have waited for requests that failed or hung. */
  wastedMs(now) {
    let wasted = this.#wasted;
    for (const since of this.#hanging.values()) wasted += now - since;
    return wasted;
  }

  #keep(call) {
    this.calls.push(call);
    if (this.calls.length > MOST_CALLS) this.calls.splice(0, MOST_CALLS / 2);
  }
}
