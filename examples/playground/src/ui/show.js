// What is shown of a run beside the time line: the numbers at the top, and the log.
import { asTime, gathered, lineOf, plain } from "../draw/words.js";
import { byId, make, setText } from "./dom.js";

const MOST_ROWS = 60;

/** @param {import("../sim/simulation.js").Simulation} run */
export function showNumbers(run) {
  const states = run.states();
  const inState = (state) => states.filter((one) => one === state).length;
  const worst = ["open", "half_open", "closed"].find((state) => inState(state) > 0);
  const { mode, openForMs } = run.look();
  const state = byId("state");
  setText(state, mode === "normal" || states.length > 1 ? plain(worst) : mode);
  state.className = worst;
  const wait = openForMs === null ? "until a reset" : `for ${asTime(openForMs)} more`;
  const more = { shadow: `refuses nothing; would be ${plain(worst)}`, disabled: "lets everything through" }[mode] ?? (worst === "open" ? wait : "");
  setText(byId("state-more"), states.length > 1 ? `${inState(worst)} of ${states.length}` : more);
  setText(byId("refused"), String(run.guarded.counts.refused));
  const saved = run.bare.wastedMs(run.now) - run.guarded.wastedMs(run.now);
  setText(byId("saved"), asTime(Math.max(0, saved)));
  setText(byId("recovered"), run.recoveredMs === undefined ? "–" : asTime(run.recoveredMs));
  setText(byId("failed"), String(run.guarded.counts.failed));
  setText(byId("failed-bare"), `${run.bare.counts.failed} without a breaker`);
  setText(byId("clock"), asTime(run.now));
}

let shownLog;

/** @param {import("../sim/simulation.js").Simulation} run */
export function showLog(run) {
  const stamp = `${run.log.length} ${run.log.at(-1)?.at} ${run.bands.length}`;
  if (shownLog?.run === run && shownLog.stamp === stamp) return;
  shownLog = { run, stamp };
  const many = run.bands.length > 1;
  const rows = gathered(run.log).slice(0, MOST_ROWS).map(({ line, count }) => {
    const { what, why } = lineOf(line, count, many);
    const cell = make("td", { textContent: what, className: line.kind === "transition" ? `to ${line.to}` : "" });
    return make("tr", {}, make("td", { textContent: asTime(line.at) }), cell, make("td", { textContent: why }));
  });
  if (rows.length === 0) rows.push(make("tr", {}, make("td", { colSpan: 3, textContent: "Nothing has happened yet." })));
  byId("log").replaceChildren(...rows);
}
