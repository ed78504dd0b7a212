// A run as the part of an address behind `#`, and back: the scenario, what differs from it, and what was done by hand.
import { scenarioOf } from "./scenarios.js";
import { CALLER, FIELDS, RULES, SERVICE, withinRange } from "./sim/settings.js";

const SETTINGS = [...SERVICE, ...CALLER];
const COMMANDS = ["trip", "isolate", "disable", "shadow", "reset"];
/** More than these that were done by hand are not read from a link: a slider that is pulled in a run is one for each value. */
const MOST_CHANGES = 2_000;
const LONGEST_RUN_MS = 3_600_000;

/**
 * @param {string} id of the scenario
 * @param {import("./sim/simulation.js").Setup} setup with all that was done by hand in its script
 */
export function toHash(id, setup) {
  const usual = scenarioOf(id).setup;
  const words = new URLSearchParams({ scenario: id, seed: String(setup.seed) });
  for (const name of ["rule", "adaptive", ...FIELDS.map((field) => field.name)]) {
    if (setup.config[name] !== usual.config[name]) words.set(name, String(setup.config[name] ?? ""));
  }
  for (const [settings, part] of [[SERVICE, "service"], [CALLER, "caller"]]) {
    for (const { name } of settings) if (setup[part][name] !== usual[part][name]) words.set(name, String(setup[part][name]));
  }
  const byHand = setup.script.filter((change) => !usual.script.includes(change));
  if (byHand.length > 0) words.set("then", byHand.flatMap(asWords).join(";"));
  return `#${words}`;
}

/** Whether a link can say all that was done by hand. @param {string} id @param {readonly object[]} script */
export const canSay = (id, script) => script.length - scenarioOf(id).setup.script.length <= MOST_CHANGES;

/** The scenario's id and the setup that an address means. What it cannot mean is left out: anybody can write one. */
export function fromHash(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const { id, setup } = scenarioOf(words.get("scenario"));
  const config = { ...setup.config };
  if (RULES.some(({ name }) => name === words.get("rule"))) config.rule = words.get("rule");
  if (words.has("adaptive")) config.adaptive = words.get("adaptive") === "true";
  for (const { name } of FIELDS) {
    const text = words.get(name);
    if (text === "") delete config[name];
    else if (text !== null && Number.isFinite(Number(text))) config[name] = Number(text);
  }
  const read = (settings, usual) =>
    Object.fromEntries(settings.map((one) => [one.name, words.has(one.name) ? withinRange(one, words.get(one.name)) : usual[one.name]]));
  const byHand = (words.get("then") ?? "").split(";").slice(0, MOST_CHANGES).map(asChange).filter(Boolean);
  return {
    id,
    setup: {
      seed: seedOf(words.get("seed")),
      config,
      service: read(SERVICE, setup.service),
      caller: read(CALLER, setup.caller),
      script: [...setup.script, ...byHand],
    },
  };
}

/** A seed is a whole number from 0 to 999,999. @param {unknown} text */
export function seedOf(text) {
  const number = Math.trunc(Number(text ?? 1));
  return number >= 0 && number <= 999_999 ? number : 1;
}

function asWords({ at, set = {}, jumpMs, command, restore }) {
  return [
    ...Object.entries(set).map(([name, value]) => `${at}.${name}.${value}`),
    ...(jumpMs ? [`${at}.jump.${jumpMs}`] : []),
    ...(command ? [`${at}.do.${command}`] : []),
    // A snapshot has neither `.` nor `;` in it, once it is encoded.
    ...(restore ? [`${at}.restore.${btoa(restore)}`] : []),
  ];
}

function asChange(text) {
  const [, digits, name, value] = /^(\d{1,9})\.(\w+)\.(.+)$/.exec(text) ?? [];
  const at = Math.min(Number(digits), LONGEST_RUN_MS);
  const setting = SETTINGS.find((one) => one.name === name);
  if (setting) return { at, set: { [name]: withinRange(setting, value) } };
  if (name === "jump" && Math.abs(Number(value)) <= LONGEST_RUN_MS) return { at, jumpMs: Number(value) };
  if (name === "do" && COMMANDS.includes(value)) return { at, command: value };
  if (name === "restore") return snapshotIn(at, value);
  return undefined;
}

function snapshotIn(at, value) {
  try {
    const restore = atob(value);
    JSON.parse(restore);
    return { at, restore };
  } catch {
    return undefined;
  }
}
