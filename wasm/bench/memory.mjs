// Bytes of memory that a breaker takes: of the heap, and of wasm. A process for each kind, for nothing is then there before.
//
//   node --expose-gc memory.mjs ours|cockatiel|opossum [COUNT]     prints { heap, wasm } in bytes a breaker
const [kind, count = "100000"] = process.argv.slice(2);

const { wasmBytes } = await import("../test/watch-memory.mjs");
const { cockatiels, opossums, ours } = await import("./peers.mjs");

const action = async () => 7;
const make = { ours: () => ours(), cockatiel: () => cockatiels(), opossum: () => opossums(action) }[kind];

const kept = new Array(Number(count)).fill(null);
make();
const before = read();
for (let i = 0; i < kept.length; i++) kept[i] = make();
const after = read();
const each = (what) => Math.round((after[what] - before[what]) / kept.length);
console.log(JSON.stringify({ heap: each("heap"), wasm: each("wasm") }));
// Of opossum there are timers.
process.exit(0);

function read() {
  globalThis.gc();
  globalThis.gc();
  // What is `external` is the memory of wasm again.
  return { heap: process.memoryUsage().heapUsed, wasm: wasmBytes() };
}
