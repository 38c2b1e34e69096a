//! A WebSocket that is framed here, over any stream of bytes: with compression, or of a client.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use engineio_proto::{Frame, Utf8Bytes};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

#[cfg(feature = "compression")]
use super::deflate::Coders;
use super::{
    End, Received, Role, Settings,
    framing::{self, Broken, Opcode, RawFrame},
    masks::Masks,
};

/// A WebSocket that is framed here.
pub(super) struct Stream<T> {
    role: Role,
    io: T,
    input: BytesMut,
    output: BytesMut,
    /// The message whose last frame has not come.
    partial: Option<Partial>,
    max_payload: usize,
    /// What both sides compress with. `None`: they do not.
    #[cfg(feature = "compression")]
    coders: Option<Coders>,
    /// What this side masks its frames with. `None`: it does not.
    masks: Option<Box<Masks>>,
    /// Nothing may follow a close frame.
    has_sent_close: bool,
}

/// A message in pieces.
struct Partial {
    kind: Kind,
    is_compressed: bool,
    payload: BytesMut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

impl Kind {
    fn decode(self, payload: Bytes) -> Result<Frame, Broken> {
        match self {
            Self::Binary => Ok(Frame::Binary(payload)),
            Self::Text => {
                let text = Utf8Bytes::try_from(payload);
                text.map(Frame::Text).map_err(|_| Broken::Encoding)
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream<T> {
    pub(super) fn new(io: T, role: Role, settings: Settings) -> Self {
        Self {
            role,
            io,
            input: BytesMut::new(),
            output: BytesMut::new(),
            partial: None,
            max_payload: usize::try_from(settings.max_payload).unwrap_or(usize::MAX),
            #[cfg(feature = "compression")]
            coders: settings
                .deflate
                .map(|agreement| Coders::new(agreement, role)),
            masks: (role == Role::Client).then(Box::default),
            has_sent_close: false,
        }
    }

    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, End>> {
        loop {
            match self.take() {
                Ok(Some(received)) => return Poll::Ready(received),
                Ok(None) => {}
                Err(broken) => {
                    self.send_close_frame(&broken.code().to_be_bytes());
                    return Poll::Ready(Err(End::Failed));
                }
            }
            if ready!(self.poll_read(cx)).is_err() {
                return Poll::Ready(Err(End::Closed));
            }
        }
    }

    /// What has been read already. `None`: not a whole frame.
    fn take(&mut self) -> Result<Option<Result<Received, End>>, Broken> {
        loop {
            // The pieces of a message count together.
            let so_far = self
                .partial
                .as_ref()
                .map_or(0, |partial| partial.payload.len());
            let left = self.max_payload.saturating_sub(so_far);
            let Some(frame) = framing::take(&mut self.input, self.role, left)? else {
                return Ok(None);
            };
            if self.input.is_empty() && frame.payload.len() > KEPT {
                // The frame has the buffer now; one as large is not kept for the next.
                self.input = BytesMut::new();
            }
            if frame.opcode.is_control() {
                return self.on_control(&frame).map(Some);
            }
            if let Some(message) = self.on_data(frame)? {
                return Ok(Some(Ok(Received::Message(message))));
            }
        }
    }

    fn on_control(&mut self, frame: &RawFrame) -> Result<Result<Received, End>, Broken> {
        match frame.opcode {
            Opcode::Close => {
                // [RFC 6455 § 5.5.1] A reason needs a code, which is said back.
                match frame.payload.split_first_chunk() {
                    None if !frame.payload.is_empty() => return Err(Broken::Protocol),
                    None => self.send_close_frame(&[]),
                    Some((code, reason)) => {
                        if !may_travel(u16::from_be_bytes(*code)) {
                            return Err(Broken::Protocol);
                        }
                        if str::from_utf8(reason).is_err() {
                            return Err(Broken::Encoding);
                        }
                        self.send_close_frame(code);
                    }
                }
                return Ok(Err(End::Closed));
            }
            Opcode::EchoRequest if !self.has_sent_close => {
                // Without a mask there is no answer, and the next message says so.
                let _ = self.put(Opcode::EchoReply, false, &frame.payload);
            }
            _ => {}
        }
        Ok(Ok(Received::Control))
    }

    /// Puts a message together. `None`: there is more to come.
    fn on_data(&mut self, frame: RawFrame) -> Result<Option<Frame>, Broken> {
        let kind = match frame.opcode {
            Opcode::Text => Some(Kind::Text),
            Opcode::Binary => Some(Kind::Binary),
            _ => None,
        };
        match (kind, self.partial.take(), frame.fin) {
            // Mostly: the whole message, which is not copied unless it is inflated.
            (Some(kind), None, true) => {
                let payload = self.inflate_if(frame.rsv1, frame.payload)?;
                kind.decode(payload).map(Some)
            }
            (Some(kind), None, false) => {
                self.partial = Some(Partial {
                    kind,
                    is_compressed: frame.rsv1,
                    payload: BytesMut::from(frame.payload),
                });
                Ok(None)
            }
            // [RFC 7692 § 6.1] Only the first piece says whether all are compressed.
            (None, Some(mut partial), fin) if !frame.rsv1 => {
                partial.payload.extend_from_slice(&frame.payload);
                if !fin {
                    self.partial = Some(partial);
                    return Ok(None);
                }
                let Partial {
                    kind,
                    is_compressed,
                    payload,
                } = partial;
                let payload = self.inflate_if(is_compressed, payload.freeze())?;
                kind.decode(payload).map(Some)
            }
            _ => Err(Broken::Protocol),
        }
    }

    #[cfg(feature = "compression")]
    fn inflate_if(&mut self, is_compressed: bool, payload: Bytes) -> Result<Bytes, Broken> {
        if !is_compressed {
            return Ok(payload);
        }
        let coders = self.coders.as_mut().ok_or(Broken::Protocol)?;
        Ok(coders.inflater.inflate(&payload, self.max_payload)?.into())
    }

    /// Nobody has agreed to it.
    #[cfg(not(feature = "compression"))]
    fn inflate_if(&self, is_compressed: bool, payload: Bytes) -> Result<Bytes, Broken> {
        (!is_compressed).then_some(payload).ok_or(Broken::Protocol)
    }

    /// Reads more. An error is also the end.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut chunk = [0; CHUNK];
        let mut chunk = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut chunk))?;
        if chunk.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.input.extend_from_slice(chunk.filled());
        Poll::Ready(Ok(()))
    }

    pub(super) fn send(&mut self, frame: Frame) -> Result<(), End> {
        if self.has_sent_close {
            return Err(End::Closed);
        }
        let (opcode, payload) = match frame {
            Frame::Text(text) => (Opcode::Text, text.into_bytes()),
            Frame::Binary(bytes) => (Opcode::Binary, bytes),
        };
        #[cfg(feature = "compression")]
        if let Some(coders) = &mut self.coders
            && let Some(deflated) = coders.deflater.deflate(&payload)
        {
            return self.put(opcode, true, &deflated);
        }
        self.put(opcode, false, &payload)
    }

    fn put(&mut self, opcode: Opcode, is_compressed: bool, payload: &[u8]) -> Result<(), End> {
        let mask = match &mut self.masks {
            Some(masks) => Some(masks.next().ok_or(End::Failed)?),
            None => None,
        };
        framing::put(&mut self.output, opcode, is_compressed, payload, mask);
        Ok(())
    }

    pub(super) fn send_close(&mut self) -> Result<(), End> {
        self.send_close_frame(&[]);
        Ok(())
    }

    fn send_close_frame(&mut self, code: &[u8]) {
        if !self.has_sent_close {
            self.has_sent_close = true;
            // Without a mask the connection just ends.
            let _ = self.put(Opcode::Close, false, code);
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        while !self.output.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.output));
            match written {
                Ok(0) | Err(_) => return Poll::Ready(Err(End::Closed)),
                Ok(written) => self.output.advance(written),
            }
        }
        if self.output.try_reclaim(KEPT) {
            self.output = BytesMut::new();
        }
        Pin::new(&mut self.io)
            .poll_flush(cx)
            .map_err(|_| End::Closed)
    }

