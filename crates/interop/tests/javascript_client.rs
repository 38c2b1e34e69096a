//! The official JavaScript clients against our server, each case over polling, over WebSocket and across the upgrade.

use interop::app;
use interop::node;
use interop::server::Running;

const MODES: [&str; 3] = ["polling", "websocket", "upgrade"];

/// Runs a case with a server of its own; the case may stop the server and start it again.
fn run(case: &str, mode: &str) {
    let mut server = Some(Running::start(app::router).expect("a server"));
    let url = server.as_ref().map(Running::url).expect("a URL");
    let mut address = None;
    let outcome = node::run(
        &format!("cases/{case}.mjs"),
        &[url.as_str(), mode],
        |line| match line {
            "stop" => address = server.take().map(Running::stop),
            "start" => {
                server = address
                    .map(|address| Running::start_at(address, app::router).expect("its old port"))
            }
            other => println!("{other}"),
        },
    );
    if let Err(why) = outcome {
        panic!("{why}, {mode}");
    }
}

macro_rules! cases {
    ($($case:ident: $claim:ident,)*) => {$(
        #[test]
        fn $claim() {
            for mode in MODES {
                run(stringify!($case), mode);
            }
        }
    )*};
}

cases! {
    events: events_return_with_every_kind_of_argument,
    acks: acknowledgements_work_both_ways,
    binary: bytes_travel_both_ways,
    rooms: rooms_decide_who_hears_what,
    namespaces: namespaces_share_a_connection,
    auth: middleware_refuses_with_message_and_data,
    disconnect: both_sides_learn_why_a_connection_ended,
    restart: a_client_returns_after_a_restart,
    large: large_messages_pass_whole,
    order: messages_stay_in_order,
    upgrade: nothing_is_lost_while_the_transport_changes,
    engine: engine_io_echoes_text_and_bytes,
}
