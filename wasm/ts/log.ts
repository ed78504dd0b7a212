import type { Transition } from "./events.js";

/** Where a line for each transition goes: `console`, or whatever else has an `info`. */
export interface Logger {
  /** Takes a line. */
  info(message: string): void;
}

/** A transition in the words in which the Rust library logs it. */
export function describe(transition: Transition): string {
  const { from, to, reason, failureCount, successes, mode, generation, tally, operationName } = transition;
  let text = `circuit '${operationName}': ${from} -> ${to} (${reason}, failure_count ${failureCount}`;
  if (tally) {
    const { calls, slowCalls, window } = tally;
    const over = "calls" in window ? `a window of ${window.calls}` : `${(window.millis / 1000).toFixed(3)} s`;
    text += ` and slow_calls ${slowCalls} of ${calls} calls in ${over}`;
  }
  if (successes > 0) text += `, successes ${successes}`;
  if (mode !== "normal") text += `, mode ${mode}`;
  return `${text}, generation ${generation})`;
}
