//! A liar between client and broker, to show that what a drill passes has earned it.

use std::fmt::Debug;

use bytes::BytesMut;

/// Changes what passes. Frames are header and body without the length, whole; only tests have one.
pub trait Tamper: Send + Sync + Debug {
    /// Returns the request that the broker is to get.
    fn on_request(&self, api_key: i16, api_version: i16, frame: BytesMut) -> BytesMut {
        let _ = (api_key, api_version);
        frame
    }

    /// Returns the answer that the client is to get; the versions are those of the request.
    fn on_answer(&self, api_key: i16, api_version: i16, frame: BytesMut) -> BytesMut {
        let _ = (api_key, api_version);
        frame
    }
}
