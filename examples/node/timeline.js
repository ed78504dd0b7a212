// Prints what happens, with the time since the start; the same thing in a row is one line.
const start = performance.now();
let last = { text: "", count: 0, at: "", detail: "" };

/** A line of its own. */
export function say(text) {
  flush();
  console.log(`${seconds()}  ${text}`);
}

/** Something that may happen often; the detail is told of the first one. */
export function count(text, detail = "") {
  if (text !== last.text) {
    flush();
    last = { text, count: 0, at: seconds(), detail };
  }
  last.count++;
}

/** Prints what was counted. */
export function flush() {
  const { text, count, at, detail } = last;
  const line = [text, count > 1 && `×${count}`, detail && `(${detail})`].filter(Boolean).join(" ");
  if (count > 0) console.log(`${at}      ${line}`);
  last = { text: "", count: 0, at: "", detail: "" };
}

function seconds() {
  return `${((performance.now() - start) / 1000).toFixed(2).padStart(5)} s`;
}
