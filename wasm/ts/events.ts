import { checkFunction } from "./checks.js";
import { Bits, MODES, orNull, Place, REASONS, RECEIPTS, STATES } from "./numbers.js";
import type { CircuitState, Mode, Reason, Receipt } from "./states.js";
import * as wasm from "./wasm/exports.js";

/** What a window held when its rule opened the circuit, the outcome that tipped it included. */
export interface Tally {
  /** Calls in the window. */
  readonly calls: number;
  /** Those of them that failed. */
  readonly failures: number;
  /** Those of them that were slow, whether they failed or not. */
  readonly slowCalls: number;
  /** Over how much the window reaches: so many calls, or milliseconds. */
  readonly window: { readonly calls: number } | { readonly millis: number };
}

/** A change of state or mode that has happened. */
export interface Transition {
  /** The name of the circuit. */
  readonly operationName: string;
  /** The state before: the `to` of the transition before this one. */
  readonly from: CircuitState;
  /** The state after. */
  readonly to: CircuitState;
  /** The mode after. */
  readonly mode: Mode;
  /** Why. */
  readonly reason: Reason;
  /** Failures up to the change, the one that caused it included. */
  readonly failureCount: number;
  /** Probes that succeeded up to the change, the one that caused it included. */
  readonly successes: number;
  /** The generation that the change began, modulo 512. */
  readonly generation: number;
  /** What the window held, where a window opened the circuit; else `null`. */
  readonly tally: Tally | null;
}

/** A request that was refused, or would have been if the mode were not shadow. */
export interface Refusal {
  /** The name of the circuit. */
  readonly operationName: string;
  /** The state that refused it. */
  readonly state: CircuitState;
  /** Milliseconds until it makes sense to ask again; `null`: not before a `reset()`. */
  readonly retryAfterMs: number | null;
  /** Whether it was let through all the same, because the mode is shadow. */
  readonly shadow: boolean;
}

/** The transitions of the call that gave this number. To be read before the next call. */
function transitionsOf(packed: number, operationName: string): Transition[] {
  const transitions: Transition[] = [];
  const end = Place.Transitions + ((packed & Bits.Transitions) >> 2) * Place.NextTransition;
  for (let at = Place.Transitions; at < end; at += Place.NextTransition) {
    const number = (place: number) => wasm.out(at + place);
    const window = number(10);
    transitions.push({
      operationName,
      from: STATES[number(0)]!,
      to: STATES[number(1)]!,
      mode: MODES[number(2)]!,
      reason: REASONS[number(3)]!,
      failureCount: number(4),
      successes: number(5),
      generation: number(6),
      tally:
        window === 0
          ? null
          : {
              calls: number(7),
              failures: number(8),
              slowCalls: number(9),
              window: window > 0 ? { calls: window } : { millis: -window },
            },
    });
  }
  return transitions;
}

/** The refusal of the call that was refused. To be read before the next call. */
export function refusalOf(operationName: string, shadow: boolean): Refusal {
  const retryAfterMs = orNull(wasm.out(Place.Refusal + 1));
  return { operationName, state: STATES[wasm.out(Place.Refusal)]!, retryAfterMs, shadow };
}

/** Functions that are told of something, in the order in which they came. */
export class Listeners<T> {
  readonly #all = new Set<(told: T) => void>();

  /** Adds one; what is returned takes it away again. The same function twice is two listeners. */
  add(listener: (told: T) => void): () => void {
    checkFunction("listener", listener);
    const own = (told: T) => listener(told);
    this.#all.add(own);
    return () => void this.#all.delete(own);
  }

  /** Tells all of them. An error of one is the host's to report: it must not become the error of a call. */
  tell(told: T): void {
    for (const listener of [...this.#all]) {
      try {
        listener(told);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** Who is told of what a breaker does. */
export class Hub {
  readonly transitions = new Listeners<Transition>();
  readonly refusals = new Listeners<Refusal>();
  readonly late = new Listeners<Receipt>();
  target: EventTarget | undefined;

  /** Tells what the call did that gave this number. */
  tell(packed: number, operationName: string): void {
    // All is read first: a listener may make the next call.
    const transitions = transitionsOf(packed, operationName);
    const refusal = packed & Bits.Refused && refusalOf(operationName, (packed & 1) === 1);
    for (const transition of transitions) this.transitions.tell(transition);
    if (refusal) this.refusals.tell(refusal);
    if (packed & Bits.Late) this.late.tell(RECEIPTS[packed & 3]!);
  }
}

/** A transition as an event. Vercel's edge has no `CustomEvent`. */
export const eventOf = (detail: Transition): Event =>
  typeof CustomEvent === "function"
    ? new CustomEvent("statechange", { detail })
    : Object.assign(new Event("statechange"), { detail });

/** What `add` tells from now on, until `return()` or the signal ends it. */
export function iterate<T>(
  add: (listener: (told: T) => void) => () => void,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T> {
  const kept: T[] = [];
  const waiting: ((result: IteratorResult<T>) => void)[] = [];
  const nothing: IteratorReturnResult<undefined> = { done: true, value: undefined };
  let over = false;
  const remove = add((value) => {
    const next = waiting.shift();
    if (next) return next({ done: false, value });
    // Of more than these, the latest.
    if (kept.push(value) > 64) kept.shift();
  });
  const end = () => {
    over = true;
    remove();
    signal?.removeEventListener("abort", end);
    for (const next of waiting.splice(0)) next(nothing);
  };
  if (signal?.aborted) end();
  else signal?.addEventListener("abort", end);
  return {
    async next() {
      if (kept.length > 0) return { done: false, value: kept.shift()! };
      return over ? nothing : new Promise((resolve) => waiting.push(resolve));
    },
    async return() {
      kept.length = 0;
      end();
      return nothing;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
