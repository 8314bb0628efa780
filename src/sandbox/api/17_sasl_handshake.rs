//! SaslHandshake (key 17): the client names the way it wants to log in.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{SaslHandshakeRequest, SaslHandshakeResponse};

use super::text;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::sasl::{Login, Mechanism};

impl Api for SaslHandshakeRequest {
    const CHANGES: bool = false;

    fn refusal(&self, error: ResponseError) -> SaslHandshakeResponse {
        SaslHandshakeResponse::default().with_error_code(error.code())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<SaslHandshakeResponse> {
        if !cx.state.users.are_needed() {
            return Answer::Now(self.refusal(ResponseError::IllegalSaslState));
        }
        let offered = Mechanism::ALL.map(|mechanism| text(mechanism.name())).to_vec();
        match Login::begin(&cx.state.users, &self.mechanism) {
            Ok(login) => {
                cx.client.login = login;
                Answer::Now(SaslHandshakeResponse::default().with_mechanisms(offered))
            }
            Err(error) => {
                cx.client.is_refused = true;
                Answer::Now(self.refusal(error).with_mechanisms(offered))
            }
        }
    }
}
