//! Sums over blocks of pixels.

/// The sums of a plane of levels, whose rows have `width` numbers, over blocks of so many columns and rows, in the order
/// of the blocks; `size` is how many blocks there are across and down.
///
/// ```
/// let plane = [1, 2, 3, 4, 0, 5, 6, 7, 8, 0];
/// assert_eq!(vision::blocks::sums(&plane, 5, (2, 1), (2, 2)), [14, 22]);
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
        sums.extend(
            strip
                .chunks_exact(across)
                .map(|block| block.iter().sum::<u32>()),
        );
    }
    sums
}
