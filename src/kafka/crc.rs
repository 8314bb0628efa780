//! CRC-32C of record batches, and the correction of one after a change at its front.
//!
//! CRC is linear: two messages of one length that differ only in their first bytes have checksums
//! that differ by `shift(difference of the fronts' checksums, bytes that follow)`. So a batch's
//! checksum follows a changed header without the records being read, and a batch whose records were
//! damaged on the way keeps a checksum that does not fit: the target still refuses it.

/// The CRC-32C polynomial, bits reflected.
const POLYNOMIAL: u32 = 0x82F6_3B78;

/// The polynomial 1 (x^0) in reflected order.
const ONE: u32 = 1 << 31;

/// The polynomial x^8: one byte's worth of shift.
const X_POW_8: u32 = 1 << 23;

/// Multiplies by `x^(8 * n)` for every `n` of four bytes: `SHIFTS[i][b]` is `x^(8 * b * 256^i)`.
static SHIFTS: [[u32; 256]; 4] = shifts();

/// Computes the CRC-32C (Castagnoli) of the bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// Returns the CRC-32C of what `crc` is of, followed by these bytes; of nothing it is 0.
pub fn append(crc: u32, bytes: &[u8]) -> u32 {
    let length = u32::try_from(bytes.len()).expect("nobody holds 4 GiB at a time");
    shift(crc, length) ^ crc32c(bytes)
}

/// Moves a difference of two CRC-32C values past the `following_bytes` that both messages share.
pub fn shift(difference: u32, following_bytes: u32) -> u32 {
    let mut shifted = difference;
    for (table, byte) in SHIFTS.iter().zip(following_bytes.to_le_bytes()) {
        if byte != 0 {
            shifted = multiply(table[usize::from(byte)], shifted);
        }
    }
    shifted
}

/// Corrects the CRC-32C of a message whose first `N` bytes changed from `old` to `new`.
///
/// Start value and final inversion cancel out in the difference of two checksums, so the checksum of
/// the differing bits, freed of those two, is that difference.
pub fn corrected<const N: usize>(crc: u32, old: &[u8; N], new: &[u8; N], following_bytes: u32) -> u32 {
    let mut difference = [0; N];
    for (out, (a, b)) in difference.iter_mut().zip(old.iter().zip(new)) {
        *out = a ^ b;
    }
    crc ^ shift(crc32c(&difference) ^ const { crc32c_of_zeros(N) }, following_bytes)
}

/// Multiplies two polynomials modulo the CRC's, in reflected bit order.
const fn multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    let mut bit = ONE;
    while bit != 0 {
        // Masks instead of branches: the bits of a checksum cannot be predicted.
        product ^= b & 0u32.wrapping_sub((a & bit != 0) as u32);
        b = (b >> 1) ^ (POLYNOMIAL & 0u32.wrapping_sub(b & 1));
        bit >>= 1;
    }
    product
}

const fn shifts() -> [[u32; 256]; 4] {
    let mut tables = [[ONE; 256]; 4];
    let mut unit = X_POW_8;
    let mut table = 0;
    while table < 4 {
        let mut byte = 1;
        while byte < 256 {
            tables[table][byte] = multiply(tables[table][byte - 1], unit);
            byte += 1;
        }
        unit = multiply(tables[table][255], unit);
        table += 1;
    }
    tables
}

/// What start value and final inversion alone contribute to a message of `count` bytes.
const fn crc32c_of_zeros(count: usize) -> u32 {
    let mut state = u32::MAX;
    let mut bit = 0;
    while bit < count * 8 {
        state = (state >> 1) ^ (POLYNOMIAL & 0u32.wrapping_sub(state & 1));
        bit += 1;
    }
    !state
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_checksum_matches_its_published_check_value() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn zeros_contribute_what_the_library_computes_for_them() {
        assert_eq!(crc32c_of_zeros(0), crc32c(&[]));
        assert_eq!(crc32c_of_zeros(40), crc32c(&[0; 40]));
    }

    #[test]
    fn correction_equals_recomputation_for_every_small_size_and_up_to_a_mebibyte() {
        let mut message: Vec<u8> =
            (0..40 + (1 << 20) + 3).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let sizes =
            (0..2_000).chain((4..=20).flat_map(|k| [(1 << k) - 1, 1 << k, (1 << k) + 1, (1 << k) + 3]));
        for following in sizes {
            let end = 40 + following;
            let old: [u8; 40] = message[..40].try_into().unwrap();
            let before = crc32c(&message[..end]);
            let mut new = old;
            new[following % 40] ^= (following % 255 + 1) as u8;
            new[39] = new[39].wrapping_add(7);
            message[..40].copy_from_slice(&new);
            let after = crc32c(&message[..end]);
            assert_eq!(corrected(before, &old, &new, following as u32), after, "{following} bytes follow");
        }
    }

    #[test]
    fn a_checksum_goes_on_behind_what_it_is_of() {
        let text = b"all that was written so far, and what follows";
        for split in 0..=text.len() {
            let (first, rest) = text.split_at(split);
            assert_eq!(append(append(0, first), rest), crc32c(text), "{split}");
        }
    }

    #[test]
    fn shift_agrees_with_shifting_bit_by_bit_for_the_largest_lengths() {
        // x^(8n) by repeated squaring, independent of the tables.
        for length in [u32::MAX, 1 << 31, (1 << 24) + 1, 0x00FF_00FF] {
            let (mut power, mut square) = (ONE, X_POW_8);
            for bit in 0..32 {
                if length >> bit & 1 == 1 {
                    power = multiply(power, square);
                }
                square = multiply(square, square);
            }
            assert_eq!(shift(0xDEAD_BEEF, length), multiply(power, 0xDEAD_BEEF), "{length} bytes");
        }
    }
}
