// What the breaker needs, in one file of the package: who imports nothing else ships nothing else. See scripts/build.mjs.
export * from "./breaker.js";
export * from "./clock.js";
export * from "./errors.js";
export * from "./instantiate.js";
export * from "./states.js";
