//! What is left of a demo for those who want to look around.

use super::regions::{BROKERS, NAMES, Regions};
use super::{Context, DemoError, signals};
use crate::report::output::Format;

/// Brings the source back, says what can be tried, and waits for a signal.
pub(super) async fn keep(context: &Context, regions: &Regions, topic: &str) -> Result<(), DemoError> {
    regions.heal()?;
    let folder = std::env::temp_dir().join(format!("strait-demo-{}", std::process::id()));
    // A folder that is there already is somebody else's.
    std::fs::create_dir(&folder).map_err(DemoError::Save)?;
    let file = folder.join("strait.toml");
    std::fs::write(&file, &regions.text).map_err(DemoError::Save)?;
    let program = std::env::args().next().unwrap_or_else(|| "strait".to_owned());
    let (name, [us, _]) = (file.display(), NAMES);
    let output = &context.output;
    if output.format() != Format::Json {
        output.say(&format!(
            "\n{us} is back, and both regions of {BROKERS} brokers run until Ctrl-C. Try:\n\
             \x20 export STRAIT_CONFIG={name}\n\
             \x20 {program} status\n\
             \x20 {program} verify\n\
             \x20 {program} groups sync\n\
             \x20 {program} replicate --until-caught-up\n\
             \x20 kcat -b {} -t {topic} -C -e -q | wc -l\n",
            regions.target.addresses().first().map(ToString::to_string).unwrap_or_default(),
        ));
    }
    signals::next().await;
    // A folder of temporary files that cannot be removed is the system's to clear.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}
