//! A WebSocket without compression: the only code that knows the WebSocket library.

use std::{
    io,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use engineio_proto::{Frame, Utf8Bytes};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_websockets::{
    CloseCode, Config, Error, Limits, Message, Payload, ServerBuilder, WebSocketStream,
};

use super::{End, Received};

/// A WebSocket without compression.
pub(super) struct Stream(WebSocketStream<TokioIo<Upgraded>>);

impl Stream {
    pub(super) fn new(io: TokioIo<Upgraded>, max_payload: u64) -> Self {
        let limits = Limits::default().max_payload_len(usize::try_from(max_payload).ok());
        // One message is one frame, and nothing is written before the flush.
        let config = Config::default()
            .frame_size(usize::MAX)
            .flush_threshold(usize::MAX);
        let builder = ServerBuilder::new().limits(limits).config(config);
        Self(builder.serve(io))
    }

    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, End>> {
        let message = match ready!(self.0.poll_next_unpin(cx)) {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Poll::Ready(Err(self.on_error(&error))),
            None => return Poll::Ready(Err(End::Closed)),
        };
        Poll::Ready(if message.is_text() {
            let text = Utf8Bytes::try_from(Bytes::from(message.into_payload()));
            text.map(|text| Received::Message(Frame::Text(text)))
                .map_err(|_| End::Failed)
        } else if message.is_binary() {
            let bytes = message.into_payload().into();
            Ok(Received::Message(Frame::Binary(bytes)))
        } else if message.is_close() {
            Err(End::Closed)
        } else {
            Ok(Received::Control)
        })
    }

    pub(super) fn send(&mut self, frame: Frame) -> Result<(), End> {
        self.send_message(match frame {
            Frame::Text(text) => Message::text(Payload::from(text.into_bytes())),
            Frame::Binary(bytes) => Message::binary(Payload::from(bytes)),
        })
    }

    pub(super) fn send_close(&mut self) -> Result<(), End> {
        self.send_message(Message::close(None, ""))
    }

    fn send_message(&mut self, message: Message) -> Result<(), End> {
        let sent = self.0.start_send_unpin(message);
        sent.map_err(|_| End::Closed)
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        self.0.poll_flush_unpin(cx).map_err(|_| End::Closed)
    }

    pub(super) async fn say_goodbye(&mut self) -> io::Result<()> {
        self.0.close().await.map_err(io::Error::other)?;
        // Closing a socket with unread bytes resets it, and the peer would miss the close frame.
        tokio::io::copy(self.0.get_mut(), &mut tokio::io::sink()).await?;
        Ok(())
    }

    fn on_error(&mut self, error: &Error) -> End {
        match error {
            // A reset or an end of the stream in the middle of a frame.
            Error::Io(_) | Error::AlreadyClosed => End::Closed,
            Error::PayloadTooLong { .. } => {
                // The library queues this itself for one frame, but not for a fragmented message.
                let too_big = Message::close(Some(CloseCode::MESSAGE_TOO_BIG), "");
                let _ = self.send_message(too_big);
                End::Failed
            }
            _ => End::Failed,
        }
    }
}
