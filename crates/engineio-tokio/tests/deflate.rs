//! Compression on WebSockets, byte by byte. [RFC 7692]
#![cfg(all(feature = "compression", feature = "server"))]

mod support;

use std::time::Duration;

use engineio_tokio::{
    Options, PerMessageDeflate,
    proto::{CloseReason, Message, server::Event},
};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use support::{Answer, Host, Peer, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const WEB_SOCKET: &str = "EIO=4&transport=websocket";
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A client that says what it wants, whether it may or not.
struct Client {
    stream: TcpStream,
    deflater: Compress,
    inflater: Decompress,
}

impl Client {
    /// Opens a session, and says what the server has agreed to.
    async fn open(host: &Host, offer: &str) -> (Self, Option<String>) {
        let headers = [("Sec-WebSocket-Extensions", offer)];
        let mut stream = host.upgrade_request(WEB_SOCKET, &headers).await;
        let answer = Answer::read(&mut stream).await;
        assert_eq!(answer.status, 101);
        let mut client = Self {
            stream,
            deflater: Compress::new(Compression::default(), false),
            inflater: Decompress::new(false),
        };
        let (head, payload) = client.receive().await;
        assert_eq!(head, 0x81, "the handshake is short");
        assert!(payload.starts_with(b"0{"));
        let agreed = answer.header("sec-websocket-extensions");
        (client, agreed.map(str::to_owned))
    }

    async fn send(&mut self, head: u8, payload: &[u8]) {
        let mut frame = vec![head];
        match payload.len() {
            length @ ..=125 => frame.push(0x80 | length as u8),
            length @ ..=65_535 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        let mask = [1, 2, 3, 4];
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn send_deflated(&mut self, head: u8, message: &[u8]) {
        let deflated = self.deflate(message);
        self.send(head, &deflated).await;
    }

    fn deflate(&mut self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len() + 1024);
        self.deflater
            .compress_vec(message, &mut out, FlushCompress::Sync)
            .unwrap();
        assert!(out.ends_with(&TAIL));
        out.truncate(out.len() - TAIL.len());
        out
    }

    /// The first byte of the next frame, and its payload as it is.
    async fn receive(&mut self) -> (u8, Vec<u8>) {
        within(async {
            let [head, length] = [
                self.stream.read_u8().await.unwrap(),
                self.stream.read_u8().await.unwrap(),
            ];
            let length = match length {
                126 => u64::from(self.stream.read_u16().await.unwrap()),
                127 => self.stream.read_u64().await.unwrap(),
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await.unwrap();
            (head, payload)
        })
        .await
    }

    fn inflate(&mut self, mut payload: Vec<u8>) -> Vec<u8> {
        payload.extend(TAIL);
        let mut out = Vec::with_capacity(4_000_000);
        self.inflater
            .decompress_vec(&payload, &mut out, FlushDecompress::Sync)
            .unwrap();
        out
    }
}

/// Bytes that do not compress.
fn noise(count: usize) -> impl Iterator<Item = u8> {
    let state = 1_u32;
    std::iter::repeat_n((), count).scan(state, |state, ()| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 24) as u8)
    })
}

async fn host(deflate: PerMessageDeflate) -> Host {
    let mut options = Options::default();
    options.per_message_deflate = Some(deflate);
    options.engine.max_payload = 1_000_000;
    Host::echo(options).await
}

async fn agreed() -> (Host, Client, Peer) {
    let host = host(PerMessageDeflate::default()).await;
    let (client, agreed) = Client::open(&host, "permessage-deflate; client_max_window_bits").await;
    assert_eq!(agreed.as_deref(), Some("permessage-deflate"));
    let peer = host.peer_soon().await;
    (host, client, peer)
}

#[tokio::test]
async fn compression_is_agreed_on_only_if_both_sides_want_it() {
    let off = Host::echo(Options::default()).await;
    let (_, agreed) = Client::open(&off, "permessage-deflate").await;
    assert_eq!(agreed, None);
    let on = host(PerMessageDeflate::default()).await;
    for offer in ["", "permessage-deflate; server_max_window_bits=9", "other"] {
        let (mut client, agreed) = Client::open(&on, offer).await;
        assert_eq!(agreed, None, "{offer}");
        let message = [&b"4"[..], &[b'x'; 5000]].concat();
        client.send(0x81, &message).await;
        assert_eq!(client.receive().await, (0x81, message));
    }
}

