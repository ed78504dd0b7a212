import { CircuitBreaker, isFreed } from "./breaker.js";
import { checkCount, checkTime } from "./checks.js";
import { systemClock, type Clock } from "./clock.js";
import type { CircuitBreakerConfiguration, CircuitBreakerOptions } from "./config.js";
import { Listeners, type Transition } from "./events.js";
import { dispose } from "./permit.js";
import type { Snapshot } from "./snapshot.js";

/** What the breakers of a registry work with, and how many there may be. */
export interface CircuitBreakerRegistryOptions extends CircuitBreakerOptions {
  /** The most breakers that it holds: 1 or more, by default 1,000. */
  readonly maxSize?: number | undefined;
}

interface Entry {
  readonly breaker: CircuitBreaker;
  /** In milliseconds of the registry's clock. */
  usedAt: number;
  /** Ends the telling of its transitions. */
  leave?: () => void;
}

/**
 * Circuit breakers by name, made when they are asked for; never more than `maxSize`.
 *
 * When it is full, the one that was asked for longest ago among those that are idle (CLOSED, with the rules in force and
 * nothing counted) makes place for a new one, and where none is idle the new one is refused. An idle one that is left out has
 * forgotten nothing but a window's successes. It is not freed: who still holds it may use it, but the registry then knows
 * another one by that name, and tells no more of its transitions. So ask for it each time.
 *
 * @example
 * const hosts = new CircuitBreakerRegistry({ failureThreshold: 3 });
 * await hosts.get("api.example.com").execute(() => fetch("https://api.example.com/"));
 */
export class CircuitBreakerRegistry implements Disposable, Iterable<[name: string, breaker: CircuitBreaker]> {
  /** In the order in which they were asked for. */
  readonly #entries = new Map<string, Entry>();
  readonly #configure: (name: string) => CircuitBreakerConfiguration;
  readonly #options: CircuitBreakerRegistryOptions;
  readonly #clock: Clock;
  /** From the first listener on. */
  #transitions: Listeners<Transition> | undefined;
  /** The most breakers that it holds. */
  readonly maxSize: number;

  /**
   * @param config how its breakers behave, or a function that says it for a name
   * @param options their clock, who is told, and how many there may be
   * @throws RangeError, TypeError as the constructor of {@link CircuitBreaker}, here for a plain `config`, else in {@link get}
   */
  constructor(
    config: CircuitBreakerConfiguration | ((name: string) => CircuitBreakerConfiguration) = {},
    options: CircuitBreakerRegistryOptions = {},
  ) {
    const { maxSize = 1_000, clock = systemClock } = options;
    checkCount("maxSize", maxSize);
    this.maxSize = maxSize;
    this.#clock = clock;
    this.#options = options;
    if (typeof config === "function") {
      this.#configure = config;
    } else {
      // What is wrong with it is to be told now.
      new CircuitBreaker("", config, options).free();
      this.#configure = () => config;
    }
  }

  /**
   * The breaker of this name, made if there is none, or if somebody has freed it, as `using` does.
   *
   * @throws RangeError if there is no place, for all are in use; what the function for configurations throws, or deserves
   */
  get(name: string): CircuitBreaker {
    const found = this.#entries.get(name);
    if (found === undefined) return this.#make(name);
    if (isFreed(found.breaker)) {
      this.delete(name);
      return this.#make(name);
    }
    found.usedAt = this.#clock.now();
    // To the end.
    this.#entries.delete(name);
    this.#entries.set(name, found);
    return found.breaker;
  }

