//! Sums over blocks of pixels.

/// The sums of a plane of levels, whose rows have `width` numbers, over blocks of so many columns and rows, in the order
/// of the blocks; `size` is how many blocks there are across and down.
///
/// ```
/// let plane = [1, 2, 3, 4, 0, 5, 6, 7, 8, 0];
/// assert_eq!(vision::blocks::sums(&plane, 5, (2, 1), (2, 2)), [14, 22]);
/// assert_eq!(vision::blocks::sums(&plane, 5, (1, 2), (3, 1)), [6, 18]);
/// ```
pub fn sums(plane: &[u8], width: usize, size: (u32, u32), block: (u32, u32)) -> Vec<u32> {
    let (across, down) = (block.0 as usize, block.1 as usize);
    let (columns, rows) = (size.0 as usize * across, size.1 as usize);
    let mut sums = Vec::with_capacity(size.0 as usize * rows);
    if columns == 0 || down == 0 || columns > width {
        return sums;
    }
    // Rows are added up first, many numbers at a time.
    let mut strip = vec![0_u32; columns];
    for of_blocks in plane.chunks_exact(width * down).take(rows) {
        strip.fill(0);
        for row in of_blocks.chunks_exact(width) {
            for (sum, &level) in strip.iter_mut().zip(row) {
                *sum += u32::from(level);
            }
        }
        match across {
            2 => extend::<2>(&mut sums, &strip),
            4 => extend::<4>(&mut sums, &strip),
            8 => extend::<8>(&mut sums, &strip),
            16 => extend::<16>(&mut sums, &strip),
            _ => sums.extend(
                strip
                    .chunks_exact(across)
                    .map(|block| block.iter().sum::<u32>()),
            ),
        }
    }
    sums
}

/// Adds the sums of every `ACROSS` numbers; a length that is known makes this several times faster.
fn extend<const ACROSS: usize>(sums: &mut Vec<u32>, strip: &[u32]) {
    let (blocks, _) = strip.as_chunks::<ACROSS>();
    sums.extend(blocks.iter().map(|block| block.iter().sum::<u32>()));
}
