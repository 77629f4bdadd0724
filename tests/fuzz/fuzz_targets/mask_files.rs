//! Any file is an error or a mask.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(size) = vision::decode::dimensions_from_bytes(bytes) else { return };
    if u64::from(size.width) * u64::from(size.height) > 1 << 16 {
        return;
    }
    if let Ok(mask) = vision::mask::from_bytes(bytes) {
        assert_eq!((mask.width(), mask.height()), (size.width, size.height));
    }
});
