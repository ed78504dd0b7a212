// The page: puts the settings, the run, the time line and the tabs together.
import { LANGUAGES } from "./code.js";
import { describe } from "./draw/words.js";
import { drawTimeline } from "./draw/timeline.js";
import { SCENARIOS, scenarioOf } from "./scenarios.js";
import { canSay, fromHash, seedOf, toHash } from "./share.js";
import { CALLER, SERVICE } from "./sim/settings.js";
import { Simulation } from "./sim/simulation.js";
import { byId, copy, make, setText } from "./ui/dom.js";
import { makeConfig, makeSliders } from "./ui/fields.js";
import { Player } from "./ui/player.js";
import { Pointer } from "./ui/pointer.js";
import { showLog, showNumbers } from "./ui/show.js";
import { makeTabs } from "./ui/tabs.js";

const SPEEDS = [1, 2, 4, 10, 20, 50, 100];
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

let { id, setup } = fromHash(location.hash);
/** @type {Simulation} */
let run;
let language = LANGUAGES[0];

const player = new Player((ms) => {
  const end = spanMs();
  const to = run.now + ms;
  // A scenario stops where it ends; what goes on after that goes on for as long as one likes.
  if (run.now < end && to >= end) {
    run.advanceTo(end);
    pause();
  } else {
    run.advanceTo(to);
  }
  show();
});

const spanMs = () => scenarioOf(id).seconds * 1000;
const pointer = new Pointer(byId("timeline"), () => ({ run, spanMs: spanMs() }), draw);

const showService = makeSliders(byId("service"), SERVICE.slice(1), (name, value) => set("service", name, value));
const showCaller = makeSliders(byId("caller"), CALLER, (name, value) => set("caller", name, value));
const showConfig = makeConfig(byId("breaker"), (config) => {
  setup = { ...setup, config };
  restart();
});

/** Before the start a setting is a part of the setup; later it is something that happens. */
function set(part, name, value) {
  if (run.now > 0) {
    run.change({ set: { [name]: value } });
    show();
  } else {
    setup = { ...setup, [part]: { ...setup[part], [name]: value } };
    restart();
  }
}

/** Makes the run anew, at time 0; what was done by hand is forgotten. */
function restart({ keepScript = false } = {}) {
  pause();
  if (!keepScript) setup = { ...setup, script: scenarioOf(id).setup.script };
  const error = byId("error");
  try {
    run = new Simulation(setup);
    pointer.picked = undefined;
    error.hidden = true;
    setText(byId("play"), "Start");
  } catch (wrong) {
    error.textContent = `The package refuses this configuration: ${wrong.message}`;
    error.hidden = false;
    run ??= new Simulation(scenarioOf(id).setup);
  }
  byId("play").disabled = byId("step").disabled = !error.hidden;
  showCode();
  show();
}

function open(next) {
  ({ id, setup } = next);
  showConfig(setup.config);
  byId("seed").value = String(setup.seed);
  const { watch } = scenarioOf(id);
  byId("watch").replaceChildren(...watch.map((textContent) => make("li", { textContent })));
  for (const chip of byId("scenarios").children) chip.setAttribute("aria-pressed", String(chip.dataset.id === id));
  restart({ keepScript: true });
}

function play() {
  player.play();
  setText(byId("play"), "Pause");
}

function pause() {
  player.pause();
  setText(byId("play"), run?.now > 0 ? "Go on" : "Start");
  if (run) setText(byId("describe"), describe(run));
}

/** Who wants no motion sees the end at once. */
function begin() {
  if (byId("play").disabled) return;
  if (!isStill) return play();
  run.advanceTo(spanMs());
  pause();
  show();
}

/** The time line, and what is said of it. */
function draw() {
  drawTimeline(byId("timeline"), run, { spanMs: spanMs(), usual: setup.service, picked: pointer.picked });
  pointer.show(setup.service, player.isPlaying ? undefined : describe(run));
}

function show() {
  draw();
  showNumbers(run);
  showLog(run);
  showService(run.service);
  showCaller(run.caller);
  const outage = byId("outage");
  outage.setAttribute("aria-pressed", String(run.service.outage));
  setText(outage, run.service.outage ? "End the outage" : "Outage now");
}

function showCode() {
  setText(byId("code"), language.write(setup.config));
  for (const chip of byId("languages").children) chip.setAttribute("aria-pressed", String(chip.dataset.id === language.id));
}

function takeSnapshot() {
  byId("snapshot").value = JSON.stringify(run.snapshot(), null, 2);
}

function restore() {
  const status = byId("restored");
  try {
    run.change({ restore: JSON.stringify(JSON.parse(byId("snapshot").value)) });
    status.textContent = `Restored at ${(run.now / 1000).toFixed(1)} s`;
  } catch (wrong) {
    status.textContent = `Not restored: ${wrong.message}`;
  }
  show();
}

const chipOf = ({ id: name, name: textContent }, onClick) => {
  const chip = make("button", { type: "button", textContent, onclick: onClick });
  chip.dataset.id = name;
  return chip;
};

function choose({ id: name, setup: chosen }) {
  history.replaceState(null, "", toHash(name, chosen)); // so that a reload shows it again
  open({ id: name, setup: chosen });
  begin();
}

byId("scenarios").append(...SCENARIOS.map((one) => chipOf(one, () => choose(one))));
byId("languages").append(...LANGUAGES.map((one) => chipOf(one, () => ((language = one), showCode()))));
byId("speed").append(...SPEEDS.map((speed) => make("option", { value: String(speed), textContent: `${speed}×` })));
byId("speed").value = String(player.speed);
byId("speed").onchange = ({ target }) => (player.speed = Number(target.value));
byId("play").onclick = () => (player.isPlaying ? (pause(), show()) : play());
byId("step").onclick = () => (pause(), run.step(), setText(byId("describe"), describe(run)), show());
byId("restart").onclick = () => restart();
byId("outage").onclick = () => {
  run.change({ set: { outage: !run.service.outage } });
  show();
};
byId("jump").onclick = () => (run.change({ jumpMs: -3_600_000 }), show());
for (const button of document.querySelectorAll("[data-command]")) {
  button.onclick = () => (run.change({ command: button.dataset.command }), show());
}
byId("seed").onchange = ({ target }) => {
  setup = { ...setup, seed: seedOf(target.value) };
  target.value = String(setup.seed);
  restart();
};
byId("share").onclick = () => {
  if (!canSay(id, run.script)) return void setText(byId("shared"), "Too much was done by hand for a link: restart, and do less");
  history.replaceState(null, "", toHash(id, { ...setup, script: run.script }));
  void copy(location.href, byId("shared"));
};
byId("copy").onclick = () => copy(byId("code").textContent, byId("copied"));
byId("take").onclick = takeSnapshot;
byId("restore").onclick = restore;
makeTabs(document.querySelector('[role="tablist"]'), (tab) => tab === "tab-snapshot" && takeSnapshot());

addEventListener("hashchange", () => (open(fromHash(location.hash)), begin()));
addEventListener("resize", show);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
open({ id, setup });
begin();
