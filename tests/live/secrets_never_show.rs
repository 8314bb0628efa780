//! Passwords, client secrets and tokens stand in no output, however much is asked for: not when they are
//! right, not when they are wrong, not when the configuration has them word for word.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::harness::admin::create_topic;
use crate::harness::certificates::certificates;
use crate::harness::identity::{self, CLIENT, CLIENT_SECRET, IdentityProvider};
use crate::harness::live;
use crate::harness::route::{LIMIT, Route};
use crate::harness::shared::{shared_pair, shared_secure};
use crate::harness::spec::{Listener, PASSWORD, USER};
use crate::harness::strait::start;

const WRONG: &str = "wr0ng-pass-phrase";

#[test]
fn no_output_has_a_secret_in_it() {
    live(|lab| {
        let topic = lab.topic("t");
        create_topic(shared_secure(), &topic, 1, &[]);
        let provider = IdentityProvider::start(USER, 3600);
        let token = identity::token(USER, 3600);
        let trust = format!("ssl_ca_file = {:?}\n", certificates().ca);
        let password = |mechanism: &str, word: &str| {
            format!(
                "{trust}sasl_mechanism = {mechanism:?}\nsasl_username = {USER:?}\nsasl_password = {word:?}\n"
            )
        };
        let client = |secret: &str| {
            format!(
                "{trust}sasl_mechanism = \"OAUTHBEARER\"\n\
                 sasl_oauthbearer_token_endpoint_url = {:?}\n\
                 sasl_oauthbearer_client_credentials_client_id = {CLIENT:?}\n\
                 sasl_oauthbearer_client_credentials_client_secret = {secret:?}\n\
                 sasl_oauthbearer_scope = {:?}\n",
                provider.url(),
                identity::SCOPE
            )
        };
        let given = |token: &str| {
            format!("{trust}sasl_mechanism = \"OAUTHBEARER\"\nsasl_oauthbearer_token = {token:?}\n")
        };
        let mut logins = Vec::new();
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
            logins.push((Listener::SaslSsl, password(mechanism, PASSWORD), PASSWORD));
            logins.push((Listener::SaslSsl, password(mechanism, WRONG), WRONG));
            // What a mistyped line shows of its neighbours.
            logins.push((Listener::SaslSsl, password(mechanism, WRONG) + "sasl_pasword = 1\n", WRONG));
        }
        for secret in [CLIENT_SECRET, WRONG] {
            logins.push((Listener::Oauth, client(secret), secret));
        }
        for token in [token.as_str(), WRONG] {
            logins.push((Listener::Oauth, given(token), token));
        }
        for (listener, login, secret) in logins {
            let route =
                Route::between(lab, shared_secure(), &shared_pair().target).source_by(listener, &login);
            let config = route.impatient().config(&[&topic]);
            let encoded = STANDARD.encode(format!("{CLIENT}:{secret}"));
            for arguments in
                [&["replicate", "--once", "-vvv"][..], &["replicate", "--once", "-vvv", "--format", "json"]]
            {
                let running = start(&config, arguments);
                let command = std::fs::read(format!("/proc/{}/cmdline", running.pid())).unwrap_or_default();
                let finished = running.finish(LIMIT);
                let said = finished.stdout + &finished.stderr + &String::from_utf8_lossy(&command);
                assert!(said.len() > 100, "nothing was said, so nothing was shown: {said}");
                for hidden in [secret, encoded.as_str(), "eyJ"] {
                    assert!(!said.contains(hidden), "{hidden} stands in\n{said}");
                }
            }
        }
    });
}
