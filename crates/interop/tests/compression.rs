//! Compression as the JavaScript packages and Node.js understand it.

use interop::echo;
use interop::node;
use interop::server::Running;

#[test]
fn compressed_messages_and_polls_are_understood_by_both_sides() {
    let server = Running::start(echo::compressing_router).expect("a server");
    let arguments = [server.url(), "websocket".to_owned()];
    if let Err(why) = node::run("cases/compression.mjs", &arguments, |line| {
        println!("{line}")
    }) {
        panic!("{why}");
    }
}
