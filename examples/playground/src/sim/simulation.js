// One run: callers, a service and its breakers, on a time that moves only when it is told to. The same settings and the same
// script give the same run, to the last call; who looks on changes nothing.
import { chance } from "./chance.js";
import { Guard } from "./guard.js";
import { Lane } from "./lane.js";
import { Queue } from "./queue.js";
import { answer } from "./service.js";
import { configOf } from "./settings.js";

/** What the numbers of chance are for. */
const ARRIVES = 1;
const FAILS = 2;
const TAKES = 3;
const HANGS = 4;

/** Of more than these lines or samples, the latest are kept. */
const MOST_LINES = 500;
const MOST_SAMPLES = 40_000;

/**
 * @typedef {{ at: number, set?: Record<string, number | boolean>, jumpMs?: number, burst?: boolean, command?: string,
 *   restore?: string }} Change what somebody does at a time, in milliseconds from the start
 * @typedef {{ seed: number, config: Record<string, any>, service: Record<string, any>, caller: Record<string, any>,
 *   script: readonly Change[] }} Setup
 */

export class Simulation {
  /** Milliseconds since the start. */
  now = 0;
  /** All that was done to it, the script's changes included: with the setup it is the whole run. @type {Change[]} */
  script;
  guarded = new Lane();
  bare = new Lane();
  /** `{ at, client, kind, text, ... }`: transitions, late outcomes, changes. */
  log = [];
  /** The first caller's breaker, and the load, whenever something has happened. */
  samples = [];
  /** The service's settings, from the time on at which they were set: `{ at, ...settings }`. */
  health;
  /** The states of each caller's breaker, from when on and why: `{ at, client, state, mode, reason, failureCount, tally }`. */
  bands;
  /** Milliseconds from the first opening to the closing of the last breaker; undefined before that. */
  recoveredMs;
  #openedAt;
  #queue = new Queue();
  #guards = [];
  #seed;
  #service;
  #caller;
  #calls = 0;
  #waiting = new Set();
  #generation = 0;

  /**
   * @param {Setup} setup
   * @throws RangeError or TypeError of the package for a wrong configuration
   */
  constructor({ seed, config, service, caller, script }) {
    this.#seed = seed;
    this.config = configOf(config);
    this.#service = { ...service };
    this.#caller = { ...caller };
    this.script = [...script].sort((one, other) => one.at - other.at);
    this.bands = [];
    this.health = [{ at: 0, ...service }];
    // Last, as what is done by hand: when somebody does something, all of that time has happened.
    for (const change of this.script) this.#queue.push(change.at, () => this.#apply(change), true);
    this.#setCallers();
    this.#sample();
  }

