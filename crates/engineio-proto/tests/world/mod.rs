//! Sessions without a network around them: one side with a clock, or both with a world between.
//!
//! [`Walk`] drives one server by hand, [`ClientWalk`] one client. [`World`] joins a client and its servers by a network that
//! delays, cuts and repeats, all from one seed. It knows nothing about what is said: a [`Game`]
//! brings the machines and the application, so that the layers above play in the same world.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "every test file uses another part of the world"
)]

mod client_walk;
mod cut;
mod fault;
mod game;
mod network;
mod numbers;
mod rng;
mod tally;
mod trace;
mod walk;
mod weather;
mod wire;

pub(crate) use client_walk::ClientWalk;
pub(crate) use fault::Fault;
pub(crate) use game::{Game, Side};
pub(crate) use network::{Network, World};
pub(crate) use numbers::{Act, Numbers, Scenario, play, transcript_of};
pub(crate) use rng::{Rng, seeds_of};
pub(crate) use tally::{Seen, Tally};
pub(crate) use trace::Trace;
pub(crate) use walk::{Walk, assert_transcript};
pub(crate) use weather::Weather;
