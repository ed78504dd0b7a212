// A program of a runtime, run to its end or to its time limit, with all that it printed.
import { spawn } from "node:child_process";

/** The groups that run. A Ctrl-C does not reach them by itself. */
const groups = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
process.on("exit", () => groups.forEach(end));

/** Runs it. Gives `{ code, output }`; on the way out of time `code` is "timeout" and the program and its children are gone. */
export function run(command, args, { cwd, env = {}, timeoutMs = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that its children go with it.
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid !== undefined) groups.add(child.pid);
    const chunks = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end(child.pid);
    }, timeoutMs);
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.on("error", (error) => (clearTimeout(timer), reject(error)));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      // Also what a program has left behind.
      end(child.pid);
      groups.delete(child.pid);
      const said = Buffer.concat(chunks).toString();
      resolve({ code: late ? "timeout" : (code ?? signal), output: late ? `${said}\nnot done within ${timeoutMs} ms` : said });
    });
  });
}

function end(group) {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nobody is left of it.
  }
}

/** Runs it and gives the report that it printed. What it printed besides goes with the error where there is none. */
export async function runForReport(command, args, options) {
  const { code, output } = await run(command, args, options);
  return { ...reportIn(output, code), output };
}

/** The report in what a program printed. */
export function reportIn(output, code = 0) {
  const lines = output.split("\n").filter((line) => line.startsWith("REPORT "));
  if (code !== 0 || lines.length !== 1) throw new NoReport(`it ended with ${code} and ${lines.length} reports`, output);
  return JSON.parse(lines[0].slice("REPORT ".length));
}

/** A program gave no report. */
export class NoReport extends Error {
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}
