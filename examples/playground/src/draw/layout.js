// Where everything is on the time line: what is above what, and which time is where.
import { KINDS } from "./marks.js";

const HEADING = 24;
const ROW = 17;
const GAP = 14;
const ROOM_FOR_LEGEND = 800;

/** The kinds that there are without a breaker. */
export const BARE_KINDS = KINDS.filter(({ kind }) => kind !== "refused" && kind !== "late");

/**
 * @param {{ width: number, clients: number, isNarrow: boolean }} room
 * @returns the tops and heights of the parts, and the height of all
 */
export function layoutOf({ width, clients, isNarrow }) {
  const left = isNarrow ? 76 : 112;
  const right = isNarrow ? 8 : 14;
  let y = 0;
  const take = (height, gap = GAP) => {
    const part = { top: y, height };
    y += height + gap;
    return part;
  };
  const sick = take(14, 6);
  // Where the heading leaves it no room, the legend has a row of its own.
  const legend = width < ROOM_FOR_LEGEND ? take(16, 4) : undefined;
  const withHeading = take(HEADING, 2);
  const band = take(clients > 1 ? Math.max(24, clients * (clients > 12 ? 5 : 8)) : 26, 8);
  const calls = take(KINDS.length * ROW);
  const level = take(58);
  const openFor = take(34);
  const bareHeading = take(HEADING, 2);
  const bare = take(BARE_KINDS.length * ROW, 8);
  const axis = take(18, 0);
  return { left, right, width, row: ROW, sick, legend: legend ?? withHeading, withHeading, band, calls, level, openFor, bareHeading, bare, axis, height: y };
}

/**
 * What is where on a time line of so many CSS pixels in width: the layout, the time that is shown, and the way from times in
 * milliseconds to pixels and back.
 *
 * @param {import("../sim/simulation.js").Simulation} run
 */
export function frameOf(width, run, spanMs) {
  const isNarrow = width < 560;
  const layout = layoutOf({ width, clients: run.bands.length, isNarrow });
  const { from, to } = shownTime(run.now, spanMs);
  const pixels = (width - layout.left - layout.right) / (to - from);
  const x = (at) => layout.left + (at - from) * pixels;
  const timeAt = (place) => from + (place - layout.left) / pixels;
  return { layout, isNarrow, from, to, x, timeAt };
}

/** The part of the time that is shown: all of a scenario, then the latest of it. @param {number} now @param {number} spanMs */
export function shownTime(now, spanMs) {
  const to = Math.max(now, spanMs);
  return { from: to - spanMs, to };
}

/** Round times for the axis, in milliseconds, about `wanted` of them. */
export function ticksOf(from, to, wanted) {
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600].map((seconds) => seconds * 1000);
  const step = steps.find((one) => (to - from) / one <= wanted) ?? steps.at(-1);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}