    pub(super) async fn say_goodbye(&mut self) -> io::Result<()> {
        self.io.shutdown().await?;
        // Closing a socket with unread bytes resets it, and the peer would miss the close frame.
        tokio::io::copy(&mut self.io, &mut tokio::io::sink()).await?;
        Ok(())
    }
}

/// Whether a peer may close with this code. [RFC 6455 § 7.4.1]
const fn may_travel(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Buffers of this size are kept for the next message, larger ones are not.
const KEPT: usize = 64 * 1024;

/// Bytes read at once.
const CHUNK: usize = 8 * 1024;

#[cfg(all(test, feature = "compression"))]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::ws::agreement::Agreement;

    fn settings(max_payload: u64, threshold: usize) -> Settings {
        Settings {
            max_payload,
            deflate: Some(Agreement::with(threshold)),
        }
    }

    /// What a client may say at all, in whatever pieces.
    #[tokio::test]
    async fn whatever_a_client_sends_ends_in_messages_or_an_end() {
        let mut state = 7_u32;
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u8
        };
        let mut messages = 0;
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..4 {
                // Mostly frames: pure noise would not get past the first byte.
                let first = [0xc1, 0xc2, 0x41, 0x81, 0x80, 0x00, 0x89, random()];
                let length = random() % 20;
                bytes.push(first[usize::from(random() % 8)]);
                bytes.push(0x80 | length);
                bytes.extend((0..4 + length).map(|_| random()));
            }
            let io = tokio::io::join(&bytes[..], tokio::io::sink());
            let mut stream = Stream::new(io, Role::Server, settings(64, 0));
            let end = loop {
                match poll_fn(|cx| stream.poll_receive(cx)).await {
                    Ok(Received::Message(frame)) => {
                        assert!(frame.len() <= 64);
                        messages += 1;
                    }
                    Ok(Received::Control) => {}
                    Err(end) => break end,
                }
            };
            assert!(matches!(end, End::Closed | End::Failed));
        }
        assert!(messages > 1000, "{messages}");
    }

    /// One large message must not cost the connection as much for ever.
    #[tokio::test]
    async fn large_buffers_are_given_back() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 25);
        let mut stream = Stream::new(ours, Role::Server, settings(1_000_000, 1024));
        let noise: Vec<u8> = (0..8_000_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 ^ (n >> 7) as u8)
            .collect();
        stream.send(Frame::Binary(noise.into())).unwrap();
        poll_fn(|cx| stream.poll_flush(cx)).await.unwrap();
        let mut frame = vec![0x82, 0xff];
        frame.extend(1_000_000_u64.to_be_bytes());
        frame.extend([0; 4]);
        frame.resize(frame.len() + 1_000_000, 0);
        AsyncWriteExt::write_all(&mut theirs, &frame).await.unwrap();
        let received = poll_fn(|cx| stream.poll_receive(cx)).await;
        assert!(matches!(received, Ok(Received::Message(_))));
        drop(received);
        let is_idle = poll_fn(|cx| Poll::Ready(stream.poll_receive(cx).is_pending()));
        assert!(is_idle.await);
        assert!(!stream.output.try_reclaim(1_000_000));
        assert!(!stream.input.try_reclaim(900_000));
    }
}
