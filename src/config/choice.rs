//! Settings that are one word out of a few.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::settings::{OnLoss, Origin, PasswordMechanism, SaslMechanism};
use crate::kafka::codec::Codec;

/// Lists the words a setting may be, in the order they are shown.
pub trait Choice: Copy + Sized + 'static {
    /// Word and meaning.
    const WORDS: &'static [(&'static str, Self)];

    /// Returns the meaning of a word, which must be written exactly so.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
    }
}

/// Stands in a raw type's schema for a text that must be one of `C`'s words.
pub struct OneOf<C>(PhantomData<C>);

impl<C: Choice> JsonSchema for OneOf<C> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OneOf".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<_> = C::WORDS.iter().map(|(word, _)| *word).collect();
        json_schema!({"type": "string", "enum": words})
    }
}

/// Says which layers a cluster's connections have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityProtocol {
    /// Kafka's name of it.
    pub name: &'static str,
    /// Encrypted.
    pub tls: bool,
    /// With a login.
    pub sasl: bool,
}

impl Choice for SecurityProtocol {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("PLAINTEXT", Self { name: "PLAINTEXT", tls: false, sasl: false }),
        ("SSL", Self { name: "SSL", tls: true, sasl: false }),
        ("SASL_PLAINTEXT", Self { name: "SASL_PLAINTEXT", tls: false, sasl: true }),
        ("SASL_SSL", Self { name: "SASL_SSL", tls: true, sasl: true }),
    ];
}

impl Choice for SaslMechanism {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("PLAIN", Self::Password(PasswordMechanism::Plain)),
        ("SCRAM-SHA-256", Self::Password(PasswordMechanism::ScramSha256)),
        ("SCRAM-SHA-512", Self::Password(PasswordMechanism::ScramSha512)),
        ("OAUTHBEARER", Self::OauthBearer),
        ("AWS_MSK_IAM", Self::AwsMskIam),
    ];
}

/// Lists the mechanisms Kafka has and this build does not speak.
pub const MECHANISMS_NOT_IN_BUILD: [&str; 1] = ["GSSAPI"];

impl Choice for Origin {
    const WORDS: &'static [(&'static str, Self)] = &[("local", Self::Local), ("any", Self::Any)];
}

impl Choice for OnLoss {
    const WORDS: &'static [(&'static str, Self)] = &[("stop", Self::Stop), ("skip", Self::Skip)];
}

impl Choice for Option<Codec> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("keep", None),
        ("none", Some(Codec::None)),
        ("gzip", Some(Codec::Gzip)),
        ("snappy", Some(Codec::Snappy)),
        ("lz4", Some(Codec::Lz4)),
        ("zstd", Some(Codec::Zstd)),
    ];
}
