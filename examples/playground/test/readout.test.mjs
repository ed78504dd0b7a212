// What is said of the place that somebody points at, and where the arrow keys go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frameOf } from "../src/draw/layout.js";
import { goOn, pickAt, placeOf } from "../src/draw/pick.js";
import { readOut } from "../src/draw/readout.js";
import { SCENARIOS, scenarioOf } from "../src/scenarios.js";
import { Simulation } from "../src/sim/simulation.js";

function ended(id, change = (setup) => setup) {
  const { setup, seconds } = scenarioOf(id);
  const run = new Simulation(change(setup));
  run.advanceTo(seconds * 1000);
  const frame = frameOf(900, run, seconds * 1000);
  const say = (picked) => readOut(run, picked, setup.service);
  return { run, frame, say };
}

test("every mark that is drawn is found where it is drawn", () => {
  for (const { id } of SCENARIOS) {
    const { run, frame } = ended(id);
    let picked = goOn(run, undefined, "Home");
    const rows = new Set();
    for (let key = 0; key < 60; key++) {
      if (picked.row.part !== "band") {
        const { at, y } = placeOf({ run, ...frame }, picked);
        const found = pickAt(run, frame, frame.x(at), y);
        assert.equal(found.row, picked.row, id);
        assert.equal(found.at, picked.at, `${id}: the nearest mark`);
        rows.add(picked.row);
      }
      picked = goOn(run, picked, key % 6 === 5 ? "ArrowDown" : "ArrowRight");
    }
    assert.ok(rows.size >= 5, `${id}: ${rows.size}`);
  }
});

test("outage: what was refused says why, what probed says what it found", () => {
  const { run, frame, say } = ended("outage");
  const opened = run.bands[0].find(({ state }) => state === "open");
  const refused = run.guarded.calls.find(({ kind }) => kind === "refused");
  const rowOf = (kind) => {
    let picked = goOn(run, undefined, "End");
    while (picked.row.kind !== kind) picked = goOn(run, picked, "ArrowDown");
    return picked;
  };
  const first = goOn(run, rowOf("refused"), "Home");
  assert.equal(first.mark, refused);
  const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
  assert.equal(say(first).title, `Call was refused at ${seconds(refused.at)}`);
  const left = `Open for ${seconds(opened.at + 5_000 - refused.at)} more`;
  assert.equal(say(first).more, `Circuit open since ${seconds(opened.at)}: 5 failures in a row. Failures in a row 5, opens at 5. ${left}. Service: outage.`);

  const probe = goOn(run, rowOf("failed"), "End");
  assert.match(say(probe).title, /^Probe failed: sent at [\d.]+ s, ended at [\d.]+ s, after 0\.\d\d s$/);
  assert.match(say(probe).more, /^Circuit open since [\d.]+ s: the probe failed\. /);
  const late = rowOf("late");
  assert.match(say(late).more, /^From before the circuit changed: counts as nothing\. Circuit open since /);

  const change = goOn(run, undefined, "End");
  assert.match(say(change).title, /^half open → closed at 17\.\d\d s$/);
  const bare = pickAt(run, frame, frame.x(12_000), frame.layout.bare.top + 2.5 * frame.layout.row);
  assert.match(say(bare).title, /^Call failed, without a breaker: /);
  assert.doesNotMatch(say(bare).more, /Circuit/);
});

test("a moment without a mark says what the circuit thought; where no time is there is nothing", () => {
  const { run, frame, say } = ended("outage");
  const { band, level } = frame.layout;
  const inBand = pickAt(run, frame, frame.x(10_000), band.top + 4);
  assert.match(say(inBand).title, /^At (10\.00|9\.99|10\.01) s$/);
  assert.match(say(inBand).more, /^Circuit open since 7\.\d\d s: 5 failures in a row\. /);
  assert.match(say(pickAt(run, frame, frame.x(3_000), level.top + 4)).more, /^Circuit closed\. Failures in a row 0, opens at 5\. Service: well\.$/);
  assert.equal(pickAt(run, frame, 2, band.top + 4), undefined);
  const begun = new Simulation(scenarioOf("outage").setup);
  begun.advanceTo(5_000);
  const early = frameOf(900, begun, 30_000);
  assert.equal(pickAt(begun, early, early.x(6_000), band.top + 4), undefined, "not been yet");
  assert.equal(goOn(new Simulation(scenarioOf("outage").setup), undefined, "ArrowLeft"), undefined);
});

test("a call that hung is found on its line; of a window, its rates; of many callers, which one; a ramp, its share", () => {
  const hung = ended("hung-probe");
  const late = hung.run.guarded.calls.find(({ kind, probe }) => kind === "late" && probe);
  const y = hung.frame.layout.calls.top + 4.5 * hung.frame.layout.row;
  const onLine = pickAt(hung.run, hung.frame, hung.frame.x((late.at + late.end) / 2), y);
  assert.equal(onLine.mark, late);
  assert.match(hung.say(onLine).more, /^Its place was given to another probe: counts as nothing\. /);

  const brown = ended("brown-out");
  const opened = brown.run.bands[0].find(({ state }) => state === "open");
  assert.match(brown.say({ at: opened.at - 1 }).more, /failed \d+ %, opens at 50 %, slow \d+ %, opens at 60 %/i);
  assert.match(brown.say({ at: 500 }).more, /\d calls in the window, a rate needs 15/);
  assert.match(brown.say({ at: opened.at }).more, /since [\d.]+ s: (slow|failures): \d+ % of \d+ calls/);

  const herd = ended("herd");
  assert.match(herd.say({ at: 5_000 }).more, /^Of 24 circuits 0 closed, 24 open, 0 half open\. \d+ requests at the service\. /);
  const { layout, x } = herd.frame;
  const third = pickAt(herd.run, herd.frame, x(5_000), layout.band.top + (2.5 * layout.band.height) / 24);
  assert.match(herd.say(third).more, /^Circuit 3 open since 4\.\d\d s: 1 failure in a row\. /);

  const ramp = ended("ramp-up");
  const closed = ramp.run.bands[0].at(-1).at;
  assert.match(ramp.say({ at: closed + 5_000 }).more, /Ramp-up: lets 5[23] % through/);
  assert.doesNotMatch(ramp.say({ at: closed + 10_000 }).more, /Ramp-up/);
});

test("the arrow keys stay in the run, and go from row to row at the same time", () => {
  const { run } = ended("outage");
  const last = goOn(run, undefined, "ArrowRight");
  assert.equal(goOn(run, last, "ArrowRight").mark, last.mark);
  const first = goOn(run, last, "Home");
  assert.equal(goOn(run, first, "ArrowLeft").mark, first.mark);
  assert.equal(goOn(run, goOn(run, first, "ArrowRight"), "ArrowLeft").mark, first.mark);
  assert.equal(goOn(run, first, "ArrowUp").mark, first.mark, "no row above the first");
  const below = goOn(run, first, "ArrowDown");
  assert.ok(below.row !== first.row && Math.abs(below.at - first.at) < 3_000);
  assert.equal(goOn(run, first, "x"), undefined);
});
