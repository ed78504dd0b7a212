// The marks of calls. Each kind has a row, a shape and a colour of its own: any one of the three is enough to tell it.

/** The kinds with the breaker, from above. */
export const KINDS = [
  { kind: "succeeded", label: "Succeeded", colour: "closed" },
  { kind: "slow", label: "Slow", colour: "half" },
  { kind: "failed", label: "Failed", colour: "open" },
  { kind: "refused", label: "Refused", colour: "refused" },
  { kind: "late", label: "Came late", colour: "late" },
];

const R = 3;

/** Draws one mark around a point. @param {CanvasRenderingContext2D} pen */
export function drawMark(pen, kind, x, y, colour) {
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  switch (kind) {
    case "succeeded":
      pen.arc(x, y, R - 0.6, 0, 2 * Math.PI);
      return pen.fill();
    case "slow":
      pen.moveTo(x, y - R);
      pen.lineTo(x + R, y + R - 0.5);
      pen.lineTo(x - R, y + R - 0.5);
      return pen.fill();
    case "failed":
      pen.moveTo(x - R, y - R);
      pen.lineTo(x + R, y + R);
      pen.moveTo(x + R, y - R);
      pen.lineTo(x - R, y + R);
      return pen.stroke();
    case "refused":
      pen.moveTo(x, y - R - 0.5);
      pen.lineTo(x, y + R + 0.5);
      return pen.stroke();
    default:
      pen.moveTo(x, y - R - 0.5);
      pen.lineTo(x + R + 0.5, y);
      pen.lineTo(x, y + R + 0.5);
      pen.lineTo(x - R - 0.5, y);
      pen.closePath();
      return pen.stroke();
  }
}

/** The ring around a call that is a probe. @param {CanvasRenderingContext2D} pen */
export function drawRing(pen, x, y, colour) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.arc(x, y, R + 3, 0, 2 * Math.PI);
  pen.stroke();
}
