// What the types promise; compiled, never run. Where an error is expected and there is none, that is an error.
import {
  CircuitBreaker,
  CircuitOpenError,
  CircuitState,
  ManualClock,
  type CircuitBreakerConfiguration,
  type Classify,
  type Clock,
  type Outcome,
  type Permit,
  type Receipt,
  type Snapshot,
  type Transition,
} from "halfopen";

/** Compiles only where both are the same type, `any` being none but itself. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._equal: Same<A, B> extends true ? [] : ["not the same type"]): void {}

const config: CircuitBreakerConfiguration = { failureThreshold: 3, recoveryTimeoutSeconds: 0.5, rule: "consecutive" };
const clock: Clock = new ManualClock(1_000);
const breaker = new CircuitBreaker("typed", config, { clock, logger: console, random: Math.random });
new CircuitBreaker("date", {}, { clock: Date });
new CircuitBreaker("performance", undefined, { clock: performance });

// @ts-expect-error the name is not optional
new CircuitBreaker();
// @ts-expect-error a misspelt field
new CircuitBreaker("typed", { failureTreshold: 3 });
// @ts-expect-error a string is no number
new CircuitBreaker("typed", { failureThreshold: "3" });
// @ts-expect-error no such rule
new CircuitBreaker("typed", { rule: "sometimes" });
// @ts-expect-error a clock has to tell the time
new CircuitBreaker("typed", {}, { clock: {} });

same<typeof breaker.state, "closed" | "open" | "half_open">();
same<typeof breaker.state, CircuitState>();
same<typeof breaker.operationName, string>();
same<typeof breaker.retryAfterMs, number | null>();
same<typeof breaker.lastFailureTime, number | null>();
same<ReturnType<typeof breaker.allowRequest>, boolean>();
same<ReturnType<typeof breaker.recordFailure>, Receipt>();
same<ReturnType<typeof breaker.tryAcquire>, Permit | null>();
same<ReturnType<typeof breaker.snapshot>, Snapshot>();
same<typeof CircuitState.HalfOpen, "half_open">();

// A call keeps the type of its result, a fallback adds its own.
same<Awaited<ReturnType<typeof plain>>, number>();
const plain = () => breaker.execute(async () => 7);
same<Awaited<ReturnType<typeof withNull>>, number | null>();
const withNull = () => breaker.execute(async () => 7, { fallback: null });
same<Awaited<ReturnType<typeof withFunction>>, number | string>();
const withFunction = () => breaker.execute(() => 7, { fallback: async (error) => String(error) });

// The operation is given a signal where there can be one, and nothing elsewhere.
void breaker.execute((signal) => same<typeof signal, AbortSignal>(), { timeoutMs: 1_000 });
void breaker.execute((signal) => same<typeof signal, AbortSignal>(), { signal: AbortSignal.timeout(1_000) });
// @ts-expect-error without a timeout and a signal there is none
void breaker.execute((signal: AbortSignal) => signal.aborted);

// A wrapped function keeps its arguments, its `this` and its result.
const wrapped = breaker.wrap(async (path: string, depth?: number) => ({ path, depth }));
same<typeof wrapped, (this: unknown, path: string, depth?: number) => Promise<{ path: string; depth: number | undefined }>>();
void wrapped("a", 1);
// @ts-expect-error a wrong argument
void wrapped(1);

const classify: Classify<Response> = (settled) => (settled.ok && settled.value.status >= 500 ? "failure" : undefined);
void breaker.execute(() => fetch("https://example.com"), { classify });
// @ts-expect-error no such outcome
void breaker.execute(() => 7, { classify: () => "failed" });

const permit = breaker.acquire();
same<ReturnType<typeof permit.failure>, Receipt>();
same<Parameters<typeof permit.settle>[0], Outcome>();
// @ts-expect-error permits are not made by users
new permit.constructor();
function scoped(): void {
  using own = breaker.acquire();
  own.success();
  using other = new CircuitBreaker("scoped");
  other.trip();
}

const leave = breaker.onStateChange((transition) => same<typeof transition, Transition>());
same<typeof leave, () => void>();
breaker.onStateChange(({ from, tally }) => same<[typeof from, typeof tally], [Transition["from"], Transition["tally"]]>());
same<typeof breaker.events, EventTarget>();
async function iterated(): Promise<void> {
  for await (const change of breaker.stateChanges(AbortSignal.timeout(1))) same<typeof change, Transition>();
}

// @ts-expect-error the state is not to be set
new CircuitBreaker("read-only").state = "open";

breaker.restore(JSON.stringify(breaker.snapshot()));
// @ts-expect-error a snapshot has a version
breaker.restore({});

try {
  await plain();
} catch (error) {
  if (error instanceof CircuitOpenError) {
    same<typeof error.retryAfterMs, number | null>();
    same<typeof error.state, CircuitState>();
    same<typeof error.name, "CircuitOpenError">();
  }
}

export { iterated, scoped, withFunction, withNull };
