//! ApiVersions (key 18): what a broker speaks.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse};

use crate::sandbox::answer::{Answer, Api, Context};
use crate::sandbox::dispatch::served_versions;

/// The first Produce version brokers tell of, though they take none below 3: older clients look at
/// it to find out which codecs there are.
const PRODUCE_TOLD_FROM: i16 = 0;

/// The client's name and version, since version 3, follow Kafka's own pattern.
fn is_name(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    ends(text.chars().next()) && ends(text.chars().last()) && text.chars().all(inside)
}

impl Api for ApiVersionsRequest {
    fn refusal(&self, error: ResponseError) -> ApiVersionsResponse {
        let served = served_versions();
        let api_keys = served.map(|(api, versions)| {
            ApiVersion::default()
                .with_api_key(api as i16)
                .with_min_version(if api == ApiKey::Produce { PRODUCE_TOLD_FROM } else { versions.min })
                .with_max_version(versions.max)
        });
        ApiVersionsResponse::default().with_error_code(error.code()).with_api_keys(api_keys.collect())
    }

    fn handle(self, cx: &mut Context<'_>) -> Answer<ApiVersionsResponse> {
        let unnamed = !is_name(&self.client_software_name) || !is_name(&self.client_software_version);
        if cx.version >= 3 && unnamed {
            let refused = ApiVersionsResponse::default();
            return Answer::Now(refused.with_error_code(ResponseError::InvalidRequest.code()));
        }
        Answer::Now(self.refusal(ResponseError::UnsupportedVersion).with_error_code(0))
    }
}
