// The service that the page plays: how long a request takes, and how it ends.

/** Milliseconds in which a service that is full says so. */
const TURNED_AWAY_MS = 20;

/**
 * What becomes of a request.
 *
 * @param {Record<string, any>} service its settings now
 * @param {{ fails: number, takes: number, hangs: number }} luck numbers from 0 to less than 1
 * @param {number} inFlight how many others it has at the moment
 * @returns {{ ok: boolean, tookMs: number, hung: boolean }}
 */
export function answer(service, luck, inFlight) {
  if (service.capacity > 0 && inFlight >= service.capacity) return { ok: false, tookMs: TURNED_AWAY_MS, hung: false };
  if (luck.hangs * 100 < service.hangPercent) return { ok: true, tookMs: service.hangSeconds * 1000, hung: true };
  const spread = 0.6 + 0.8 * luck.takes;
  if (service.outage) return { ok: false, tookMs: Math.round(service.failMs * spread), hung: false };
  return { ok: luck.fails * 100 >= service.errorPercent, tookMs: Math.round(service.latencyMs * spread), hung: false };
}
