// The simulation: the same run again and again, whoever looks on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SCENARIOS, scenarioOf } from "../src/scenarios.js";
import { canSay, fromHash, toHash } from "../src/share.js";
import { chance } from "../src/sim/chance.js";
import { Queue } from "../src/sim/queue.js";
import { answer } from "../src/sim/service.js";
import { CALLER, defaults, SERVICE } from "../src/sim/settings.js";
import { Simulation } from "../src/sim/simulation.js";

const base = (more = {}) => ({
  seed: 1,
  config: { rule: "consecutive", adaptive: false, failureThreshold: 3, recoveryTimeoutSeconds: 2, ...more.config },
  service: { ...defaults(SERVICE), ...more.service },
  caller: { ...defaults(CALLER), ...more.caller },
  script: more.script ?? [],
});

/** All that a run has done. */
const traceOf = ({ guarded, bare, log, samples, bands }) => JSON.stringify([guarded.calls, bare.calls, log, samples, bands]);

function lived(setup, ms = 30_000) {
  const run = new Simulation(setup);
  run.advanceTo(ms);
  return run;
}

test("the same setup gives the same run to the last call, another seed another one", () => {
  for (const { id, setup } of SCENARIOS) {
    assert.equal(traceOf(lived(setup)), traceOf(lived(setup)), id);
    assert.notEqual(traceOf(lived(setup)), traceOf(lived({ ...setup, seed: 2 })), id);
  }
});

test("in one leap, by steps or by milliseconds, and whoever looks on: the same run", () => {
  for (const id of ["outage", "herd-jitter", "ramp-up"]) {
    const { setup } = scenarioOf(id);
    const expected = traceOf(lived(setup, 15_000));
    const bySteps = new Simulation(setup);
    while (bySteps.next <= 15_000) bySteps.step();
    assert.equal(traceOf(bySteps), expected, id);
    const watched = new Simulation(setup);
    for (let ms = 1; ms <= 15_000; ms++) {
      watched.advanceTo(ms);
      watched.snapshot();
      watched.look();
      watched.states();
    }
    assert.equal(traceOf(watched), expected, id);
  }
});

test("what was done by hand is the same run again from its link", () => {
  const { id, setup } = scenarioOf("outage");
  const run = new Simulation({ ...setup, config: { ...setup.config, failureThreshold: 7 }, seed: 42 });
  run.advanceTo(3_000);
  run.change({ set: { outage: true } });
  run.advanceTo(4_500);
  const snapshot = JSON.stringify(run.snapshot());
  run.change({ set: { rate: 3 } });
  run.step();
  run.change({ command: "trip" });
  run.advanceTo(5_000);
  run.change({ jumpMs: -60_000 });
  run.change({ restore: snapshot });
  run.advanceTo(30_000);

  const link = toHash(id, { ...setup, config: { ...setup.config, failureThreshold: 7 }, seed: 42, script: run.script });
  const read = fromHash(link);
  assert.equal(read.id, id);
  assert.equal(traceOf(lived(read.setup)), traceOf(run));
  assert.equal(toHash(id, read.setup), link);
});

test("a link that means nothing means the first scenario, and no number leaves its range", () => {
  for (const text of ["", "#", "#scenario=no", "#seed=x&then=1.outage", "#then=;;9.restore.%%%;1.do.free;1e9.jump.1", "#%E0%A4%A"]) {
    assert.deepEqual(fromHash(text), { id: "outage", setup: { ...scenarioOf("outage").setup } }, text);
  }
  const { setup } = fromHash("#scenario=outage&rate=1e99&clients=-5&latencyMs=NaN&seed=-1&rule=none&then=5.rate.1e9");
  assert.deepEqual([setup.caller.rate, setup.caller.clients, setup.service.latencyMs, setup.seed], [20, 1, 120, 1]);
  assert.deepEqual(setup.script.at(-1), { at: 5, set: { rate: 20 } });
  lived(setup, 1_000);
});

test("both lanes have the same traffic, and no call is lost", () => {
  for (const { id, setup, seconds } of SCENARIOS) {
    const { guarded, bare } = lived(setup, seconds * 1000);
    const ended = (lane) => Object.values(lane.counts).reduce((sum, count) => sum + count, 0);
    assert.equal(guarded.sent, ended(guarded) - guarded.counts.refused + guarded.inFlight, id);
    assert.equal(bare.sent, ended(bare) + bare.inFlight, id);
    assert.equal(bare.counts.refused + bare.counts.late, 0, id);
    if (!setup.caller.comeBack) assert.equal(bare.sent, guarded.sent + guarded.counts.refused, id);
    assert.ok(bare.sent > 100, id);
  }
});