  /** The service's settings now. */
  get service() {
    return { ...this.#service };
  }

  /** The callers' settings now. */
  get caller() {
    return { ...this.#caller };
  }

  /** When something happens next, in milliseconds from the start. */
  get next() {
    return this.#queue.next;
  }

  /** Goes on to `time`, in milliseconds from the start. */
  advanceTo(time) {
    while (this.#queue.next <= time) this.step();
    this.now = Math.max(this.now, Math.floor(time));
  }

  /** Goes on to what happens next, and lets all of that time happen. */
  step() {
    this.now = Math.max(this.now, this.#queue.next);
    while (this.#queue.next <= this.now) this.#queue.pop().run();
    this.#sample();
  }

  /** Somebody does something now. @param {Omit<Change, "at">} what */
  change(what) {
    const change = { ...what, at: this.now };
    this.#apply(change); // throws for a snapshot that is damaged: it is then no part of the run
    this.script.push(change);
    this.#sample();
  }

  /** What is worth keeping of the first caller's breaker. */
  snapshot() {
    return this.#guards[0].at(this.now).breaker.snapshot();
  }

  /** What can be said of the first caller's breaker now. */
  look() {
    return this.#guards[0].at(this.now).look(this.now);
  }

  /** The states of all breakers. */
  states() {
    return this.#guards.map((guard) => guard.at(this.now).breaker.state);
  }

  #apply({ set, jumpMs, burst, command, restore }) {
    if (restore !== undefined) this.#guards[0].at(this.now).breaker.restore(restore);
    if (set) {
      const before = { ...this.#service, ...this.#caller };
      for (const [name, value] of Object.entries(set)) {
        if (name in this.#service) this.#service[name] = value;
        if (name in this.#caller) this.#caller[name] = value;
        if (before[name] !== value) this.#say("change", { name, value });
      }
      this.health.push({ at: this.now, ...this.#service });
      if ("rate" in set || "clients" in set) this.#setCallers();
    }
    if (jumpMs) {
      for (const guard of this.#guards) guard.skew += jumpMs;
      this.#say("jump", { jumpMs });
    }
    if (command) {
      this.#say("command", { command });
      for (const guard of this.#guards) guard.at(this.now).breaker[command]();
    }
    if (burst) this.#guards.forEach((_, client) => this.#call(client));
  }

  #setCallers() {
    for (let number = this.#guards.length; number < this.#caller.clients; number++) {
      const onTransition = (transition) => this.#changed(number, transition);
      this.#guards.push(new Guard({ config: this.config, seed: this.#seed, number, onTransition }));
      this.bands.push([{ at: this.now, client: number, state: "closed", mode: "normal" }]);
    }
    // Those who called at another rate are given up.
    const generation = ++this.#generation;
    for (let client = 0; client < this.#caller.clients; client++) this.#callLater(client, 0, generation);
  }

  /** A caller's calls come about as often as its rate says: each by up to a third of the interval sooner or later. */
  #callLater(client, count, generation) {
    const interval = 1000 / this.#caller.rate;
    const luck = chance(this.#seed, ARRIVES, generation, client, count);
    const wait = count === 0 ? luck * interval : interval * (2 / 3 + (2 / 3) * luck);
    this.#queue.push(this.now + Math.max(1, Math.round(wait)), () => {
      if (generation !== this.#generation) return;
      this.#callLater(client, count + 1, generation);
      this.#call(client);
    });
  }

  /** The same call goes both ways, with the same luck. */
  #call(client) {
    const number = this.#calls++;
    const luck = {
      fails: chance(this.#seed, FAILS, number),
      takes: chance(this.#seed, TAKES, number),
      hangs: chance(this.#seed, HANGS, number),
    };
    this.#callGuarded(client, luck);
    const call = { client, at: this.now, probe: false };
    this.#send(this.bare, call, luck, (ok, tookMs, hung) => {
      const slow = this.#guards[0].isSlow(tookMs);
      this.bare.end(call, this.now, !ok ? "failed" : slow ? "slow" : "succeeded", !ok || hung);
    });
  }

  #callGuarded(client, luck) {
    const guard = this.#guards[client].at(this.now);
    const { permit, retryAfterMs } = guard.ask();
    const call = { client, at: this.now, probe: permit?.isProbe ?? false };
    if (permit === null) {
      this.guarded.refuse(call, this.now);
      if (this.#caller.comeBack && retryAfterMs !== null) this.#comeBack(client, retryAfterMs, luck);
      return;
    }
    // A call that a breaker in shadow would have refused has an outcome that counts for nothing there; it is late for nobody.
    const isShadow = guard.breaker.mode === "shadow";
    this.#send(this.guarded, call, luck, (ok, tookMs, hung) => {
      const receipt = this.#guards[client].at(this.now).settle(permit, ok, tookMs, this.now);
      const late = !isShadow && (receipt === "stale" || receipt === "expired");
      const slow = guard.isSlow(tookMs);
      call.receipt = receipt;
      this.guarded.end(call, this.now, late ? "late" : !ok ? "failed" : slow ? "slow" : "succeeded", !ok || hung);
      if (late) this.#say("late", { client, receipt, ok });
    });
  }

  /** A caller that was refused waits as long as it was told to, then calls again: by its breaker alone. */
  #comeBack(client, afterMs, luck) {
    if (this.#waiting.has(client)) return;
    this.#waiting.add(client);
    this.#queue.push(this.now + Math.max(1, Math.ceil(afterMs)), () => {
      this.#waiting.delete(client);
      this.#callGuarded(client, luck);
    });
  }

  #send(lane, call, luck, onEnd) {
    const { ok, tookMs, hung } = answer(this.#service, luck, lane.inFlight);
    const limitMs = this.#caller.timeLimitSeconds > 0 ? this.#caller.timeLimitSeconds * 1000 : Infinity;
    const inTime = tookMs <= limitMs;
    const took = Math.max(1, inTime ? tookMs : limitMs);
    lane.send(call, hung);
    this.#queue.push(this.now + took, () => onEnd(ok && inTime, took, hung));
  }

  #changed(client, { from, to, mode, reason, failureCount, successes, tally }) {
    this.bands[client].push({ at: this.now, client, from, state: to, mode, reason, failureCount, tally });
    this.#say("transition", { client, from, to, mode, reason, failureCount, successes, tally });
    if (to === "open") this.#openedAt ??= this.now;
    const allClosed = this.bands.every((band) => band.at(-1).state === "closed");
    if (to === "closed" && allClosed && this.#openedAt !== undefined) {
      this.recoveredMs = this.now - this.#openedAt;
      this.#openedAt = undefined;
    }
  }

  #say(kind, what) {
    this.log.push({ at: this.now, kind, ...what });
    if (this.log.length > MOST_LINES) this.log.splice(0, MOST_LINES / 2);
  }

  #sample() {
    const sample = { at: this.now, load: this.guarded.inFlight, bareLoad: this.bare.inFlight, ...this.look() };
    if (this.samples.at(-1)?.at === this.now) this.samples.pop();
    this.samples.push(sample);
    if (this.samples.length > MOST_SAMPLES) this.samples.splice(0, MOST_SAMPLES / 2);
  }
}
