// What can be clicked: each scenario is a setup, what to watch in two lines, and the state in which it promises to end.
import { CALLER, defaults, SERVICE } from "./sim/settings.js";

const outage = (from, to, more = {}) => [
  { at: from, set: { outage: true, ...more } },
  { at: to, set: { outage: false, ...Object.fromEntries(Object.keys(more).map((name) => [name, 0])) } },
];

const herd = (jitter) => ({
  config: { failureThreshold: 1, recoveryTimeoutSeconds: 5, ...(jitter ? { adaptive: true, recoveryJitterPercent: 50 } : {}) },
  caller: { clients: 24, rate: 2, comeBack: true },
  service: { capacity: 14, latencyMs: 100, failMs: 50 },
  // All connections are lost at the same moment, and each caller tries to get its own back.
  script: [{ at: 4_000, set: { outage: true }, burst: true }, { at: 6_000, set: { outage: false } }],
  seconds: 25,
});

/** @type {readonly { id: string, name: string, watch: [string, string], seconds: number, ends: string, setup: object }[]} */
export const SCENARIOS = [
  {
    id: "outage",
    name: "Outage and recovery",
    watch: [
      "Five failures in a row open the circuit: from then on calls are refused at once instead of failing slowly.",
      "After 5 s one probe asks. In the outage it fails and reopens; the one after the outage succeeds and closes.",
    ],
    config: { failureThreshold: 5, recoveryTimeoutSeconds: 5 },
    script: outage(6_000, 17_000),
    seconds: 30,
  },
  {
    id: "brown-out",
    name: "Brown-out",
    watch: [
      "A third of the calls fail and the rest crawl, yet never five in a row fail: a count would miss it, the rates do not.",
      "Of three probes two must succeed, and each reopening lasts longer than the one before.",
    ],
    config: {
      rule: "count_window",
      slidingWindowSize: 30,
      minimumCalls: 15,
      failureRateThreshold: 50,
      slowCallDurationSeconds: 0.8,
      slowCallRateThreshold: 60,
      recoveryTimeoutSeconds: 4,
      adaptive: true,
      recoveryMultiplierPercent: 150,
      successThreshold: 2,
      halfOpenTrials: 3,
      halfOpenMaxCalls: 3,
    },
    script: [
      { at: 6_000, set: { errorPercent: 35, latencyMs: 1_200 } },
      { at: 18_000, set: { errorPercent: 0, latencyMs: 120 } },
    ],
    seconds: 34,
  },
  {
    id: "hung-probe",
    name: "One hung probe",
    watch: [
      "The first probe hangs, and its caller has no time limit. A breaker that waits for it would refuse everybody for ever.",
      "Its place is only leased: after 3 s the next caller takes it over, succeeds and closes. The hung answer comes late, for nothing.",
    ],
    config: { failureThreshold: 5, recoveryTimeoutSeconds: 4, probeTimeoutSeconds: 3 },
    caller: { timeLimitSeconds: 0 },
    service: { hangSeconds: 12 },
    script: [
      { at: 4_000, set: { outage: true } },
      { at: 8_000, set: { outage: false, hangPercent: 100 } },
      { at: 10_000, set: { hangPercent: 0 } },
    ],
    seconds: 26,
  },
  {
    id: "herd",
    name: "Thundering herd",
    watch: [
      "24 callers, each with a breaker of its own, lose the service at the same moment, so all probe it at the same moment.",
      "It can take 14 requests at once: the others are turned away and wait for 5 s more, in step again.",
    ],
    ...herd(false),
  },
  {
    id: "herd-jitter",
    name: "Herd with jitter",
    watch: [
      "The same 24 callers, but each stays open for up to half as long less, by chance.",
      "Their probes are spread over more than two seconds: the service is never full, and all close at the first attempt.",
    ],
    ...herd(true),
  },
  {
    id: "stale",
    name: "Stale result",
    watch: [
      "A few requests hang just before the outage, and are answered well while the circuit is open.",
      "They say what was true long ago. A success from before the opening closes nothing: it is told to be late.",
    ],
    config: { failureThreshold: 4, recoveryTimeoutSeconds: 6 },
    caller: { timeLimitSeconds: 0 },
    service: { hangSeconds: 6 },
    script: [
      { at: 4_600, set: { hangPercent: 100 } },
      { at: 5_000, set: { hangPercent: 0, outage: true } },
      { at: 14_000, set: { outage: false } },
    ],
    seconds: 26,
  },
  {
    id: "clock-jump",
    name: "Clock jump",
    watch: [
      "While the circuit is open the clock goes back by an hour. By the plain difference it would stay open for an hour more.",
      "It counts as no time passed: the circuit begins its 6 s anew, probes, and closes.",
    ],
    config: { failureThreshold: 5, recoveryTimeoutSeconds: 6 },
    script: [...outage(4_000, 9_000), { at: 9_500, jumpMs: -3_600_000 }],
    seconds: 24,
  },
  {
    id: "ramp-up",
    name: "Ramp-up",
    watch: [
      "The service is back, but cold: it can take one request at once, later more. All the traffic at once would knock it over again.",
      "After the closing 5 % of the calls go through, then more, for 10 s. What is refused then is refused while closed.",
    ],
    config: { failureThreshold: 4, recoveryTimeoutSeconds: 4, adaptive: true, rampUpSeconds: 10, rampUpFromPercent: 5 },
    caller: { rate: 16 },
    service: { latencyMs: 250 },
    script: [
      { at: 4_000, set: { outage: true } },
      { at: 9_000, set: { outage: false, capacity: 1 } },
      { at: 14_500, set: { capacity: 2 } },
      { at: 17_000, set: { capacity: 4 } },
      { at: 21_000, set: { capacity: 0 } },
    ],
    seconds: 32,
  },
].map(({ config, caller = {}, service = {}, script, ...words }) => ({
  ends: "closed",
  ...words,
  setup: {
    seed: 1,
    config: { rule: "consecutive", adaptive: false, ...config },
    service: { ...defaults(SERVICE), ...service },
    caller: { ...defaults(CALLER), ...caller },
    script: script.toSorted((one, other) => one.at - other.at),
  },
}));

/** The scenario of that name, else the first. */
export function scenarioOf(id) {
  return SCENARIOS.find((scenario) => scenario.id === id) ?? SCENARIOS[0];
}