test("what is drawn of a window is what the breaker counts, and what it held when it opened", () => {
  const script = [{ at: 2_000, set: { errorPercent: 60 } }, { at: 12_000, set: { errorPercent: 5 } }];
  for (const rule of [{ rule: "count_window", slidingWindowSize: 20 }, { rule: "time_window", slidingWindowSeconds: 60 }]) {
    const setup = base({ config: { ...rule, recoveryTimeoutSeconds: 1 }, caller: { rate: 20 }, script });
    delete setup.config.failureThreshold;
    const run = lived(setup, 20_000);
    const closed = run.samples.filter(({ state }) => state === "closed");
    assert.ok(closed.some(({ failures }) => failures > 3));
    for (const { failures, failureRate, calls, at } of closed) {
      assert.equal(failureRate, calls >= 10 ? (failures / calls) * 100 : 0, `${rule.rule} at ${at}`);
    }
    const opened = run.log.filter(({ reason }) => reason === "failure_rate");
    assert.ok(opened.length > 1, `${opened.length}`);
    for (const { at, tally } of opened) {
      const before = run.samples.findLast((sample) => sample.at < at);
      assert.equal(tally.calls, Math.min(before.calls + 1, setup.config.slidingWindowSize ?? Infinity));
    }
  }
});

test("a request ends as the service and the caller's patience say", () => {
  const well = defaults(SERVICE);
  const luck = { fails: 0.5, takes: 0.5, hangs: 0.5 };
  assert.deepEqual(answer(well, luck, 99), { ok: true, tookMs: 120, hung: false });
  assert.deepEqual(answer({ ...well, errorPercent: 51 }, luck, 0), { ok: false, tookMs: 120, hung: false });
  assert.deepEqual(answer({ ...well, errorPercent: 50 }, luck, 0), { ok: true, tookMs: 120, hung: false });
  assert.deepEqual(answer({ ...well, outage: true }, luck, 0), { ok: false, tookMs: 600, hung: false });
  assert.deepEqual(answer({ ...well, hangPercent: 51, hangSeconds: 7, outage: true }, luck, 0), { ok: true, tookMs: 7_000, hung: true });
  assert.equal(answer({ ...well, capacity: 2 }, luck, 1).ok, true);
  assert.equal(answer({ ...well, capacity: 2 }, luck, 2).ok, false);

  const hangs = { service: { hangPercent: 100, hangSeconds: 5 }, config: { failureThreshold: 1_000 } };
  const impatient = lived(base({ ...hangs, caller: { timeLimitSeconds: 1 } }), 10_000);
  assert.ok(impatient.bare.counts.failed > 50 && impatient.bare.counts.succeeded === 0);
  assert.ok(impatient.bare.calls.every(({ at, end }) => end === undefined || end - at === 1_000));
  const patient = lived(base({ ...hangs, caller: { timeLimitSeconds: 0 } }), 10_000);
  assert.ok(patient.bare.counts.succeeded > 20 && patient.bare.counts.failed === 0);
  assert.ok(patient.bare.wastedMs(10_000) > patient.bare.counts.succeeded * 5_000, "those in flight are waited for too");
});

test("a configuration that the package refuses is refused, by its words", () => {
  assert.throws(() => new Simulation(base({ config: { failureThreshold: 0 } })), /failure_threshold is 0, must be 1 to 1023/);
});

test("events come by time, then in order, and the last ones last", () => {
  const queue = new Queue();
  const order = [];
  const times = Array.from({ length: 200 }, (_, index) => Math.floor(chance(7, index) * 20));
  times.forEach((at, index) => queue.push(at, () => order.push([at, index % 5 === 0 ? 1 : 0, index]), index % 5 === 0));
  while (queue.next < Infinity) queue.pop().run();
  const sorted = order.toSorted((one, other) => one[0] - other[0] || one[1] - other[1] || one[2] - other[2]);
  assert.equal(order.length, 200);
  assert.deepEqual(order, sorted);
});

test("chance is even, and of other keys another", () => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => chance(1, 2, index));
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length;
    assert.ok(Math.abs(share - 1_000) < 150, `${share} in tenth ${tenth}`);
  }
  assert.equal(new Set(numbers).size > 9_990, true);
});

test("in shadow nothing is refused, and what it would have refused ends as it ends", () => {
  const run = lived(base({ config: { failureThreshold: 3 }, script: [{ at: 1, command: "shadow" }, { at: 3_000, set: { outage: true } }] }), 20_000);
  const { refused, late, failed } = run.guarded.counts;
  assert.deepEqual([refused, late, failed], [0, 0, run.bare.counts.failed]);
  assert.ok(run.bands[0].some(({ state, mode }) => state === "open" && mode === "shadow"));
});

test("a link says all that was done by hand, to the last of 2,000 changes, and of more that it cannot", () => {
  const { id, setup } = scenarioOf("outage");
  const changes = Array.from({ length: 2_000 }, (_, index) => ({ at: 1_000 + index, set: { errorPercent: index % 100 } }));
  const script = [...setup.script, ...changes];
  assert.equal(canSay(id, script), true);
  assert.deepEqual(fromHash(toHash(id, { ...setup, script })).setup.script, script);
  assert.equal(canSay(id, [...script, { at: 9_000, command: "trip" }]), false);
});
