// The flaky origin, on loopback: it answers, until it is told to break.
//
//   node origin.mjs [PORT]            curl -X PUT http://127.0.0.1:8080/break       and /mend
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

/** Starts it; port 0 is any that is free. Gives its address, what it was asked, how to break, mend and stop it. */
export async function startOrigin(port = 0) {
  const origin = { asked: 0, isBroken: false };
  const server = createServer((request, response) => {
    if (request.method === "PUT") {
      origin.isBroken = request.url === "/break";
      return void response.writeHead(204).end();
    }
    origin.asked += 1;
    response.writeHead(origin.isBroken ? 500 : 200).end(origin.isBroken ? "broken\n" : "hello\n");
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  const stop = () => (server.closeAllConnections(), server.close());
  return Object.assign(origin, { address, stop });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log((await startOrigin(Number(process.argv[2] ?? 8_080))).address);
}
