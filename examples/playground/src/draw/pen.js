// What all parts of the time line draw with: the pen, and the words at the left.

/** A pen for a canvas of so many CSS pixels, which is empty. */
export function penOn(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = `${height}px`;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/** Draws where time is alone: not over the left margin. */
export function clipped({ pen, layout }, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(layout.left, 0, layout.width - layout.left - layout.right + 6, layout.height);
  pen.clip();
  draw();
  pen.restore();
}

/** A word in the left margin, in the middle of its part. */
export function label({ pen, palette, layout, isNarrow }, { top, height }, text) {
  pen.font = `${isNarrow ? 11 : 12}px ${palette.font}`;
  pen.fillStyle = palette.muted;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.fillText(text, layout.left - (isNarrow ? 6 : 10), top + height / 2);
}

/**
 * What the parts below it have in common, and how much of it there is: the first pair of words that there is room for, else the last.
 *
 * @param {[title: string, amount: string][]} words
 */
export function heading({ pen, palette, layout, isNarrow }, { top, height }, words) {
  const left = isNarrow ? 0 : layout.left;
  const fonts = [`600 13px ${palette.font}`, `12px ${palette.font}`];
  const widths = (pair) => pair.map((text, at) => ((pen.font = fonts[at]), pen.measureText(text).width));
  const room = layout.width - left - 14;
  const chosen = words.find((pair) => widths(pair).reduce((sum, width) => sum + width) <= room) ?? words.at(-1);
  const [width] = widths(chosen);
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  [palette.ink, palette.muted].forEach((colour, at) => {
    pen.font = fonts[at];
    pen.fillStyle = colour;
    pen.fillText(chosen[at], left + at * (width + 14), top + height - 7);
  });
}
