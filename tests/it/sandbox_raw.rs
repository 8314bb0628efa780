//! A client of the sandbox that sends exactly what a test says.

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
        Self { stream: Mutex::new(stream) }
    }

    /// Sends a request and returns the answer.
    pub fn ask<R: Request>(&self, version: i16, request: &R) -> R::Response {
        let api = ApiKey::try_from(R::KEY).unwrap();
        let mut body = BytesMut::new();
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_client_id(Some(StrBytes::from_static_str("raw")));
        header.encode(&mut body, api.request_header_version(version)).unwrap();
        request.encode(&mut body, version).unwrap();
        let mut stream = self.stream.lock().unwrap();
        let length = u32::try_from(body.len()).unwrap();
        stream.write_all(&[&length.to_be_bytes()[..], &body].concat()).unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        stream.read_exact(&mut answer).unwrap();
        let mut answer = Bytes::from(answer);
        ResponseHeader::decode(&mut answer, R::Response::header_version(version)).unwrap();
        let response = R::Response::decode(&mut answer, version).unwrap();
        assert!(!answer.has_remaining(), "{} bytes left behind the answer", answer.remaining());
        response
    }
}
