// What is said of a run in words: in the log, on the time line, and to who cannot see it.
import { asText, CALLER, SERVICE } from "../sim/settings.js";

const SETTINGS = [...SERVICE, ...CALLER];

/** Seconds with one decimal, or minutes. @param {number} ms */
export function asTime(ms) {
  const seconds = ms / 1000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** As `half_open` is read aloud. @param {string} name */
export const plain = (name) => name.replaceAll("_", " ");

/** What ails the service, shortly; empty where nothing does. Both are its settings: now, and as it usually is. */
export function ailments(service, usual) {
  return [
    ...(service.outage ? ["outage"] : []),
    ...(service.hangPercent > 0 ? [service.hangPercent === 100 ? "hangs" : `${service.hangPercent} % hang`] : []),
    ...(service.errorPercent > 0 ? [`${service.errorPercent} % errors`] : []),
    ...(service.latencyMs > 2 * usual.latencyMs ? [`takes ${asTime(service.latencyMs)}`] : []),
    ...(service.capacity > 0 && service.capacity !== usual.capacity ? [`${service.capacity} at once`] : []),
  ].join(", ");
}

/** The reason of a transition with what it counted. */
export function whyOf({ reason, failureCount, tally }) {
  const percent = (count) => `${Math.round((count / tally.calls) * 100)} % of ${tally.calls} calls`;
  switch (reason) {
    case "consecutive_failures":
      return `${failureCount} ${failureCount === 1 ? "failure" : "failures"} in a row`;
    case "failure_rate":
      return `failures: ${percent(tally.failures)}`;
    case "slow_call_rate":
      return `slow: ${percent(tally.slowCalls)}`;
    case "recovery_timeout":
      return "the recovery timeout has passed";
    case "probes_succeeded":
      return "enough probes succeeded";
    case "probe_failed":
      return "the probe failed";
    default:
      return `${plain(reason)} by hand`;
  }
}

/** What a late outcome's receipt means. */
export const LATE = {
  stale: "from before the circuit changed: counts as nothing",
  expired: "its place was given to another probe: counts as nothing",
};

function lateOutcomes(ok, count) {
  if (count === 1) return `a late ${ok ? "success" : "failure"}`;
  return `${count} late ${ok ? "successes" : "failures"}`;
}

/** A line of the log as `{ what, why }`. `count` equal lines are one. */
export function lineOf(line, count, many) {
  const who = many && line.client !== undefined ? `caller ${line.client + 1}: ` : "";
  switch (line.kind) {
    case "transition":
      return { what: `${who}${plain(line.from)} → ${plain(line.to)}`, why: whyOf(line) };
    case "late":
      return { what: `${who}${lateOutcomes(line.ok, count)}`, why: LATE[line.receipt] };
    case "jump":
      return { what: `clock ${line.jumpMs < 0 ? "back" : "on"} by ${asTime(Math.abs(line.jumpMs))}`, why: "somebody set it" };
    case "command":
      return { what: `${line.command}()`, why: "by hand" };
    default:
      return settingLine(line);
  }
}

function settingLine({ name, value }) {
  const setting = SETTINGS.find((one) => one.name === name);
  if (name === "outage") return { what: value ? "outage begins" : "outage ends", why: "the service" };
  const why = SERVICE.includes(setting) ? "the service" : "the callers";
  return { what: `${setting.label.toLowerCase()}: ${asText(setting, value)}`, why };
}

/** What late outcomes that are told as one have in common. */
const SAME = ["kind", "client", "receipt", "ok"];

/** Equal neighbours of the log as one line: `{ line, count }`, the latest first. */
export function gathered(log) {
  const lines = [];
  for (const line of log) {
    const last = lines.at(-1);
    if (last?.line.kind === "late" && SAME.every((name) => last.line[name] === line[name])) last.count++;
    else lines.push({ line, count: 1 });
  }
  return lines.reverse();
}

/** What a lane has cost. @param {import("../sim/lane.js").Lane} lane @param {number} now milliseconds */
export const amountOf = (lane, now) => `${lane.sent} requests sent, ${asTime(lane.wastedMs(now))} waited in vain`;

/** The same where there is little room. */
export const shortAmountOf = (lane, now) => `${lane.sent} sent, ${asTime(lane.wastedMs(now))} in vain`;

/** The whole picture in a sentence or two. @param {import("../sim/simulation.js").Simulation} run */
export function describe(run) {
  const states = run.states();
  const { counts } = run.guarded;
  const inState = (state) => states.filter((one) => one === state).length;
  const circuits =
    states.length === 1
      ? `the circuit is ${plain(states[0])}`
      : `of ${states.length} circuits ${inState("closed")} are closed, ${inState("open")} open, ${inState("half_open")} half open`;
  return (
    `After ${asTime(run.now)} ${circuits}. With the breaker: ${counts.succeeded} calls succeeded, ${counts.slow} were slow, ` +
    `${counts.failed} failed, ${counts.refused} were refused, ${counts.late} came late; ${amountOf(run.guarded, run.now)}. ` +
    `Without one: ${run.bare.counts.succeeded} succeeded, ${run.bare.counts.slow} were slow, ${run.bare.counts.failed} failed; ` +
    `${amountOf(run.bare, run.now)}.`
  );
}
