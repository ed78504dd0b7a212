import { MODES, REASONS, STATES, type CircuitState, type Mode, type Reason } from "./states.js";
import * as wasm from "./wasm/halfopen_wasm_bg.js";

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

// As the packed numbers of told.rs have them.
const TRANSITIONS = 2;
const REFUSED = 1 << 4;
const LATE = 1 << 5;
const STRIDE = 16;
const REFUSAL = 48;

/** The transitions of the call whose packed number this is. To be read before the next call. */
export function transitionsOf(packed: number, operationName: string): Transition[] {
  const transitions: Transition[] = [];
  for (let at = 0; at < ((packed >> TRANSITIONS) & 3); at++) {
    const number = (place: number) => wasm.out(at * STRIDE + place);
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

/** Whether the call changed something that is to be told. */
export const changed = (packed: number): boolean => (packed & (3 << TRANSITIONS)) !== 0;

/** Whether it was refused, or would have been. */
export const wasRefused = (packed: number): boolean => (packed & REFUSED) !== 0;

/** Whether the outcome came too late. */
export const wasLate = (packed: number): boolean => (packed & LATE) !== 0;

/** The refusal of the call that was refused. */
export function refusalOf(operationName: string, shadow: boolean): Refusal {
  const wait = wasm.out(REFUSAL + 1);
  return { operationName, state: STATES[wasm.out(REFUSAL)]!, retryAfterMs: wait < 0 ? null : wait, shadow };
}

/** Functions that are told of something, in the order in which they came. */
export class Listeners<T> {
  readonly #all = new Set<(told: T) => void>();

  /** Adds one; what is returned takes it away again. The same function twice is two listeners. */
  add(listener: (told: T) => void): () => void {
    const own = (told: T) => listener(told);
    this.#all.add(own);
    return () => void this.#all.delete(own);
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#all.size === 0;
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

/** A transition as an event. Vercel's edge has no `CustomEvent`. */
export const eventOf = (detail: Transition): Event =>
  typeof CustomEvent === "function"
    ? new CustomEvent("statechange", { detail })
    : Object.assign(new Event("statechange"), { detail });

/** How many transitions an iterator keeps that nobody has asked for yet; of more, the latest. */
const KEPT = 64;

/** What `add` tells from now on, until `return()` or the signal ends it. */
export function iterate<T>(
  add: (listener: (told: T) => void) => () => void,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T> {
  const kept: T[] = [];
  const waiting: ((result: IteratorResult<T>) => void)[] = [];
  let over = false;
  const remove = add((told) => {
    const next = waiting.shift();
    if (next) return next({ done: false, value: told });
    if (kept.push(told) > KEPT) kept.shift();
  });
  const end = () => {
    over = true;
    remove();
    signal?.removeEventListener("abort", end);
    for (const next of waiting.splice(0)) next({ done: true, value: undefined });
  };
  if (signal?.aborted) end();
  else signal?.addEventListener("abort", end);
  return {
    next() {
      if (kept.length > 0) return Promise.resolve({ done: false, value: kept.shift()! });
      if (over) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => waiting.push(resolve));
    },
    return() {
      kept.length = 0;
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
