//! AWS Signature Version 4 of a request whose authorization stands in its query, as a presigned URL has it.

use std::fmt::Write;

use ring::{digest, hmac};

use crate::config::settings::AwsKeys;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The hash of a request without a body.
const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Says what is signed: a GET without a body.
#[derive(Clone, Copy, Debug)]
pub struct Presign<'a> {
    /// The `host` header.
    pub host: &'a str,
    /// The path, encoded.
    pub path: &'a str,
    /// The query's own parameters, not encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// The region.
    pub region: &'a str,
    /// The service.
    pub service: &'a str,
    /// Seconds since 1970.
    pub time: u64,
    /// How long it is valid, in seconds.
    pub expires: u32,
    /// The hash of the body, in hexadecimal; `None` for that of an empty body.
    pub body_hash: Option<&'a str>,
}

/// Holds the parameters of a signed query, not encoded, in the order they were signed in; the signature is
/// the last.
pub struct Signed {
    /// Name and value.
    pub query: Vec<(String, String)>,
}

impl Signed {
    /// Returns a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the query of a URL.
    pub fn encoded(&self) -> String {
        join(&self.query)
    }
}

/// Signs a request.
pub fn presign(request: &Presign<'_>, keys: &AwsKeys) -> Signed {
    let (date, timestamp) = dates(request.time);
    let scope = format!("{date}/{}/{}/aws4_request", request.region, request.service);
    let own = request.query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut query: Vec<(String, String)> = own.collect();
    let mut add = |name: &str, value: String| query.push((name.to_owned(), value));
    add("X-Amz-Algorithm", ALGORITHM.to_owned());
    add("X-Amz-Credential", format!("{}/{scope}", keys.access_key_id));
    add("X-Amz-Date", timestamp.clone());
    add("X-Amz-Expires", request.expires.to_string());
    if let Some(token) = &keys.session_token {
        add("X-Amz-Security-Token", token.expose().to_owned());
    }
    add("X-Amz-SignedHeaders", "host".to_owned());
    query.sort_by_cached_key(|(name, value)| (encode(name), encode(value)));
    let canonical = format!(
        "GET\n{}\n{}\nhost:{}\n\nhost\n{}",
        request.path,
        join(&query),
        request.host,
        request.body_hash.unwrap_or(EMPTY_BODY),
    );
    let hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("{ALGORITHM}\n{timestamp}\n{scope}\n{hash}");
    let key = signing_key(keys.secret_access_key.expose(), &date, request.region, request.service);
    query.push(("X-Amz-Signature".to_owned(), hex(hmac::sign(&key, to_sign.as_bytes()).as_ref())));
    Signed { query }
}

/// Derives the key of one day, region and service.
fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> hmac::Key {
    let begin = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
    [date, region, service, "aws4_request"].iter().fold(begin, |key, part| {
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
    })
}

/// Returns `20150830` and `20150830T123600Z`.
fn dates(seconds: u64) -> (String, String) {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let time = time.unwrap_or(jiff::Timestamp::MAX);
    (time.strftime("%Y%m%d").to_string(), time.strftime("%Y%m%dT%H%M%SZ").to_string())
}

fn join(query: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Encodes all but the unreserved characters of RFC 3986.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::settings::Secret;

    fn keys(id: &str, secret: &str, token: Option<&str>) -> AwsKeys {
        AwsKeys {
            access_key_id: id.to_owned(),
            secret_access_key: Secret::new(secret.to_owned()),
            session_token: token.map(|token| Secret::new(token.to_owned())),
        }
    }

    /// The request of AWS's signing test suite: 2015-08-30T12:36:00Z, valid for an hour.
    const SUITE: Presign<'_> = Presign {
        host: "example.amazonaws.com",
        path: "/",
        query: &[],
        region: "us-east-1",
        service: "service",
        time: 1_440_938_160,
        expires: 3600,
        body_hash: None,
    };
    const SUITE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    #[test]
    fn signatures_are_those_of_awss_test_suite() {
        let plain = keys("AKIDEXAMPLE", SUITE_SECRET, None);
        // get-vanilla-query-order-encoded
        let query = [("Param-3", "Value3"), ("Param", "Value2"), ("\u{1234}", "Value1")];
        let signed = presign(&Presign { query: &query, ..SUITE }, &plain);
        let expected = "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787";
        assert_eq!(signed.get("X-Amz-Signature"), Some(expected));
        // get-vanilla-with-session-token
        let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
        let signed = presign(&SUITE, &keys("AKIDEXAMPLE", SUITE_SECRET, Some(token)));
        let expected = "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c";
        assert_eq!(signed.get("X-Amz-Signature"), Some(expected));
    }

    #[test]
    fn the_signature_is_that_of_the_presigned_url_in_the_s3_manual() {
        let request = Presign {
            host: "examplebucket.s3.amazonaws.com",
            path: "/test.txt",
            service: "s3",
            time: 1_369_353_600,
            expires: 86_400,
            body_hash: Some("UNSIGNED-PAYLOAD"),
            ..SUITE
        };
        let keys = keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None);
        let signed = presign(&request, &keys);
        let expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert_eq!(signed.get("X-Amz-Signature"), Some(expected));
        assert_eq!(
            signed.encoded(),
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1\
             %2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn the_key_is_that_of_the_example_in_the_iam_manual() {
        let key = signing_key(SUITE_SECRET, "20150830", "us-east-1", "iam");
        let to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
                       f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        let expected = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert_eq!(hex(hmac::sign(&key, to_sign.as_bytes()).as_ref()), expected);
    }
}
