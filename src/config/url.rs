//! Addresses of web services: what an `http` or `https` URL must have, and what it must not.

use std::fmt;

use hyper::Uri;

/// Holds an absolute `http` or `https` URL without credentials in it.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl(Uri);

/// Says why a text is no usable URL; never the text itself, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// It does not read as a URL.
    #[error("it is not a URL")]
    NotUrl,
    /// The scheme is missing or another one.
    #[error("it does not begin with https:// or http://")]
    Scheme,
    /// There is no host.
    #[error("the host is missing")]
    NoHost,
    /// User name or password stand in it.
    #[error("it has a user name or password in front of the host")]
    Credentials,
}

impl HttpUrl {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, UrlFault> {
        let uri: Uri = text.parse().map_err(|_| UrlFault::NotUrl)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(UrlFault::Scheme);
        }
        let authority = uri.authority().ok_or(UrlFault::NoHost)?;
        if authority.as_str().contains('@') {
            return Err(UrlFault::Credentials);
        }
        if authority.host().is_empty() {
            return Err(UrlFault::NoHost);
        }
        Ok(Self(uri))
    }

    /// Returns another path (and query) of the same service.
    pub fn at(&self, path: &str) -> Result<Self, UrlFault> {
        let base = format!("{}://{}", if self.is_tls() { "https" } else { "http" }, self.authority());
        Self::parse(&format!("{base}{path}"))
    }

    /// Says whether the connection is encrypted.
    pub fn is_tls(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Returns the host without brackets.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// Returns the port, the scheme's own where none is written.
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_tls() { 443 } else { 80 })
    }

    /// Returns host and port as a `Host` header has them.
    pub fn authority(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    /// Returns path and query.
    pub fn path(&self) -> &str {
        self.0.path_and_query().map_or("/", |path| path.as_str())
    }

    /// Says whether requests stay on this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Shows it without the query, where some services take secrets.
impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls() { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.0.path())
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn takes_web_addresses_and_refuses_the_rest() {
        let url = HttpUrl::parse("https://[::1]:8443/token?tenant=a").unwrap();
        assert_eq!((url.host(), url.port(), url.path()), ("::1", 8443, "/token?tenant=a"));
        assert_eq!(url.to_string(), "https://[::1]:8443/token");
        assert!(url.is_tls() && url.is_loopback());
        let url = HttpUrl::parse("http://login.example").unwrap();
        assert_eq!((url.port(), url.path(), url.is_loopback()), (80, "/", false));
        assert_eq!(url.at("/a?b").unwrap().path(), "/a?b");
        assert_eq!(HttpUrl::parse("file:///tmp/token"), Err(UrlFault::NotUrl));
        assert_eq!(HttpUrl::parse("ftp://a/b"), Err(UrlFault::Scheme));
        assert_eq!(HttpUrl::parse("a.example/b"), Err(UrlFault::NotUrl));
        assert_eq!(HttpUrl::parse("https://me:word@a.example/"), Err(UrlFault::Credentials));
    }
}