  /** Whether there is one of this name. Makes none, and is no use of it. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Names and breakers, the one that was asked for longest ago first. To be looked at here is no use. */
  *[Symbol.iterator](): IterableIterator<[name: string, breaker: CircuitBreaker]> {
    for (const [name, { breaker }] of this.#entries) if (!isFreed(breaker)) yield [name, breaker];
  }

  /** Leaves one out, whatever its state is; gives whether there was one. It is not freed. */
  delete(name: string): boolean {
    this.#entries.get(name)?.leave?.();
    return this.#entries.delete(name);
  }

  /**
   * Leaves out those that nobody has asked for in the last `olderThanMs` milliseconds, if they are idle: CLOSED, with the rules
   * in force and nothing counted. Gives how many. Starts no timer: call it when it suits you, if memory matters.
   *
   * @throws RangeError for what is no time
   */
  retireIdle(olderThanMs: number): number {
    checkTime("olderThanMs", olderThanMs);
    const now = this.#clock.now();
    let retired = 0;
    for (const [name, entry] of this.#entries) {
      // The clock went back.
      if (entry.usedAt > now) entry.usedAt = now;
      if (now - entry.usedAt >= olderThanMs && isIdle(entry.breaker) && this.delete(name)) retired++;
    }
    return retired;
  }

  /** Is told of the transitions of all its breakers, those to come included; what is returned ends that. */
  onStateChange(listener: (transition: Transition) => void): () => void {
    if (this.#transitions === undefined) {
      this.#transitions = new Listeners();
      for (const entry of this.#entries.values()) this.#listenTo(entry);
    }
    return this.#transitions.add(listener);
  }

  /** What is worth keeping of each, by name. */
  snapshots(): Record<string, Snapshot> {
    return Object.fromEntries([...this].map(([name, breaker]) => [name, breaker.snapshot()]));
  }

  /**
   * Takes over what {@link snapshots} gave, as an object or as its JSON. One that is damaged, or has no place, leaves its circuit
   * as it was; all others are taken over.
   *
   * @throws AggregateError with an error for each name that was not taken over, SyntaxError or TypeError if it is no JSON object
   */
  restore(snapshots: Record<string, Snapshot> | string): void {
    const parsed: unknown = typeof snapshots === "string" ? JSON.parse(snapshots) : snapshots;
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      throw new TypeError("snapshots must be an object that has them by name");
    }
    const errors: Error[] = [];
    for (const [name, snapshot] of Object.entries(parsed as Record<string, Snapshot>)) {
      const isNew = !this.has(name);
      try {
        this.get(name).restore(snapshot);
      } catch (cause) {
        if (isNew) this.delete(name);
        errors.push(new Error(`circuit '${name}': ${(cause as Error).message}`, { cause }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `not restored: ${errors.map(({ message }) => message).join("; ")}`);
  }

  /** Frees all its breakers, and is empty then. Who still holds one must not use it. */
  free(): void {
    for (const [, breaker] of this) breaker.free();
    this.#entries.clear();
  }

  /** The same as {@link free}. */
  [dispose](): void {
    this.free();
  }

  #make(name: string): CircuitBreaker {
    const place = this.size >= this.maxSize ? this.#idleOne(name) : undefined;
    const breaker = new CircuitBreaker(name, this.#configure(name), this.#options);
    const entry: Entry = { breaker, usedAt: this.#clock.now() };
    // Not before: nothing is to make place for what is then not made.
    if (place !== undefined) this.delete(place);
    this.#listenTo(entry);
    this.#entries.set(name, entry);
    return breaker;
  }

  /** The name of the one whose place another may have. */
  #idleOne(name: string): string {
    for (const [other, { breaker }] of this.#entries) if (isIdle(breaker)) return other;
    throw new RangeError(`no place for circuit '${name}': all ${this.maxSize} of the registry are in use, see maxSize`);
  }

  #listenTo(entry: Entry): void {
    const transitions = this.#transitions;
    if (transitions) entry.leave = entry.breaker.onStateChange((transition) => transitions.tell(transition));
  }
}

/** Whether a new one would do the same. */
function isIdle(breaker: CircuitBreaker): boolean {
  if (isFreed(breaker)) return true;
  const { state, mode, failure_count: failures, ramp_left_ms: rampLeft } = breaker.snapshot();
  return state === "closed" && mode === "normal" && failures === 0 && rampLeft === undefined;
}
