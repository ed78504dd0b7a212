// The three breakers, each set up as its users would, with nothing that it does not need.
import * as cockatiel from "cockatiel";
import Opossum from "opossum";
import * as halfopen from "../dist/esm/node.js";

const MINUTE = 60_000;

/** Ours. */
export const ours = (config = {}) => new halfopen.CircuitBreaker("bench", config);

/** cockatiel's, by default after five failures in a row as ours. */
export const cockatiels = (breaker = new cockatiel.ConsecutiveBreaker(5)) =>
  cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: MINUTE, breaker });

/** opossum's, which has a window over time always. */
export const opossums = (action, options = {}) => new Opossum(action, { resetTimeout: MINUTE, ...options });

/** What can be switched off of opossum: its timer for each call, its percentiles and its snapshots. */
export const LEAN = { timeout: false, rollingPercentilesEnabled: false, enableSnapshots: false };

/** Rules with windows: 100 calls, and a minute. */
export const windows = {
  ours: { count: { slidingWindowSize: 100 }, time: { slidingWindowSeconds: 60 } },
  cockatiel: {
    count: () => new cockatiel.CountBreaker({ threshold: 0.5, size: 100 }),
    time: () => new cockatiel.SamplingBreaker({ threshold: 0.5, duration: MINUTE }),
  },
};
