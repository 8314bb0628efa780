#![allow(clippy::unwrap_used)]

use super::*;

fn samples() -> Vec<Vec<u8>> {
    let text: Vec<u8> = (0..40_000).flat_map(|i: u32| format!("record {i};").into_bytes()).collect();
    let noise: Vec<u8> = (0..200_000).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    vec![Vec::new(), b"x".to_vec(), text, noise]
}

#[test]
fn every_codec_returns_what_it_was_given() {
    for codec in Codec::ALL {
        for sample in samples() {
            let compressed = compress(codec, &sample).unwrap();
            assert_eq!(decompress(codec, &compressed, sample.len()).unwrap(), sample, "{codec}");
        }
    }
}

#[test]
fn compressing_and_decompressing_append() {
    for codec in Codec::ALL {
        let mut compressed = b"before".to_vec();
        compress_into(codec, b"payload payload", &mut CodecScratch::default(), &mut compressed).unwrap();
        assert_eq!(&compressed[..6], b"before", "{codec}");
        let mut out = b"kept ".to_vec();
        decompress_into(codec, &compressed[6..], 100, &mut out).unwrap();
        assert_eq!(out, b"kept payload payload", "{codec}");
    }
}

#[test]
fn g8_decompressing_stops_at_the_limit() {
    let zeros = vec![0; 1 << 20];
    for codec in Codec::ALL {
        let compressed = compress(codec, &zeros).unwrap();
        let error = decompress(codec, &compressed, zeros.len() - 1).unwrap_err();
        assert!(matches!(error, CodecError::TooLarge { limit_bytes: 1_048_575 }), "{codec}: {error}");
    }
}

#[test]
fn snappy_is_read_bare_and_concatenated() {
    let bare = snap::raw::Encoder::new().compress_vec(b"bare block").unwrap();
    assert_eq!(decompress(Codec::Snappy, &bare, 100).unwrap(), b"bare block");
    let mut twice = compress(Codec::Snappy, b"one ").unwrap();
    twice.extend(compress(Codec::Snappy, b"two").unwrap());
    assert_eq!(decompress(Codec::Snappy, &twice, 100).unwrap(), b"one two");
}

#[test]
fn gzip_members_in_a_row_are_one_stream() {
    let mut twice = compress(Codec::Gzip, b"one ").unwrap();
    twice.extend(compress(Codec::Gzip, b"two").unwrap());
    assert_eq!(decompress(Codec::Gzip, &twice, 100).unwrap(), b"one two");
}

#[test]
fn snappy_cut_short_says_what_is_missing() {
    let compressed = compress(Codec::Snappy, b"some bytes that matter").unwrap();
    let error = decompress(Codec::Snappy, &compressed[..compressed.len() - 3], 100).unwrap_err();
    assert!(matches!(error, CodecError::SnappyCut { missing_bytes: 3 }), "{error}");
}

#[test]
fn lz4_is_written_as_java_reads_it() {
    let compressed = compress(Codec::Lz4, b"abc").unwrap();
    // Version 01, blocks independent; no checksums, no content size, no dictionary; 64 KiB blocks.
    assert_eq!(compressed[..6], [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40]);
}

#[test]
fn lz4_is_read_with_linked_blocks_checksums_and_content_size() {
    use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
    let sample = &samples()[2];
    let info = FrameInfo::new()
        .block_mode(BlockMode::Linked)
        .block_checksums(true)
        .content_checksum(true)
        .content_size(Some(sample.len() as u64));
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(sample).unwrap();
    let frame = encoder.finish().unwrap();
    assert_eq!(&decompress(Codec::Lz4, &frame, sample.len()).unwrap(), sample);
}

#[test]
fn damaged_data_is_refused_by_name() {
    for codec in [Codec::Gzip, Codec::Lz4, Codec::Zstd] {
        let error = decompress(codec, b"this is no frame of any codec", 100).unwrap_err();
        assert!(error.to_string().contains(codec.name()), "{error}");
    }
}

#[test]
fn attribute_bits_name_the_codec_and_unknown_ones_none() {
    for codec in Codec::ALL {
        assert_eq!(Codec::from_attributes(codec.attribute_bits() | 0x78), Some(codec));
    }
    for bits in 5..8 {
        assert_eq!(Codec::from_attributes(bits), None);
    }
}
