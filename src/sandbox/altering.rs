//! Changing settings of topics and brokers, and what follows from it.

use kafka_protocol::error::ResponseError;

use super::configs::{Change, changed_broker, changed_topic};
use super::state::State;

/// Says why a change was refused, as the protocol does.
pub type Refused = (ResponseError, Option<String>);

impl State {
    /// Changes a topic's settings, or only says whether it would.
    pub fn alter_topic(
        &mut self,
        name: &str,
        changes: &[Change],
        validate_only: bool,
    ) -> Result<(), Refused> {
        let topic = self.topics.get_mut(name).ok_or((ResponseError::UnknownTopicOrPartition, None))?;
        let configs = changed_topic(&topic.configs, changes)
            .map_err(|error| (error.code(), Some(error.to_string())))?;
        let settings = self
            .configs
            .topic_settings(&configs)
            .map_err(|error| (ResponseError::InvalidConfig, Some(error.to_string())))?;
        if !validate_only {
            (topic.configs, topic.settings) = (configs, settings);
        }
        Ok(())
    }

    /// Changes settings of one broker, or, with an empty name, of all of them.
    pub fn alter_broker(
        &mut self,
        name: &str,
        changes: &[Change],
        validate_only: bool,
    ) -> Result<(), Refused> {
        let broker = match name {
            "" => None,
            name => {
                let known = name.parse().ok().filter(|id| self.brokers.get(*id).is_some());
                let unknown = || (ResponseError::InvalidRequest, Some(format!("Unknown broker {name}")));
                Some(known.ok_or_else(unknown)?)
            }
        };
        let own = self.configs.dynamic(broker).cloned().unwrap_or_default();
        let changed =
            changed_broker(&own, changes).map_err(|error| (error.code(), Some(error.to_string())))?;
        if validate_only {
            return Ok(());
        }
        self.configs.set_dynamic(broker, changed);
        for topic in self.topics.iter_mut() {
            // A topic's own settings were checked when they were set.
            if let Ok(settings) = self.configs.topic_settings(&topic.configs) {
                topic.settings = settings;
            }
        }
        Ok(())
    }
}
