//! Matching a tail with its source (guarantees G1, G2), against a model that knows what was copied:
//! logs with gaps and repeated contents, a crash anywhere, compaction and retention at either end, records
//! left out under a policy.

use std::collections::BTreeSet;

use proptest::prelude::*;
use strait::engine::tail::{MatchedRun, Matcher, Progress, Start, Unclear};
use strait::kafka::records::{RecordFingerprint, encode_pairs, fingerprints};

/// What a partition went through.
#[derive(Clone, Debug)]
struct Story {
    /// Gaps in front of each source record: markers, aborted records, what was compacted before.
    gaps: Vec<i64>,
    /// Which content each record has; contents repeat.
    contents: Vec<u16>,
    /// How many records were copied before the crash.
    copied: usize,
    /// How many of them the checkpoint knows of.
    known: usize,
    /// Records compaction took from the source since, by index.
    compacted: Vec<usize>,
    /// Records retention took from the source's start since.
    trimmed_source: usize,
    /// Records retention took from the target's start since.
    trimmed_target: usize,
    /// Records that are on record as left out, by index, whether the copy came to them or not.
    left_out: BTreeSet<usize>,
}

fn print_of(content: u16) -> RecordFingerprint {
    let batch = encode_pairs(&[(content.to_be_bytes().to_vec(), None)], 7);
    let batch = strait::kafka::batch::RawBatch { header: batch.header, bytes: batch.bytes };
    fingerprints(&batch, 1 << 20, false).unwrap()[0].1
}

fn stories(contents: std::ops::Range<u16>, is_trimmed: bool) -> impl Strategy<Value = Story> {
    (1..40_usize).prop_flat_map(move |count| {
        let trim = if is_trimmed { 0..=count } else { 0..=0 };
        (
            prop::collection::vec(0..3_i64, count),
            prop::collection::vec(contents.clone(), count),
            0..=count,
            0..=count,
            prop::collection::vec(0..count, 0..count),
            trim.clone(),
            trim,
            prop::collection::btree_set(0..count, 0..=count / 3),
        )
            .prop_map(
                |(gaps, contents, a, b, compacted, trimmed_source, trimmed_target, left_out)| Story {
                    gaps,
                    contents,
                    copied: a.max(b),
                    known: a.min(b),
                    compacted,
                    trimmed_source,
                    trimmed_target,
                    left_out,
                },
            )
    })
}

/// What the matcher is given and what is true.
struct Played {
    offsets: Vec<i64>,
    /// Indexes of the records the source still holds.
    left: Vec<usize>,
    runs: Vec<MatchedRun>,
    result: Result<i64, Unclear>,
}

fn play(story: &Story) -> Played {
    let mut offsets = Vec::new();
    let mut next = 0;
    for gap in &story.gaps {
        next += gap;
        offsets.push(next);
        next += 1;
    }
    let end = next;
    let offset_of = |index: usize| offsets.get(index).copied().unwrap_or(end);
    let source_next = if story.known == 0 { 0 } else { offsets[story.known - 1] + 1 };
    let source_first = if story.trimmed_source == 0 { 0 } else { offset_of(story.trimmed_source) };
    let left: Vec<usize> = (0..offsets.len())
        .filter(|index| !story.compacted.contains(index) && offsets[*index] >= source_first)
        .collect();
    // The target's offsets are the copies' numbers.
    let visible = story.known.max(story.trimmed_target)..story.copied.max(story.known);
    let tail = visible
        .filter(|index| !story.left_out.contains(index))
        .map(|index| (i64::try_from(index).unwrap(), print_of(story.contents[index])))
        .collect::<Vec<_>>();
    let is_tail_cut = story.trimmed_target.min(story.copied) > story.known;
    let on_record = story.left_out.iter().map(|index| offsets[*index]).collect();
    let target_next = i64::try_from(story.known).unwrap();
    let start = Start { source_next, target_next, source_first, is_tail_cut };
    let mut matcher = Matcher::new(tail, start, on_record);
    let from = matcher.read_from();
    let to_read: Vec<usize> = left.iter().copied().filter(|index| offsets[*index] >= from).collect();
    for batch in to_read.chunks(3) {
        let records = batch.iter().map(|index| (offsets[*index], print_of(story.contents[*index])));
        let after = offsets[batch[batch.len() - 1]] + 1;
        if matcher.is_over() || matcher.compare(records, after) != Progress::GoOn {
            break;
        }
    }
    let finished = matcher.finish();
    let runs = finished.as_ref().map(|matched| matched.runs.clone()).unwrap_or_default();
    Played { offsets, left, runs, result: finished.map(|matched| matched.next) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Where every record has content of its own, the position is exact or said to be unclear.
    #[test]
    fn g1_g2_the_position_parts_what_was_copied_from_what_was_not(mut story in stories(0..1, true)) {
        story.contents = (0..).take(story.contents.len()).collect();
        let is_passed = |index: usize| index < story.copied && story.left_out.contains(&index);
        let Played { offsets, left, runs, result } = play(&story);
        for run in &runs {
            let target = usize::try_from(run.target).unwrap();
            for index in 0..usize::try_from(run.count).unwrap() {
                let source = run.source + i64::try_from(index).unwrap();
                prop_assert_eq!(offsets[target + index], source, "the tail's map is exact (G6)");
            }
        }
        match result {
            Ok(next) => {
                // One left out may be come to again: nothing of it is at the target.
                for index in left.into_iter().filter(|index| !is_passed(*index)) {
                    prop_assert_eq!(offsets[index] < next, index < story.copied, "record {}", index);
                }
                let lost = (story.copied..offsets.len())
                    .any(|index| offsets[index] < next && index < story.trimmed_source);
                prop_assert!(!lost, "records that retention took before they were copied pass in silence");
            }
            Err(Unclear::Gap { from, to }) => {
                // Every record that is really missing lies within what is said to be missing.
                let missing = offsets.iter().take(story.trimmed_source).skip(story.copied);
                for offset in missing {
                    prop_assert!((from..=to).contains(offset), "offset {}", offset);
                }
            }
            Err(Unclear::TailRemoved | Unclear::NotAtSource) => {
                prop_assert!(story.trimmed_target > story.known, "a whole tail explains itself");
            }
        }
    }

    /// Where contents repeat, and nothing was taken from either log, the position is exact.
    #[test]
    fn g2_repeated_contents_are_told_apart_by_their_order(mut story in stories(0..3, false)) {
        story.compacted.clear();
        // What was left out was larger than all that was copied.
        for index in &story.left_out {
            story.contents[*index] += 100;
        }
        let Played { offsets, left, result, .. } = play(&story);
        let next = result.unwrap();
        let is_passed = |index: &usize| *index < story.copied && story.left_out.contains(index);
        for index in left.into_iter().filter(|index| !is_passed(index)) {
            prop_assert_eq!(offsets[index] < next, index < story.copied, "record {}", index);
        }
    }
}
