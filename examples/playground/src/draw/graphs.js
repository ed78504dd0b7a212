// The two curves of the time line: what is counted beside what opens, and how long the circuit stays open.
import { label } from "./pen.js";
import { asTime } from "./words.js";

/** Failures in a row or rates of the first caller's breaker; with many callers, the load of the service. */
export function drawLevel(scene) {
  const { run, layout, palette } = scene;
  const { config } = run;
  if (run.bands.length > 1) {
    const capacity = run.service.capacity;
    const most = Math.max(capacity, run.guarded.mostInFlight, run.bare.mostInFlight, 4);
    label(scene, layout.level, scene.isNarrow ? "Requests" : "At the service");
    const lines = [{ of: "load", colour: palette.closed }];
    return drawGraph(scene, layout.level, { most, limit: capacity || undefined, opens: "takes", unit: "", lines });
  }
  if (config.rule.endsWith("_window")) {
    label(scene, layout.level, scene.isNarrow ? "Rates" : "Failed, slow");
    const lines = [{ of: "failureRate", colour: palette.open }];
    const limits = [{ value: config.failureRateThreshold ?? 50, colour: palette.open }];
    if (config.slowCallDurationSeconds !== undefined) {
      lines.push({ of: "slowRate", colour: palette.half, isDashed: true });
      limits.push({ value: config.slowCallRateThreshold ?? 100, colour: palette.half });
    }
    return drawGraph(scene, layout.level, { most: 100, limits, unit: " %", lines });
  }
  label(scene, layout.level, scene.isNarrow ? "In a row" : "Failures in a row");
  const limit = config.failureThreshold ?? 5;
  const most = run.samples.reduce((max, { failures }) => Math.max(max, failures), limit + 1);
  drawGraph(scene, layout.level, { most, limit, unit: "", lines: [{ of: "failures", colour: palette.open }] });
}

/** How long the circuit stays open at every moment: falls by a second a second. */
export function drawOpenFor(scene) {
  const { run, layout, palette } = scene;
  label(scene, layout.openFor, "Open for");
  const most = run.samples.reduce((max, { openForMs }) => Math.max(max, openForMs ?? 0), 1000);
  drawGraph(scene, layout.openFor, {
    most,
    unit: "time",
    lines: [{ of: "openForMs", colour: palette.open, fill: palette.open_soft, isSloped: true }],
  });
}

function drawGraph(scene, { top, height }, { most, limit, limits, opens = "opens at", unit, lines }) {
  const { pen, palette, layout, run, from, to, x, end } = scene;
  const right = layout.width - layout.right;
  // The curve of what is nothing most of the time does not underline that.
  const floor = top + height + (lines[0].isSloped ? 2 : -1);
  const y = (value) => floor - (Math.min(value, most) / most) * (height - 8);
  pen.strokeStyle = palette.line;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(layout.left, Math.round(top + height) - 0.5);
  pen.lineTo(right, Math.round(top + height) - 0.5);
  pen.stroke();

  pen.save();
  pen.beginPath();
  pen.rect(layout.left, top - 4, right - layout.left, height + 4);
  pen.clip();
  const first = Math.max(0, run.samples.findIndex(({ at }) => at >= from) - 1);
  for (const { of, colour, fill, isSloped, isDashed } of lines) {
    pen.strokeStyle = colour;
    pen.lineWidth = 1.75;
    pen.setLineDash(isDashed ? [1, 3] : []);
    pen.lineCap = "round";
    pen.beginPath();
    let [before, begun] = [0, undefined];
    for (let index = first; index < run.samples.length && run.samples[index].at <= to; index++) {
      const value = run.samples[index][of] ?? 0;
      const place = x(run.samples[index].at);
      if (begun === undefined) pen.moveTo((begun = place), y(value));
      // What falls by itself is a slope, what jumps is a step.
      else if (!isSloped || value > before) pen.lineTo(place, y(before));
      else if (value === 0) pen.lineTo(place, y(Math.max(0, before - (run.samples[index].at - run.samples[index - 1].at))));
      pen.lineTo(place, y(value));
      before = value;
    }
    if (!isSloped) pen.lineTo(end, y(before));
    pen.stroke();
    if (!fill) continue;
    pen.lineTo(end, y(0));
    pen.lineTo(begun ?? end, y(0));
    pen.fillStyle = fill;
    pen.fill();
  }
  pen.restore();

  pen.setLineDash([5, 4]);
  pen.lineCap = "butt";
  const shown = limits ?? (limit === undefined ? [] : [{ value: limit, colour: palette.ink }]);
  shown.sort((one, other) => other.value - one.value).forEach(({ value, colour }, index) => {
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(layout.left, Math.round(y(value)) + 0.5);
    pen.lineTo(right, Math.round(y(value)) + 0.5);
    pen.stroke();
    // The lower one below its line: they may be close.
    tag({ pen, palette }, `${opens} ${value}${unit}`, right, y(value) + (index > 0 ? 15 : 0));
  });
  pen.setLineDash([]);
  if (unit === "time") tag({ pen, palette }, `up to ${asTime(most)}`, right, top + 12);
}

/** A word at the right end, above a height. */
function tag({ pen, palette }, text, right, y) {
  pen.font = `11px ${palette.font}`;
  pen.textAlign = "right";
  pen.textBaseline = "bottom";
  const width = pen.measureText(text).width;
  pen.globalAlpha = 0.75; // what is behind it stays to be seen
  pen.fillStyle = palette.surface;
  pen.fillRect(right - width - 3, y - 14, width + 3, 13);
  pen.globalAlpha = 1;
  pen.fillStyle = palette.muted;
  pen.fillText(text, right, y - 1);
}
