//! SaslAuthenticate (key 36): one step of a login.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslAuthenticateResponse};

use super::text;
use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::sasl::Login;

impl Api for SaslAuthenticateRequest {
    const CHANGES: bool = false;

    fn refusal(&self, error: ResponseError) -> SaslAuthenticateResponse {
        SaslAuthenticateResponse::default()
            .with_error_code(error.code())
            .with_error_message(Some(text(&error.to_string())))
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<SaslAuthenticateResponse> {
        if cx.state.users.are_needed() && matches!(cx.client.login, Login::Unasked) {
            return Answer::Close;
        }
        match cx.client.login.step(&cx.state.users, &self.auth_bytes) {
            Ok(step) => {
                if let Some(user) = step.user {
                    cx.client.principal = format!("User:{user}");
                    cx.client.is_known = true;
                }
                Answer::Now(SaslAuthenticateResponse::default().with_auth_bytes(step.answer.into()))
            }
            Err(error) => {
                // Who fails to log in is told so, and then the connection ends.
                cx.client.is_refused = error == ResponseError::SaslAuthenticationFailed;
                Answer::Now(self.refusal(error))
            }
        }
    }
}
