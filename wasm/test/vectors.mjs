// The conformance vectors of tests/vectors/, driven through the package. It names nothing of a runtime: whoever runs it gives
// it the package and the vectors. tests/README.md says what the words mean.

/** What this shell cannot do, and why. */
export const LACKS = {
  memory_only: "the package has no field for where the state is kept: it is always in memory",
  room: "a window over calls has room for 1,024 in JavaScript, whatever its size",
  json_reader: "an object of JavaScript is not read from JSON: what no such reader could take has a text of its own",
};

/** How each `by` is asked for. */
const RULES = {
  consecutive: { rule: "consecutive", adaptive: false },
  consecutive_slow: { rule: "consecutive_slow", adaptive: false },
  count_window: { rule: "count_window", adaptive: false, slidingWindowSize: 64 },
  count_window_1024: { rule: "count_window", adaptive: false, slidingWindowSize: 1024 },
  time_window: { rule: "time_window", adaptive: false },
  adaptive: { rule: "consecutive", adaptive: true },
  adaptive_consecutive_slow: { rule: "consecutive_slow", adaptive: true },
  adaptive_count_window: { rule: "count_window", adaptive: true, slidingWindowSize: 64 },
  adaptive_count_window_1024: { rule: "count_window", adaptive: true, slidingWindowSize: 1024 },
  adaptive_time_window: { rule: "time_window", adaptive: true },
};

const LOOKS = [
  "state",
  "mode",
  "would_allow",
  "retry_after_ms",
  "failure_count",
  "last_failure_time",
  "generation",
  "reopenings",
  "transitions",
  "refusals",
  "late",
];

const COMMANDS = ["trip", "isolate", "disable", "shadow", "reset"];
const OUTCOMES = { success: "success", failure: "failure", ignore: "ignored" };

/** Runs all vectors. Gives what passed, failed and was ignored, each with its name and why. */
export function runVectors(halfopen, vectors) {
  const ran = { passed: [], failed: [], ignored: [], checks: 0 };
  for (const vector of vectors) {
    const lacking = lackedBy(vector);
    if (lacking !== undefined) {
      ran.ignored.push({ name: vector.name, why: LACKS[lacking] });
      continue;
    }
    try {
      const checks = vector.rejected ? reject(halfopen, vector) : new Run(halfopen, vector).go();
      if (checks === 0) throw new Error("it expects nothing");
      ran.checks += checks;
      ran.passed.push(vector.name);
    } catch (error) {
      ran.failed.push({ name: vector.name, why: error instanceof Mismatch ? error.message : String(error.stack) });
    }
  }
  return ran;
}

class Mismatch extends Error {}

function lackedBy({ needs = [], config = {}, by = "consecutive", rejected }) {
  if (needs.includes("memory_only") || "state_persistence" in config || "redis_key_prefix" in config) {
    // Given as what they always are, they say nothing, and are left out.
    if (rejected || (config.state_persistence ?? "memory") !== "memory") return "memory_only";
  }
  if (!rejected) return undefined;
  const texts = Object.values(rejected).join("\n");
  if (/unknown field|invalid type|\d{40}/.test(texts)) return "json_reader";
  const size = config.sliding_window_size;
  if (/^(adaptive_)?count_window$/.test(by) && size > 64 && !(size > 1024)) return "room";
  // Refused by a reader of JSON before it knows for which rule.
  return undefined;
}

/** The configuration by the names that it has in JavaScript. */
function configOf(by, config) {
  const named = { ...RULES[by] };
  if (!(by in RULES)) throw new Error(`no such rule: ${by}`);
  for (const [field, value] of Object.entries(config)) {
    if (field === "state_persistence" || field === "redis_key_prefix" || value === null) continue;
    named[field.replace(/_(.)/g, (_, letter) => letter.toUpperCase())] = value;
  }
  return named;
}

function reject(halfopen, { by = "consecutive", config = {}, rejected }) {
  // Of the two texts the one by which a program is refused, where that can be written. A window's room is 1,024 here.
  const texts = [rejected.by_code, rejected.by_text].filter((text) => text !== undefined);
  const expected = texts.map((text) => text.replace(/^(sliding_window_size .*) 64$/, "$1 1024"));
  let found = "nothing: it was accepted";
  try {
    new halfopen.CircuitBreaker("vector", configOf(by, config)).free();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    found = error.message;
  }
  if (!expected.includes(found)) throw new Mismatch(`expected to be refused: ${expected[0]}; found ${found}`);
  return 1;
}

class Run {
  constructor(halfopen, vector) {
    this.halfopen = halfopen;
    this.steps = vector.steps;
    this.by = vector.by ?? "consecutive";
    this.config = vector.config ?? {};
    this.now = 0;
    this.random = 0;
    this.snapshots = new Map();
    this.checks = 0;
    this.make();
  }

  make() {
    this.breaker?.free();
    this.clock = new this.halfopen.ManualClock(this.now);
    const options = { clock: this.clock, random: () => this.random / 2 ** 32 };
    this.breaker = new this.halfopen.CircuitBreaker("vector", configOf(this.by, this.config), options);
    this.permits = new Map();
    this.told = { transitions: [], refusals: [], late: [] };
    this.breaker.onStateChange((transition) => this.told.transitions.push(transition));
    this.breaker.onRefused((refusal) => this.told.refusals.push(refusal));
    this.breaker.onLate((receipt) => this.told.late.push(receipt));
  }

