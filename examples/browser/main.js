import { CircuitBreaker, CircuitOpenError, guardedFetch, saveOnChange, webStorage } from "halfopen";

const element = (id) => document.getElementById(id);

const breaker = new CircuitBreaker("service", { failureThreshold: 3, recoveryTimeoutSeconds: 3 });

// What the page knew before it was loaded again.
const kept = webStorage();
await kept.load(breaker);
saveOnChange(breaker, kept);

breaker.onStateChange(({ from, to, reason }) => {
  const line = document.createElement("li");
  line.textContent = `${from} to ${to}: ${reason.replaceAll("_", " ")}`;
  element("log").prepend(line);
});

// In a page of yours `fetch` is left out here, and the URL is one of yours.
let isSick = false;
const playedFetch = async () => new Response("", { status: isSick ? 503 : 200 });
const load = guardedFetch(breaker, { fetch: playedFetch });

const counts = { answered: 0, failed: 0, refused: 0 };
setInterval(async () => {
  try {
    const response = await load("https://service.example/");
    counts[response.ok ? "answered" : "failed"]++;
  } catch (error) {
    if (!(error instanceof CircuitOpenError)) throw error;
    counts.refused++;
  }
  show();
}, 200);

element("service").onclick = ({ currentTarget }) => {
  isSick = !isSick;
  currentTarget.setAttribute("aria-pressed", String(isSick));
  currentTarget.querySelector("b").textContent = isSick ? "sick" : "well";
};
element("isolate").onclick = () => (breaker.isolate(), show());
element("reset").onclick = () => (breaker.reset(), show());
show();

function show() {
  const { state, mode, failureCount, retryAfterMs } = breaker;
  element("state").textContent = (mode === "normal" ? state : mode).replace("_", " ");
  element("state").className = state;
  element("failures").textContent = failureCount;
  element("wait").textContent = retryAfterMs === null ? "not before a reset" : `${(retryAfterMs / 1000).toFixed(1)} s`;
  element("counts").textContent = Object.values(counts).join(", ");
}
