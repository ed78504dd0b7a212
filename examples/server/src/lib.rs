//! Examples of `halfopen` on a host with an operating system: see `examples/`.
