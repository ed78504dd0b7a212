// The states of the circuits as bands, and what their fillings mean: each state has its colour and its filling, so that one of
// the two is enough to tell it, however short it was.
import { drawRing } from "./marks.js";
import { plain } from "./words.js";

const COLOURS = { closed: "closed", open: "open", half_open: "half" };

/** The bands of all callers' circuits, one below the other. */
export function drawBands(scene) {
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

/** What a filling means, and the one mark that has no row of its own; from the right. */
export function drawLegend({ pen, palette, layout }) {
  const { top, height } = layout.legend;
  const y = top + height / 2;
  let right = layout.width - layout.right;
  pen.font = `12px ${palette.font}`;
  const word = (text, gap) => {
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.fillStyle = palette.muted;
    pen.fillText(text, right, y);
    right -= pen.measureText(text).width + gap;
  };
  word("a probe", 12);
  drawRing(pen, right, y, palette.ink);
  right -= 20;
  for (const state of ["half_open", "open", "closed"]) {
    word(plain(state), 19);
    fill({ pen, palette }, state, { begin: right, width: 14, top: y - 6, height: 12 });
    right -= 14;
  }
}

function drawState({ pen, palette, layout, run, x, end }, { at, state }, until, top, height) {
  const [begin, stop] = [Math.max(layout.left, x(at)), Math.min(end, x(until))];
  if (stop <= layout.left) return;
  const isThin = height < 16;
  const width = Math.max(stop - begin, 1.5);
  if (isThin) fillThin({ pen, palette }, state, { begin, width, top, height });
  else fill({ pen, palette }, state, { begin, width, top, height });
  const rampMs = (run.config.rampUpSeconds ?? 0) * 1000;
  if (state === "closed" && at > 0 && rampMs > 0) drawRamp({ pen, palette, x, stop }, at, rampMs, top, height);
  if (isThin) return;
  pen.font = `600 12px ${palette.font}`;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillStyle = palette.ink;
  const text = plain(state);
  if (stop - begin > pen.measureText(text).width + 12) pen.fillText(text, begin + 7, top + (height - 3) / 2 + 0.5);
}

/** Closed is light above a line, half open is hatched, open is full. */
function fill({ pen, palette }, state, { begin, width, top, height }) {
  const colour = palette[COLOURS[state]];
  pen.fillStyle = palette[`${COLOURS[state]}_soft`];
  pen.fillRect(begin, top, width, height);
  pen.fillStyle = colour;
  const line = state === "open" ? 6 : 3;
  pen.fillRect(begin, top + height - line, width, line);
  if (state !== "half_open") return;
  pen.save();
  pen.beginPath();
  pen.rect(begin, top, width, height);
  pen.clip();
  pen.globalAlpha = 0.55;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.25;
  pen.beginPath();
  for (let at = begin - height; at < begin + width; at += 5) {
    pen.moveTo(at, top + height);
    pen.lineTo(at + height, top);
  }
  pen.stroke();
  pen.restore();
}

/** Of many circuits: closed is light, half open is the lower half, open is full. */
function fillThin({ pen, palette }, state, { begin, width, top, height }) {
  const room = height - 1;
  pen.fillStyle = palette[`${COLOURS[state]}_soft`];
  pen.fillRect(begin, top, width, room);
  if (state === "closed") return;
  pen.fillStyle = palette[COLOURS[state]];
  pen.fillRect(begin, state === "open" ? top : top + room / 2, width, state === "open" ? room : room / 2);
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
