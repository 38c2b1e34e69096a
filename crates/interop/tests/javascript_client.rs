//! The official JavaScript clients against our server, each case over polling, over WebSocket and across the upgrade.

use interop::app;
use interop::node;
use interop::server::{ANY_PORT, App, Running};

const MODES: [&str; 3] = ["polling", "websocket", "upgrade"];

/// Runs a case with a server of its own; the case may stop the server and start it again.
fn run(case: &str, app: App, mode: &str, wire: &str) {
    let start = |address| Running::start_at(address, app).expect("a server");
    let mut server = Some(start(ANY_PORT.into()));
    let url = server.as_ref().map(Running::url).expect("a URL");
    let mut address = None;
    let outcome = node::run(
        &format!("cases/{case}.mjs"),
        &[url.as_str(), mode, wire],
        |line| match line {
            "stop" => address = server.take().map(Running::stop),
            "start" => server = address.map(start),
            other => println!("{other}"),
        },
    );
    if let Err(why) = outcome {
        panic!("{why}, {mode}");
    }
}

macro_rules! cases {
    ($($case:ident at $app:path: $claim:ident,)*) => {$(
        #[test]
        fn $claim() {
            for mode in MODES {
                run(stringify!($case), App::Axum($app), mode, "json");
            }
        }
    )*};
}

cases! {
    events at app::router: events_return_with_every_kind_of_argument,
    acks at app::router: acknowledgements_work_both_ways,
    binary at app::router: bytes_travel_both_ways,
    rooms at app::router: rooms_decide_who_hears_what,
    namespaces at app::router: namespaces_share_a_connection,
    auth at app::router: middleware_refuses_with_message_and_data,
    disconnect at app::router: both_sides_learn_why_a_connection_ended,
    restart at app::router: a_client_returns_after_a_restart,
    large at app::router: large_messages_pass_whole,
    order at app::router: messages_stay_in_order,
    upgrade at app::router: nothing_is_lost_while_the_transport_changes,
    engine at app::router: engine_io_echoes_text_and_bytes,
    arrival at app::arrival::router: a_client_is_known_by_its_handshake,
    choices at app::choices::router: rooms_and_exceptions_choose_who_is_told_moved_and_put_out,
    surveys at app::choices::router: many_clients_are_asked_at_once,
    doors at app::doors::router: several_middlewares_decide_in_order,
    dynamic at app::dynamic::router: namespaces_come_into_being_when_they_are_asked_for,
    files at app::files::router: the_browser_client_is_served,
    listeners at app::listeners::router: of_several_handlers_the_first_one_answers,
    options at app::engine::router: the_engine_does_what_its_options_say,
    parting at app::parting::router: every_end_has_its_reason_on_both_sides,
    closing at app::parting::router: a_server_that_closes_delivers_first_and_is_returned_to,
    watching at app::watching::router: catch_alls_see_every_event,
    recovery at app::recovery::router: a_client_that_returns_is_told_what_it_missed,
    cluster at app::cluster::router: servers_of_a_cluster_are_one_to_their_clients,
    legacy_events at app::legacy::router: old_clients_say_and_answer_everything,
    legacy_binary at app::legacy::router: old_clients_send_and_receive_bytes,
    legacy_upgrade at app::legacy::router: old_clients_lose_nothing_while_the_transport_changes,
    legacy_namespaces at app::legacy::router: old_clients_join_namespaces_with_a_query_and_are_refused_in_their_way,
    legacy_parting at app::legacy::router: old_clients_leave_are_put_out_and_are_given_up,
    legacy_restart at app::legacy::router: old_clients_return_after_a_restart,
    legacy_engine at app::legacy::router: old_engines_echo_text_and_bytes,
    legacy_refused at app::router: old_clients_are_told_that_they_are_not_served,
    legacy_rooms at app::legacy::router: old_and_new_clients_share_rooms,
}

/// The cases about what packets carry.
const WIRE: [&str; 7] = [
    "events",
    "acks",
    "binary",
    "rooms",
    "namespaces",
    "auth",
    "order",
];

#[test]
fn packets_in_messagepack_carry_the_same() {
    for case in WIRE {
        for mode in ["polling", "upgrade"] {
            run(case, App::Axum(app::msgpack), mode, "msgpack");
        }
    }
}

#[test]
fn a_server_may_stand_alone() {
    for mode in MODES {
        run("events", App::Alone(app::server), mode, "json");
    }
}

#[test]
fn a_server_is_a_tower_service() {
    for mode in MODES {
        run("events", App::Axum(app::fallback), mode, "json");
    }
}

fn poll(case: &str) {
    run(case, App::Axum(app::legacy::router), "polling", "json");
}

#[test]
fn old_browsers_poll_with_scripts() {
    poll("legacy_jsonp");
}

#[test]
fn text_of_the_first_releases_is_plain_or_garbled() {
    poll("legacy_encoding");
}

#[test]
fn a_server_can_be_told_how_the_first_releases_write() {
    poll("legacy_dialect");
}
