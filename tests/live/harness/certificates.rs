//! Throwaway PEM stores: a CA, and what it signed for brokers and clients, good and bad.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, date_time_ymd,
};

use super::reaper;

/// Names the files; made once per process.
pub struct Certificates {
    /// The CA that signed the rest.
    pub ca: PathBuf,
    /// A CA that signed nothing here.
    pub other_ca: PathBuf,
    /// The client's chain.
    pub client_certificate: PathBuf,
    /// The client's key (PKCS#8).
    pub client_key: PathBuf,
    /// Key and chain for `localhost` and 127.0.0.1.
    pub server: PathBuf,
    /// The same, expired in 2020.
    pub expired: PathBuf,
    /// The same, which expires in ten days.
    pub expiring: PathBuf,
    /// Key and chain for `elsewhere.example` only.
    pub wrong_name: PathBuf,
}

static CA: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(|| authority("Strait live tests CA"));

/// Returns this process's certificates.
pub fn certificates() -> &'static Certificates {
    static MADE: LazyLock<Certificates> = LazyLock::new(make);
    &MADE
}

/// Makes another key pair that the brokers trust; returns chain and key as PEM.
pub fn client_pair(common_name: &str) -> (String, String) {
    sign(&CA, common_name, &["localhost"], Until::Far)
}

fn make() -> Certificates {
    let dir = reaper::run_dir().join("certificates");
    fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, text: String| {
        let path = dir.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let ca = &*CA;
    let here = ["localhost", "127.0.0.1"];
    let (client, client_key) = sign(ca, "strait-client", &here, Until::Far);
    let both = |(chain, key): (String, String)| format!("{key}{chain}");
    Certificates {
        ca: write("ca.pem", ca.pem()),
        other_ca: write("other-ca.pem", authority("Some other CA").pem()),
        client_certificate: write("client.pem", client),
        client_key: write("client.key", client_key),
        server: write("server.pem", both(sign(ca, "broker", &here, Until::Far))),
        expired: write("expired.pem", both(sign(ca, "broker", &here, Until::Past))),
        expiring: write("expiring.pem", both(sign(ca, "broker", &here, Until::InTenDays))),
        wrong_name: write("wrong-name.pem", both(sign(ca, "broker", &["elsewhere.example"], Until::Far))),
    }
}

/// Says when a certificate ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Far,
    InTenDays,
    Past,
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn authority(common_name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2015, 1, 1);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Returns chain and key as PEM.
fn sign(
    ca: &CertifiedIssuer<'static, KeyPair>,
    common_name: &str,
    names: &[&str],
    until: Until,
) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = named(common_name);
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = date_time_ymd(2019, 1, 1);
    match until {
        Until::Far => {}
        Until::InTenDays => params.not_after = (SystemTime::now() + Duration::from_secs(10 * 86_400)).into(),
        Until::Past => params.not_after = date_time_ymd(2020, 1, 1),
    }
    (params.signed_by(&key, ca).unwrap().pem(), key.serialize_pem())
}
