// Two servers on this machine: one is always well, one goes through phases.
import { createServer } from "node:http";

/** What the flaky server does, one after the other; the last one stays. */
const PHASES = [
  { ms: 300, says: "is well", answer: (response) => response.end("well") },
  { ms: 700, says: "answers 503", answer: (response) => response.writeHead(503).end() },
  { ms: 400, says: "hangs", answer: () => {} },
  { ms: 1_000, says: "answers 429, and asks for a second", answer: (response) => response.writeHead(429, { "retry-after": 1 }).end() },
  { ms: Infinity, says: "is well", answer: (response) => response.end("well") },
];

/** Starts both; `onPhase` is told what the flaky one does from now on. */
export async function startServers(onPhase) {
  let phase;
  let timer;
  const enter = (at) => {
    phase = PHASES[at];
    onPhase(`the flaky server ${phase.says}`);
    if (phase.ms < Infinity) timer = setTimeout(enter, phase.ms, at + 1);
  };
  const seen = { steady: 0, flaky: 0 };
  const [steady, flaky] = [
    createServer((_, response) => (seen.steady++, response.end("well"))),
    createServer((_, response) => (seen.flaky++, phase.answer(response))),
  ];
  const [steadyOrigin, flakyOrigin] = await Promise.all([steady, flaky].map(listen));
  enter(0);
  const stop = () => {
    clearTimeout(timer);
    for (const server of [steady, flaky]) server.close(), server.closeAllConnections();
  };
  return { steady: steadyOrigin, flaky: flakyOrigin, seen, stop };
}

function listen(server) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}
