// What JavaScript may give in the place of what the types ask for: told at once, not when the first failure comes.

/** A value as an error shows it: "5" is not to be taken for 5. */
export const shown = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value) : typeof value === "function" ? "a function" : String(value);

/** @throws TypeError for what cannot be called */
export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${what} is ${shown(value)}, must be a function`);
}

/** @throws RangeError for what is no time: a timer would go off at once */
export function checkTime(field: string, ms: number | undefined): void {
  // A null is 0 or more, and so is a text.
  if (ms !== undefined && !(typeof ms === "number" && ms >= 0)) throw new RangeError(`${field} is ${shown(ms)}, must be 0 or more`);
}

/** @throws RangeError for what cannot be counted up to */
export function checkCount(field: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`${field} is ${shown(count)}, must be a whole number, 1 or more`);
}

/** @throws TypeError for what nobody knows: a misspelt one would else be as good as left out */
export function checkKeys(kind: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw new TypeError(`unknown ${kind} \`${key}\`, expected one of \`${known.join("`, `")}\``);
  }
}
