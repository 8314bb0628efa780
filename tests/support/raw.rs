//! A client that sends exactly what a test says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

/// A connection that sends one request at a time.
pub struct Raw {
    stream: Mutex<TcpStream>,
}

impl Raw {
    /// Connects to a broker.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: Mutex::new(stream) }
    }

    /// Sends a request and returns the answer.
    pub fn ask<R: Request>(&self, version: i16, request: &R) -> R::Response {
        self.send(version, request);
        self.receive::<R>(version).expect("the broker closed the connection")
    }

    /// The same; `None` where the connection has ended.
    pub fn try_ask<R: Request>(&self, version: i16, request: &R) -> Option<R::Response> {
        self.write(&body(version, request)).ok()?;
        self.receive::<R>(version)
    }

    /// Sends a request.
    pub fn send<R: Request>(&self, version: i16, request: &R) {
        self.send_frame(&body(version, request));
    }

    /// Sends any bytes as a request.
    pub fn send_frame(&self, body: &[u8]) {
        self.write(body).unwrap();
    }

    fn write(&self, body: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(body.len()).unwrap();
        let frame = [&length.to_be_bytes()[..], body].concat();
        self.stream.lock().unwrap().write_all(&frame)
    }

    /// Waits for the answer to what was sent; `None` where the broker closes the connection instead.
    pub fn receive<R: Request>(&self, version: i16) -> Option<R::Response> {
        let mut answer = self.receive_frame()?;
        ResponseHeader::decode(&mut answer, R::Response::header_version(version)).unwrap();
        let response = R::Response::decode(&mut answer, version).unwrap();
        assert!(!answer.has_remaining(), "{} bytes left behind the answer", answer.remaining());
        Some(response)
    }

    /// Waits for an answer's bytes; `None` where the broker closes the connection instead.
    pub fn receive_frame(&self) -> Option<Bytes> {
        let mut stream = self.stream.lock().unwrap();
        let mut length = [0; 4];
        match stream.read_exact(&mut length) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("no answer in a minute"),
            Err(_) => return None,
            Ok(()) => {}
        }
        let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        stream.read_exact(&mut answer).unwrap();
        Some(Bytes::from(answer))
    }
}

fn body<R: Request>(version: i16, request: &R) -> BytesMut {
    let api = ApiKey::try_from(R::KEY).unwrap();
    let mut body = BytesMut::new();
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_client_id(Some(StrBytes::from_static_str("raw")));
    header.encode(&mut body, api.request_header_version(version)).unwrap();
    request.encode(&mut body, version).unwrap();
    body
}
