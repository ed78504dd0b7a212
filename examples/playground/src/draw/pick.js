// What is under the pointer, and what the arrow keys go to: a call, a change of a circuit's state, or a moment.
import { BARE_KINDS } from "./layout.js";
import { KINDS } from "./marks.js";

/** So many pixels from the pointer a mark is still meant. */
const NEAR = 8;

/** What can be pointed at, from above: the circuits' changes, then the calls of each kind, with the breaker and without. */
const ROWS = [
  { part: "band" },
  ...KINDS.map(({ kind }, index) => ({ part: "calls", lane: "guarded", kind, index })),
  ...BARE_KINDS.map(({ kind }, index) => ({ part: "bare", lane: "bare", kind, index })),
];

/**
 * @typedef {{ at: number, row?: (typeof ROWS)[number], mark?: Record<string, any>, client?: number }} Picked a time in
 *   milliseconds from the start, and what is there: a call, or the beginning of a state
 */

/** When a mark is drawn: a call where it ended, a change of state where it happened. */
const timeOf = (mark) => mark.end ?? mark.at;

/** The marks of a row, the earliest first. */
function marksOf(run, { part, lane, kind }) {
  const marks = part === "band" ? run.bands.flatMap((band) => band.slice(1)) : run[lane].calls.filter((call) => call.kind === kind);
  return marks.sort((one, other) => timeOf(one) - timeOf(other));
}

/** Where a row is: its top, its height, and that of each of its circuits. */
function roomOf({ layout }, { part, index }, clients) {
  const { top, height } = layout[part];
  return part === "band" ? { top, height, each: height / clients } : { top: top + index * layout.row, height: layout.row };
}

/**
 * What is at a place of the time line, in CSS pixels; undefined where no time is, or none that has been yet.
 *
 * @param {import("../sim/simulation.js").Simulation} run
 * @param {ReturnType<typeof import("./layout.js").frameOf>} frame
 * @returns {Picked | undefined}
 */
export function pickAt(run, frame, x, y) {
  const at = frame.timeAt(x);
  const isIn = at >= frame.from && at <= Math.min(run.now, frame.to);
  const row = ROWS.find((one) => {
    const { top, height } = roomOf(frame, one, run.bands.length);
    return y >= top && y < top + height;
  });
  if (row?.part === "band") {
    const { top, each } = roomOf(frame, row, run.bands.length);
    return isIn ? { at, row, client: Math.floor((y - top) / each) } : undefined;
  }
  const mark = row && nearest(marksOf(run, row), at, frame, x);
  if (mark) return { at: timeOf(mark), row, mark, client: mark.client };
  return isIn ? { at } : undefined;
}

/** The mark at a place, else the call whose line goes through it. */
function nearest(marks, at, { x: placeOf, from, to }, x) {
  const seen = marks.filter((mark) => timeOf(mark) >= from && timeOf(mark) <= to);
  const far = (mark) => Math.abs(placeOf(timeOf(mark)) - x);
  const best = seen.reduce((best, mark) => (best === undefined || far(mark) < far(best) ? mark : best), undefined);
  if (best && far(best) <= NEAR) return best;
  return seen.findLast((mark) => mark.at <= at && timeOf(mark) >= at);
}

/** What an arrow key goes to, Home or End; undefined for other keys, and where there is nothing yet. @returns {Picked | undefined} */
export function goOn(run, picked, key) {
  const rows = ROWS.map((row) => ({ row, marks: marksOf(run, row) })).filter(({ marks }) => marks.length > 0);
  const known = rows.findIndex(({ row }) => row === picked?.row);
  if (rows.length === 0 || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(key)) return undefined;
  if (picked === undefined || known < 0) return markOf(rows[0], nearestOf(rows[0], picked?.at ?? run.now));
  if (key === "ArrowUp" || key === "ArrowDown") {
    const next = rows[known + (key === "ArrowUp" ? -1 : 1)] ?? rows[known];
    return markOf(next, next.row === picked.row && picked.mark ? next.marks.indexOf(picked.mark) : nearestOf(next, picked.at));
  }
  const { marks } = rows[known];
  const before = picked.mark ? marks.indexOf(picked.mark) : marks.findLastIndex((mark) => timeOf(mark) <= picked.at);
  const left = picked.mark ? before - 1 : before;
  const to = { Home: 0, End: marks.length - 1, ArrowLeft: left, ArrowRight: before + 1 }[key];
  return markOf(rows[known], Math.min(Math.max(to, 0), marks.length - 1));
}

const markOf = ({ row, marks }, index) => ({ at: timeOf(marks[index]), row, mark: marks[index], client: marks[index].client });

/** The index of the mark that is nearest to a time. */
function nearestOf({ marks }, at) {
  const far = (index) => Math.abs(timeOf(marks[index]) - at);
  return marks.reduce((best, _, index) => (far(index) < far(best) ? index : best), 0);
}

/** Where to draw what is picked: its time, and the height of its mark if it has one. */
export function placeOf({ run, ...frame }, { at, row, mark }) {
  if (!mark || row.part === "band") return { at };
  const { top, height } = roomOf(frame, row, run.bands.length);
  return { at, y: top + height / 2 };
}
