// The time line: draws what a run has done so far, and decides nothing.
import { drawBands, drawLegend } from "./band.js";
import { BARE_KINDS, frameOf, ticksOf } from "./layout.js";
import { drawMark, drawRing, KINDS } from "./marks.js";
import { paletteOf } from "./palette.js";
import { clipped, heading, label, penOn } from "./pen.js";
import { placeOf } from "./pick.js";
import { drawLevel, drawOpenFor } from "./graphs.js";
import { ailments, amountOf, shortAmountOf } from "./words.js";

/** A call that takes more of the shown time is a line up to its mark. */
const LONG = 0.06;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("../sim/simulation.js").Simulation} run
 * @param {{ spanMs: number, usual: Record<string, any>, picked?: import("./pick.js").Picked }} view how much time is shown, how
 *   the service usually is, and what somebody points at
 */
export function drawTimeline(canvas, run, { spanMs, usual, picked }) {
  const width = canvas.clientWidth;
  if (width === 0) return;
  const frame = frameOf(width, run, spanMs);
  const { layout, to, x } = frame;
  const pen = penOn(canvas, width, layout.height);
  const palette = paletteOf(canvas);
  const scene = { ...frame, pen, palette, run, end: x(Math.min(run.now, to)) };
  const amounts = (title, lane) => [amountOf, shortAmountOf].map((amount) => [title, amount(lane, run.now)]);

  drawAxis(scene);
  clipped(scene, () => drawHealth(scene, usual));
  label(scene, layout.sick, "Service");
  heading(scene, layout.withHeading, amounts("With the breaker", run.guarded));
  drawLegend(scene);
  clipped(scene, () => drawBands(scene));
  label(scene, layout.band, run.bands.length > 1 ? `${run.bands.length} circuits` : "Circuit");
  drawCalls(scene, layout.calls, KINDS, run.guarded.calls);
  drawLevel(scene);
  drawOpenFor(scene);
  heading(scene, layout.bareHeading, [...amounts("The same traffic without a breaker", run.bare), ...amounts("Without one", run.bare)]);
  drawCalls(scene, layout.bare, BARE_KINDS, run.bare.calls);
  drawNow(scene);
  if (picked) drawPicked(scene, picked);
}

function drawAxis({ pen, palette, layout, from, to, x, isNarrow }) {
  const bottom = layout.axis.top;
  pen.font = `11px ${palette.font}`;
  pen.fillStyle = palette.muted;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  pen.strokeStyle = palette.line;
  pen.lineWidth = 1;
  for (const at of ticksOf(from, to, isNarrow ? 5 : 10)) {
    const place = Math.round(x(at)) + 0.5;
    pen.beginPath();
    pen.moveTo(place, 0);
    pen.lineTo(place, bottom);
    pen.stroke();
    pen.fillText(`${at / 1000} s`, Math.min(place, layout.width - 14), bottom + 4);
  }
}

function drawNow({ pen, palette, layout, end }) {
  pen.strokeStyle = palette.ink;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(Math.round(end) + 0.5, 0);
  pen.lineTo(Math.round(end) + 0.5, layout.axis.top);
  pen.stroke();
}

/** Whatever ails the service, as a bar with words, behind which its time is shaded all the way down. */
function drawHealth(scene, usual) {
  const { pen, palette, layout, run, x, end } = scene;
  const { top } = layout.sick;
  pen.fillStyle = palette.line;
  pen.fillRect(layout.left, top, end - layout.left, 3);
  run.health.forEach((service, index) => {
    const text = ailments(service, usual);
    const [begin, stop] = [x(service.at), Math.min(end, x(run.health[index + 1]?.at ?? run.now))];
    if (text === "" || stop <= begin) return;
    pen.fillStyle = palette.sick;
    pen.fillRect(begin, top, stop - begin, layout.axis.top - top);
    pen.fillStyle = palette.open;
    pen.fillRect(begin, top, stop - begin, 3);
    pen.font = `11px ${palette.font}`;
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.fillStyle = palette.ink;
    if (stop - begin > pen.measureText(text).width + 8) pen.fillText(text, Math.max(begin, layout.left) + 4, top + 5);
  });
}

function drawWait(pen, from, to, { y, colour }) {
  pen.globalAlpha = 0.45;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(from, y);
  pen.lineTo(to, y);
  pen.stroke();
  pen.globalAlpha = 1;
}

function drawCalls(scene, part, kinds, calls) {
  const { pen, palette, layout, from, to, x } = scene;
  kinds.forEach(({ label: text, kind, colour }, index) => {
    const row = { top: part.top + index * layout.row, height: layout.row };
    label(scene, row, text);
    pen.fillStyle = palette.line;
    pen.fillRect(layout.left, Math.round(row.top + row.height / 2), layout.width - layout.left - layout.right, 1);
    if (scene.isNarrow) return;
    drawMark(pen, kind, 8, row.top + row.height / 2, palette[colour]);
  });
  const rowOf = ({ colour }, index) => ({ y: part.top + (index + 0.5) * layout.row, colour: palette[colour] });
  const rows = new Map(kinds.map((one, index) => [one.kind, rowOf(one, index)]));
  clipped(scene, () => {
    for (const { at, end, kind, probe } of calls) {
      const row = rows.get(kind);
      if (row === undefined || end < from || at > to) continue;
      if (end - at > LONG * (to - from)) drawWait(pen, x(at), x(end), row);
      drawMark(pen, kind, x(end), row.y, row.colour);
      if (probe) drawRing(pen, x(end), row.y, palette.ink);
    }
  });
}

/** What somebody points at: its time from top to bottom, and a square around its mark. */
function drawPicked(scene, picked) {
  const { pen, palette, layout, x } = scene;
  clipped(scene, () => {
    const { at, y } = placeOf(scene, picked);
    const place = Math.round(x(at)) + 0.5;
    pen.strokeStyle = palette.accent;
    pen.lineWidth = 1;
    pen.setLineDash([3, 3]);
    pen.beginPath();
    pen.moveTo(place, 0);
    pen.lineTo(place, layout.axis.top);
    pen.stroke();
    pen.setLineDash([]);
    if (y === undefined) return;
    pen.lineWidth = 2;
    pen.strokeRect(place - 8, y - 8, 16, 16);
  });
}