#[tokio::test]
async fn messages_are_compressed_from_the_threshold_on() {
    let (_host, mut client, _peer) = agreed().await;
    let small = [&b"4"[..], &[b'x'; 1022]].concat();
    client.send(0x81, &small).await;
    assert_eq!(client.receive().await, (0x81, small));

    let mut large = vec![b'4'];
    large.extend(noise(1023).map(|byte| byte % 16 + b'a'));
    let mut sizes = Vec::new();
    for _ in 0..2 {
        client.send_deflated(0xc1, &large).await;
        let (head, payload) = client.receive().await;
        assert_eq!(head, 0xc1);
        sizes.push(payload.len());
        assert!(client.inflate(payload) == large);
    }
    // The second one refers to the first.
    assert!(sizes[0] < 900 && sizes[1] < 100, "{sizes:?}");

    let bytes: Vec<u8> = noise(900_000).collect();
    client.send_deflated(0xc2, &bytes).await;
    let (head, payload) = client.receive().await;
    assert_eq!(head, 0xc2);
    assert!(client.inflate(payload) == bytes);
}

#[tokio::test]
async fn without_context_every_message_stands_alone() {
    let mut options = PerMessageDeflate::new(0);
    options.server_no_context_takeover = true;
    options.client_no_context_takeover = true;
    let host = host(options).await;
    let mut stream = host
        .upgrade_request(
            WEB_SOCKET,
            &[("Sec-WebSocket-Extensions", "permessage-deflate")],
        )
        .await;
    let answer = Answer::read(&mut stream).await;
    assert_eq!(
        answer.header("sec-websocket-extensions"),
        Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    );
    let mut client = Client {
        stream,
        deflater: Compress::new(Compression::default(), false),
        inflater: Decompress::new(false),
    };
    let (head, open) = client.receive().await;
    assert_eq!(head, 0xc1);
    assert!(client.inflate(open).starts_with(b"0{"));
    let mut answers = Vec::new();
    for _ in 0..2 {
        client.deflater.reset();
        client.inflater.reset(false);
        client.send_deflated(0xc1, b"4hello, hello, hello").await;
        let (_, payload) = client.receive().await;
        assert_eq!(client.inflate(payload.clone()), b"4hello, hello, hello");
        answers.push(payload);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn pieces_and_pings_may_come_between() {
    let (_host, mut client, mut peer) = agreed().await;
    let deflated = client.deflate("4hello, wörld".as_bytes());
    let (first, last) = deflated.split_at(5);
    client.send(0x41, first).await;
    client.send(0x89, b"still there?").await;
    client.send(0x00, &[]).await;
    client.send(0x80, last).await;
    let pong = client.receive().await;
    assert_eq!(pong, (0x8a, b"still there?".to_vec()));
    assert_eq!(peer.text().await, "hello, wörld");
}

/// The end of a session by a client that breaks a rule, and the code it is told.
async fn broken(frames: &[(u8, Vec<u8>)]) -> (u16, CloseReason) {
    let (_host, mut client, mut peer) = agreed().await;
    for (head, payload) in frames {
        client.send(*head, payload).await;
    }
    loop {
        let (head, payload) = client.receive().await;
        if head == 0x88 {
            let code = u16::from_be_bytes(payload.try_into().unwrap());
            return (code, peer.closed().await);
        }
    }
}

#[tokio::test]
async fn a_client_that_breaks_the_rules_is_told_so() {
    let deflate = |message: &[u8]| {
        let mut out = Vec::with_capacity(100_000);
        let mut deflater = Compress::new(Compression::default(), false);
        deflater
            .compress_vec(message, &mut out, FlushCompress::Sync)
            .unwrap();
        out.truncate(out.len() - TAIL.len());
        out
    };
    let bomb = deflate(&vec![b'4'; 5_000_000]);
    assert!(bomb.len() < 50_000);
    let half = vec![b'4'; 600_000];
    for (what, frames, code) in [
        ("a bomb", vec![(0xc1, bomb)], 1009),
        ("too long", vec![(0x81, vec![b'4'; 1_000_001])], 1009),
        (
            "too long in pieces",
            vec![(0x01, half.clone()), (0x80, half)],
            1009,
        ),
        ("no deflate", vec![(0xc1, vec![0xff; 10])], 1002),
        ("no UTF-8", vec![(0x81, vec![b'4', 0xff])], 1007),
        (
            "no UTF-8, compressed",
            vec![(0xc1, deflate(&[b'4', 0xff]))],
            1007,
        ),
        ("a compressed ping", vec![(0xc9, vec![])], 1002),
        (
            "a code that may not travel",
            vec![(0x88, vec![0x03, 0xed])],
            1002,
        ),
        (
            "a reason that is no text",
            vec![(0x88, vec![0x03, 0xe8, 0xff])],
            1007,
        ),
        ("nothing to continue", vec![(0x80, vec![])], 1002),
        (
            "two messages at once",
            vec![(0x01, vec![]), (0x81, vec![])],
            1002,
        ),
        (
            "a later piece compressed",
            vec![(0x01, vec![]), (0xc0, vec![])],
            1002,
        ),
    ] {
        assert_eq!(
            broken(&frames).await,
            (code, CloseReason::TransportError),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_bomb_ends_its_own_session_only() {
    let (host, mut client, mut peer) = agreed().await;
    let (mut other, _) = Client::open(&host, "permessage-deflate").await;
    let mut bomb = vec![b'4'];
    bomb.resize(5_000_000, b' ');
    client.send_deflated(0xc1, &bomb).await;
    assert_eq!(peer.closed().await, CloseReason::TransportError);
    other.send(0x81, b"4hello").await;
    assert_eq!(other.receive().await, (0x81, b"4hello".to_vec()));
}

#[tokio::test]
async fn both_sides_may_close() {
    let (host, mut client, mut peer) = agreed().await;
    client.send(0x88, &1000_u16.to_be_bytes()).await;
    assert_eq!(peer.closed().await, CloseReason::TransportClose);
    assert_eq!(
        client.receive().await,
        (0x88, 1000_u16.to_be_bytes().to_vec())
    );
    assert_eq!(within(client.stream.read(&mut [0])).await.unwrap(), 0);

    let (mut client, _) = Client::open(&host, "permessage-deflate").await;
    let peer = host.peer_soon().await;
    peer.command(|session, now| {
        session.send("goodbye".into()).unwrap();
        session.close(now);
    });
    assert_eq!(client.receive().await, (0x81, b"4goodbye".to_vec()));
    assert_eq!(client.receive().await, (0x88, Vec::new()));
    client.send(0x88, &[]).await;
    assert_eq!(within(client.stream.read(&mut [0])).await.unwrap(), 0);
    within(host.server.sessions_ended()).await;

    let (client, _) = Client::open(&host, "permessage-deflate").await;
    let mut peer = host.peer_soon().await;
    drop(client);
    assert_eq!(peer.closed().await, CloseReason::TransportClose);
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_up_itself() {
    let (_host, mut client, peer) = agreed().await;
    let random: Vec<u8> = noise(500_000).collect();
    for _ in 0..30 {
        peer.send(Message::Binary(random.clone().into()));
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    tokio::time::sleep(Duration::from_millis(100)).await;
    peer.command(move |session, _| tell.send(session.queued_bytes()).unwrap());
    assert!(
        within(told).await.unwrap() > 1_000_000,
        "the rest waits in the session"
    );
    for _ in 0..30 {
        let (head, payload) = client.receive().await;
        assert_eq!(head, 0xc2);
        assert!(client.inflate(payload) == random);
    }
}

/// [eio4 § Upgrade]
#[tokio::test]
async fn an_upgrade_may_agree_on_compression() {
    let host = host(PerMessageDeflate::new(1)).await;
    let (sid, mut peer) = host.open().await;
    let query = format!("{WEB_SOCKET}&sid={sid}");
    let offer = [("Sec-WebSocket-Extensions", "permessage-deflate")];
    let mut stream = host.upgrade_request(&query, &offer).await;
    assert_eq!(Answer::read(&mut stream).await.status, 101);
    let mut client = Client {
        stream,
        deflater: Compress::new(Compression::default(), false),
        inflater: Decompress::new(false),
    };
    client.send_deflated(0xc1, b"2probe").await;
    let (_, payload) = client.receive().await;
    assert_eq!(client.inflate(payload), b"3probe");
    client.send_deflated(0xc1, b"5").await;
    assert_eq!(peer.event().await, Event::Upgraded);
}

/// Noise and text of sizes at which the compressor has to close a block on the way.
#[tokio::test]
async fn a_message_of_any_size_arrives_whole() {
    let (_host, mut client, _peer) = agreed().await;
    for bits in [3, 4, 5, 6, 7, 8] {
        for length in (57_000..63_000).step_by(500) {
            let message: Vec<u8> = noise(length).map(|byte| byte >> (8 - bits)).collect();
            client.send(0x82, &message).await;
            let (head, payload) = client.receive().await;
            let arrived = match head {
                0xc2 => client.inflate(payload),
                _ => payload,
            };
            let all = arrived == message;
            assert!(all, "{bits} bits, {length} bytes: {} arrive", arrived.len());
        }
    }
}

#[tokio::test]
async fn a_ping_is_answered_at_once() {
    let (_host, mut client, _peer) = agreed().await;
    client.send(0x89, b"still there?").await;
    assert_eq!(client.receive().await, (0x8a, b"still there?".to_vec()));
}
