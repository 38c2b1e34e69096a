//! Criterion benchmarks of the workspace.
//!
//! `cargo bench -p benches` runs them all; each file is a subject, each benchmark in it a workload.
//! `cargo xtask bench` compares with other parsers, by the programs in `peers/` and `js/`.
