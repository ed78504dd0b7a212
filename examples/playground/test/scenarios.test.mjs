// What each scenario promises, and that without the thing which it shows it would end otherwise.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SCENARIOS, scenarioOf } from "../src/scenarios.js";
import { Simulation } from "../src/sim/simulation.js";

function lived(id, change = (setup) => setup) {
  const { setup, seconds } = scenarioOf(id);
  const run = new Simulation(change(structuredClone(setup)));
  run.advanceTo(seconds * 1000);
  return run;
}

const withConfig = (more) => (setup) => ({ ...setup, config: { ...setup.config, ...more } });
const reasons = (run) => run.log.filter(({ kind, client }) => kind === "transition" && client === 0).map(({ reason }) => reason);
const opensIn = (run) => run.log.filter(({ to }) => to === "open").map(({ at }) => at);

test("each says what to watch in two lines, and ends in the state that it promises, whatever the seed", () => {
  assert.deepEqual(SCENARIOS.map(({ id }) => id), ["outage", "brown-out", "hung-probe", "herd", "herd-jitter", "stale", "clock-jump", "ramp-up"]);
  for (const { id, watch, ends } of SCENARIOS) {
    assert.equal(watch.length, 2);
    for (let seed = 1; seed <= 5; seed++) {
      const run = lived(id, (setup) => ({ ...setup, seed }));
      assert.deepEqual([...new Set(run.states())], [ends], `${id} with seed ${seed}`);
      assert.ok(opensIn(run).length > 0, `${id} opens with seed ${seed}`);
      assert.ok(run.guarded.counts.refused > 0 && run.guarded.counts.failed < run.bare.counts.failed, id);
    }
  }
});

test("outage: five failures open, probes fail until it is over, then one closes", () => {
  const run = lived("outage");
  assert.deepEqual(reasons(run), ["consecutive_failures", "recovery_timeout", "probe_failed", "recovery_timeout", "probes_succeeded"]);
  assert.ok(run.recoveredMs > 9_000 && run.recoveredMs < 13_000);
});

test("brown-out: a rate opens where five failures in a row never come; reopenings last longer", () => {
  const run = lived("brown-out");
  assert.match(reasons(run)[0], /^(slow_call|failure)_rate$/);
  assert.ok(reasons(run).includes("probe_failed"));
  const openFor = run.samples.filter((sample, at) => sample.openForMs > (run.samples[at - 1]?.openForMs ?? 0)).map((sample) => sample.openForMs);
  assert.ok(openFor.length >= 2 && openFor[1] === openFor[0] * 1.5, `${openFor}`);
  const counted = lived("brown-out", (setup) => ({ ...setup, config: { rule: "consecutive", adaptive: false } }));
  assert.deepEqual(opensIn(counted), []);
});

test("hung probe: the lease gives its place to the next; without one it would be refused to all for as long as it hangs", () => {
  const run = lived("hung-probe");
  assert.deepEqual(reasons(run), ["consecutive_failures", "recovery_timeout", "probes_succeeded"]);
  const late = run.log.filter(({ receipt }) => receipt === "expired");
  assert.deepEqual(late.map(({ ok }) => ok), [true]);
  const [halfOpen, closed] = run.bands[0].slice(-2).map(({ at }) => at);
  assert.ok(closed - halfOpen > 3_000 && closed - halfOpen < 3_700, `${closed - halfOpen}`);
  const waiting = lived("hung-probe", withConfig({ probeTimeoutSeconds: 600 }));
  const [since, until] = waiting.bands[0].slice(-2).map(({ at }) => at);
  assert.equal(until - since, 12_000);
});

test("herd: together they overrun the service and reopen; with jitter none is turned away, and it is sooner over", () => {
  const [together, spread] = [lived("herd"), lived("herd-jitter")];
  const turnedAway = (run) => run.log.filter(({ reason }) => reason === "probe_failed").length;
  assert.ok(turnedAway(together) > 5, `${turnedAway(together)}`);
  assert.equal(turnedAway(spread), 0);
  assert.ok(spread.recoveredMs < together.recoveredMs, `${spread.recoveredMs}, ${together.recoveredMs}`);
  const most = (run) => Math.max(...run.samples.filter(({ at }) => at > 6_000).map(({ load }) => load));
  assert.ok(most(together) > 14 && most(spread) < 14, `${most(together)}, ${most(spread)}`);
});

test("stale: a success from before the opening comes while it is open, and closes nothing", () => {
  const run = lived("stale");
  const late = run.log.filter(({ kind, ok }) => kind === "late" && ok);
  assert.ok(late.length >= 1 && late.every(({ receipt }) => receipt === "stale"));
  for (const { at } of late) {
    const band = run.bands[0].findLast((one) => one.at <= at);
    assert.equal(band.state, "open");
  }
  assert.equal(reasons(run).filter((reason) => reason === "probes_succeeded").length, 1);
});

test("clock jump: an hour back costs one recovery timeout at most", () => {
  const run = lived("clock-jump");
  const jump = run.log.find(({ kind }) => kind === "jump");
  assert.equal(jump.jumpMs, -3_600_000);
  const before = run.samples.findLast(({ at }) => at < jump.at);
  assert.equal(before.state, "open");
  assert.ok(run.samples.every(({ openForMs }) => openForMs <= 6_000));
  const closed = run.bands[0].at(-1);
  assert.ok(closed.at > jump.at + 5_000 && closed.at < jump.at + 7_000, `${closed.at}`);
});

test("ramp-up: a cold service is not knocked over again, which all the traffic at once does", () => {
  const run = lived("ramp-up");
  const closed = run.bands[0].at(-1);
  assert.equal(closed.state, "closed");
  assert.ok(closed.at < 15_000);
  const refused = run.guarded.calls.filter(({ kind, at }) => kind === "refused" && at > closed.at);
  assert.ok(refused.length > 20, "refused while closed");
  const sentFrom = (begin) => run.guarded.calls.filter(({ kind, at }) => kind !== "refused" && at >= begin && at < begin + 2_500).length;
  const [first, later, last] = [0, 5_000, 10_000].map((after) => sentFrom(closed.at + after));
  assert.ok(first < later && later < last, `${first}, ${later}, ${last}`);
  const without = lived("ramp-up", withConfig({ adaptive: false }));
  assert.equal(run.bands[0].filter(({ reason }) => reason === "consecutive_failures").length, 1);
  assert.ok(without.bands[0].filter(({ reason }) => reason === "consecutive_failures").length > 1, "it opens again");
});
