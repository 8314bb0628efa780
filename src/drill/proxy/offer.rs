//! Which requests the proxy's clients are told of: what the broker takes, in versions whose answers it can read.
//!
//! Newer versions may bear addresses in places that are not known here, as Produce did from version 10 on
//! (KIP-951), and a client that follows one is out of the drill's reach.

use std::collections::HashMap;

use kafka_protocol::messages::{ApiKey, ApiVersionsResponse};
use kafka_protocol::protocol::VersionRange;

/// Versions from which on answers bear addresses that are better not asked for: those of Fetch would make
/// each answer wait for its end, and those of DescribeQuorum are controllers', which no client can reach.
const HELD_BACK: [(ApiKey, i16); 2] = [(ApiKey::Fetch, 15), (ApiKey::DescribeQuorum, 1)];

/// Holds what a broker takes through the proxy.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// The answer that says so.
    pub(super) answer: ApiVersionsResponse,
    versions: HashMap<i16, VersionRange>,
}

impl Offer {
    /// Makes it from what the broker says.
    pub(super) fn new(mut told: ApiVersionsResponse) -> Self {
        cap(&mut told);
        let range = |max, min| VersionRange { min, max };
        let versions =
            told.api_keys.iter().map(|api| (api.api_key, range(api.max_version, api.min_version))).collect();
        Self { answer: told, versions }
    }

    /// Says whether a request may pass.
    pub(super) fn takes(&self, api: i16, version: i16) -> bool {
        self.versions.get(&api).is_some_and(|range| (range.min..=range.max).contains(&version))
    }
}

/// Takes out of an answer what is not offered.
pub(super) fn cap(told: &mut ApiVersionsResponse) {
    told.api_keys.retain_mut(|told| {
        let Some(known) = newest(told.api_key) else { return false };
        told.max_version = told.max_version.min(known);
        told.min_version <= told.max_version
    });
}

fn newest(api: i16) -> Option<i16> {
    let api = ApiKey::try_from(api).ok()?;
    let held_back = HELD_BACK.iter().find(|(held_back, _)| *held_back == api);
    Some(held_back.map_or(api.valid_versions().max, |(_, newest)| *newest))
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::api_versions_response::ApiVersion;

    use super::*;

    fn told(ranges: &[(i16, i16, i16)]) -> ApiVersionsResponse {
        let api = |&(key, min, max): &(i16, i16, i16)| {
            ApiVersion::default().with_api_key(key).with_min_version(min).with_max_version(max)
        };
        ApiVersionsResponse::default().with_api_keys(ranges.iter().map(api).collect())
    }

    #[test]
    fn what_cannot_be_read_is_not_offered() {
        let metadata = ApiKey::Metadata.valid_versions().max;
        let broker = told(&[(0, 0, 99), (1, 4, 18), (3, 0, 99), (8, 2, 3), (10, 90, 99), (999, 0, 1)]);
        let offer = Offer::new(broker);
        assert!(offer.takes(3, metadata) && !offer.takes(3, metadata + 1));
        assert!(offer.takes(1, 15) && !offer.takes(1, 16) && !offer.takes(1, 3));
        assert!(offer.takes(8, 3) && !offer.takes(8, 4), "never more than the broker takes");
        assert!(!offer.takes(10, 90) && !offer.takes(10, 4), "nothing in common");
        assert!(!offer.takes(999, 0), "nobody knows what its answers bear");
        assert_eq!(offer.answer.api_keys.len(), 4);
    }
}