  go() {
    this.steps.forEach((step, index) => {
      this.where = `step ${index + 1} (${step.do ?? "look"})`;
      for (let time = 0; time < (step.times ?? 1); time++) this.act(step);
      for (const look of LOOKS) {
        if (step.expect && look in step.expect) this.check(look, step.expect[look], this.look(look, step.expect[look]));
      }
      for (const look of Object.keys(step.expect ?? {})) {
        if (!LOOKS.includes(look)) throw new Error(`${this.where}: nobody knows how to look at ${look}`);
      }
    });
    this.breaker.free();
    return this.checks;
  }

  act(step) {
    const { breaker } = this;
    switch (step.do) {
      case undefined:
        return;
      case "allow_request":
        return this.answer(step, breaker.allowRequest());
      case "record_success":
      case "record_failure":
      case "record_ignored": {
        const outcome = step.do.slice("record_".length);
        const record = `record${outcome[0].toUpperCase()}${outcome.slice(1)}`;
        return this.answer(step, step.ms === undefined ? breaker[record]() : breaker.recordAfter(outcome, step.ms));
      }
      case "try_acquire": {
        const permit = breaker.tryAcquire();
        if (permit) this.permits.set(step.permit, permit);
        const refused = () => {
          const { state, retryAfterMs } = this.told.refusals.at(-1);
          return { refused: state, retry_after_ms: retryAfterMs };
        };
        return this.check("answer", step.gives ?? "admitted", permit ? "admitted" : refused());
      }
      case "success":
      case "failure":
      case "ignore":
        return this.answer(step, this.take(step.permit).settle(OUTCOMES[step.do]));
      case "drop":
        return this.take(step.permit)[Symbol.dispose]();
      case "hold_open":
        return breaker.holdOpen(step.ms);
      case "set_random":
        return void (this.random = step.number);
      case "advance":
        return this.setTime(this.now + step.ms);
      case "set_clock":
        return this.setTime(step.ms);
      case "snapshot":
        return this.keep(step);
      case "restore":
        return this.restore(step);
      case "restart":
        this.now = step.ms ?? this.now;
        this.by = step.by ?? this.by;
        this.config = step.config ?? this.config;
        return this.make();
      default:
        if (!COMMANDS.includes(step.do)) throw new Error(`${this.where}: nobody knows how to do that`);
        return breaker[step.do]();
    }
  }

  setTime(ms) {
    this.now = ms;
    this.clock.set(ms);
  }

  take(name) {
    const permit = this.permits.get(name);
    this.permits.delete(name);
    if (!permit) throw new Error(`${this.where}: no permit ${name} is held`);
    return permit;
  }

  keep(step) {
    const kept = this.breaker.snapshot();
    this.snapshots.set(step.snapshot, JSON.stringify(kept));
    for (const [field, expected] of Object.entries(step.gives ?? {})) {
      if (field === "text") this.check("text", expected, JSON.parse(JSON.stringify(kept)));
      else this.check(field, expected, kept[field] ?? (field === "last_failure_ago_ms" ? null : 0));
    }
  }

  restore(step) {
    let answer = "restored";
    try {
      this.breaker.restore(step.text ?? this.snapshots.get(step.snapshot));
    } catch (error) {
      answer = { not_restored: error.message };
    }
    this.check("answer", step.gives ?? "restored", answer);
  }

  look(what, expected) {
    const { breaker, told } = this;
    switch (what) {
      case "state":
        return breaker.state;
      case "mode":
        return breaker.mode;
      case "would_allow":
        return breaker.wouldAllow();
      case "retry_after_ms":
        return breaker.retryAfterMs;
      case "failure_count":
        return breaker.failureCount;
      case "last_failure_time":
        return breaker.lastFailureTime;
      case "generation":
        return breaker.generation;
      case "reopenings":
        return breaker.reopenings;
      case "transitions":
        return told.transitions.splice(0).map((one, at) => shown(transition(one), expected[at]));
      case "refusals":
        return told.refusals
          .splice(0)
          .map((one, at) => shown({ state: one.state, retry_after_ms: one.retryAfterMs, shadow: one.shadow }, expected[at], { shadow: false }));
      default:
        return told.late.splice(0);
    }
  }

  answer(step, found) {
    if ("gives" in step) this.check("answer", step.gives, found);
  }

  check(what, expected, found) {
    this.checks += 1;
    if (!same(expected, found)) {
      throw new Mismatch(`${this.where}: ${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
    }
  }
}

function transition({ from, to, mode, reason, failureCount, successes, generation, tally }) {
  const counted = (number) => Math.min(number, 65535);
  return {
    from,
    to,
    mode,
    reason,
    failure_count: failureCount,
    successes,
    generation,
    tally: tally && {
      calls: counted(tally.calls),
      failures: counted(tally.failures),
      slow_calls: counted(tally.slowCalls),
      window: tally.window,
    },
  };
}

/** Of what was found, that which is expected; what has a value by default is expected to have it where none is given. */
function shown(found, expected, usual = {}) {
  if (expected === undefined || expected === null || found === null) return found;
  const fields = Object.keys({ ...usual, ...expected });
  const seen = Object.fromEntries(fields.map((field) => [field, found[field]]));
  for (const [field, value] of Object.entries(usual)) {
    if (!(field in expected) && seen[field] === value) delete seen[field];
  }
  if (seen.tally && expected.tally) seen.tally = shown(seen.tally, expected.tally, { slow_calls: 0 });
  return seen;
}

/** The same data, whatever the order of fields. */
function same(one, other) {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return Object.is(one, other);
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && same(one[key], other[key]));
}
