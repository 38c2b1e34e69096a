//! Our client against the official servers of Socket.IO 2, 3 and 4: over polling, over WebSocket and across the
//! upgrade, and behind a network that misbehaves.

mod acks;
mod ends;
mod engine;
mod events;
mod handlers;
mod legacy;
mod namespaces;
mod network;
mod order;
mod proxy;
mod quiet;
mod reconnect;
mod recovery;
mod retries;
mod support;
mod tls;
