// The time line: draws what a run has done so far, and decides nothing.
import { layoutOf, BARE_KINDS, shownTime, ticksOf } from "./layout.js";
import { drawMark, drawRing, KINDS } from "./marks.js";
import { paletteOf } from "./palette.js";
import { clipped, heading, label, penOn } from "./pen.js";
import { drawLevel, drawOpenFor } from "./graphs.js";
import { ailments, amountOf, plain } from "./words.js";

/** A call that takes more of the shown time is a line up to its mark. */
const LONG = 0.06;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("../sim/simulation.js").Simulation} run
 * @param {{ spanMs: number, usual: Record<string, any> }} view how much time is shown, and how the service usually is
 */
export function drawTimeline(canvas, run, { spanMs, usual }) {
  const width = canvas.clientWidth;
  if (width === 0) return;
  const isNarrow = width < 560;
  const layout = layoutOf({ width, clients: run.bands.length, isNarrow });
  const pen = penOn(canvas, width, layout.height);
  const palette = paletteOf(canvas);
  const { from, to } = shownTime(run.now, spanMs);
  const { left, right } = layout;
  const x = (at) => left + ((at - from) / (to - from)) * (width - left - right);
  const scene = { pen, palette, layout, run, from, to, x, isNarrow, end: x(Math.min(run.now, to)) };

  drawAxis(scene);
  clipped(scene, () => drawHealth(scene, usual));
  label(scene, layout.sick, "Service");
  heading(scene, layout.withHeading, "With the breaker", amountOf(run.guarded, run.now));
  drawLegend(scene);
  clipped(scene, () => drawBands(scene));
  label(scene, layout.band, run.bands.length > 1 ? `${run.bands.length} circuits` : "Circuit");
  drawCalls(scene, layout.calls, KINDS, run.guarded.calls);
  drawLevel(scene);
  drawOpenFor(scene);
  heading(scene, layout.bareHeading, "The same traffic without a breaker", amountOf(run.bare, run.now));
  drawCalls(scene, layout.bare, BARE_KINDS, run.bare.calls);
  drawNow(scene);
}

/** The one mark that has no row of its own. */
function drawLegend({ pen, palette, layout }) {
  const y = layout.withHeading.top + layout.withHeading.height - 11;
  pen.font = `12px ${palette.font}`;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.fillStyle = palette.muted;
  pen.fillText("a probe", layout.width - layout.right, y);
  drawRing(pen, layout.width - layout.right - pen.measureText("a probe").width - 12, y, palette.ink);
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

const STATE_COLOURS = { closed: "closed", open: "open", half_open: "half" };

function drawBands(scene) {
  const { layout, run } = scene;
  const { top, height } = layout.band;
  const each = height / run.bands.length;
  run.bands.forEach((band, client) => {
    band.forEach((one, index) => {
      const next = band[index + 1]?.at ?? run.now;
      drawState(scene, one, next, top + client * each, each);
    });
  });
}

function drawState({ pen, palette, layout, run, x, end }, { at, state }, until, top, height) {
  const [begin, stop] = [Math.max(layout.left, x(at)), Math.min(end, x(until))];
  if (stop <= layout.left) return;
  const isThin = height < 16;
  const colour = palette[STATE_COLOURS[state]];
  const width = Math.max(stop - begin, 1.5);
  pen.fillStyle = isThin && state !== "closed" ? colour : palette[`${STATE_COLOURS[state]}_soft`];
  pen.fillRect(begin, top, width, height - (isThin ? 1 : 0));
  const rampMs = (run.config.rampUpSeconds ?? 0) * 1000;
  if (state === "closed" && at > 0 && rampMs > 0) drawRamp({ pen, palette, x, stop }, at, rampMs, top, height);
  if (isThin) return;
  pen.fillStyle = colour;
  pen.fillRect(begin, top + height - 3, width, 3);
  pen.font = `600 12px ${palette.font}`;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillStyle = palette.ink;
  const text = plain(state);
  if (stop - begin > pen.measureText(text).width + 12) pen.fillText(text, begin + 7, top + (height - 3) / 2 + 0.5);
}

/** The share that is let through after a closing, as the height of a wedge. */
function drawRamp({ pen, palette, x, stop }, at, rampMs, top, height) {
  const [begin, end] = [x(at), Math.min(stop, x(at + rampMs))];
  if (end <= begin) return;
  const share = (end - begin) / (x(at + rampMs) - begin);
  pen.fillStyle = palette.surface;
  pen.beginPath();
  pen.moveTo(begin, top);
  pen.lineTo(end, top);
  pen.lineTo(end, top + (height - 3) * (1 - share));
  pen.lineTo(begin, top + (height - 3) * 0.9);
  pen.fill();
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

