// What is said of the call or the moment that somebody points at: what it was, and what the circuit thought at that time.
import { ailments, LATE, plain, whyOf } from "./words.js";

/** Seconds to the hundredth: marks lie close together. @param {number} ms */
const exactly = (ms) => `${(ms / 1000).toFixed(2)} s`;

const ENDED = { succeeded: "succeeded", slow: "was slow", failed: "failed", refused: "was refused", late: "came late" };

/**
 * @param {import("../sim/simulation.js").Simulation} run
 * @param {import("./pick.js").Picked} picked
 * @param {Record<string, any>} usual how the service usually is
 * @returns {{ title: string, more: string }}
 */
export function readOut(run, { at, row, mark, client = 0 }, usual) {
  const many = run.bands.length > 1;
  const isCall = mark !== undefined && row.part !== "band";
  const title = isCall ? callOf(mark, row, many) : row?.part === "band" && mark ? changeOf(mark, many) : `At ${exactly(at)}`;
  const facts = [
    ...(isCall && mark.kind === "late" ? [LATE[mark.receipt]] : []),
    ...(row?.lane === "bare" ? [] : circuitOf(run, client, at, many && (mark || row))),
    ...levelOf(run, at),
    serviceOf(run, at, usual),
  ];
  return { title, more: `${facts.map((fact) => fact[0].toUpperCase() + fact.slice(1)).join(". ")}.` };
}

function callOf({ at, end, kind, probe, client }, { lane }, many) {
  const what = `${probe ? "Probe" : "Call"}${many ? ` of caller ${client + 1}` : ""} ${ENDED[kind]}`;
  const where = lane === "bare" ? ", without a breaker" : "";
  if (kind === "refused") return `${what} at ${exactly(at)}`;
  return `${what}${where}: sent at ${exactly(at)}, ended at ${exactly(end)}, after ${exactly(end - at)}`;
}

const changeOf = ({ at, client, from, state }, many) =>
  `${many ? `Circuit ${client + 1}: ` : ""}${plain(from)} → ${plain(state)} at ${exactly(at)}`;

/** The state that a circuit had, since when and why. */
function circuitOf(run, client, at, hasName) {
  const all = run.bands.map((band) => band.findLast((one) => one.at <= at)).filter(Boolean);
  if (run.bands.length > 1 && !hasName) {
    const inState = (state) => all.filter((one) => one.state === state).length;
    return [`of ${all.length} circuits ${inState("closed")} closed, ${inState("open")} open, ${inState("half_open")} half open`];
  }
  const one = run.bands[client]?.findLast((state) => state.at <= at);
  if (one === undefined) return [];
  const which = hasName ? `circuit ${client + 1}` : "circuit";
  const mode = one.mode === "normal" ? "" : `, ${one.mode}`;
  return [`${which} ${plain(one.state)}${mode}${one.reason ? ` since ${exactly(one.at)}: ${whyOf(one)}` : ""}`, ...rampOf(run, one, at)];
}

function rampOf({ config }, { state, reason, at: since }, at) {
  const rampMs = (config.rampUpSeconds ?? 0) * 1000;
  if (state !== "closed" || reason !== "probes_succeeded" || at - since >= rampMs) return [];
  const from = config.rampUpFromPercent ?? 10;
  return [`ramp-up: lets ${Math.round(from + ((100 - from) * (at - since)) / rampMs)} % through`];
}

/** What was counted beside what opens, and how long the circuit stayed open; with many callers, the load. */
function levelOf(run, at) {
  const sample = run.samples.findLast((one) => one.at <= at);
  if (sample === undefined) return [];
  if (run.bands.length > 1) return [`${sample.load} requests at the service`];
  const { config } = run;
  const openFor = sample.openForMs > 0 ? [`open for ${exactly(Math.max(0, sample.openForMs - (at - sample.at)))} more`] : [];
  if (!config.rule.endsWith("_window")) return [`failures in a row ${sample.failures}, opens at ${config.failureThreshold ?? 5}`, ...openFor];
  if (sample.state !== "closed") return openFor;
  const minimum = Math.min(config.minimumCalls ?? 10, config.slidingWindowSize ?? Infinity);
  if (sample.calls < minimum) return [`${sample.calls} calls in the window, a rate needs ${minimum}`];
  const slow = sample.slowRate === undefined ? "" : `, slow ${Math.round(sample.slowRate)} %, opens at ${config.slowCallRateThreshold ?? 100} %`;
  return [`failed ${Math.round(sample.failureRate)} %, opens at ${config.failureRateThreshold ?? 50} %${slow}`, ...openFor];
}

function serviceOf(run, at, usual) {
  const service = run.health.findLast((one) => one.at <= at);
  return `service: ${ailments(service, usual) || "well"}`;
}
