//! Any file is an error or a mask.
#![no_main]

use libfuzzer_sys::fuzz_target;

// A panic of a decoder becomes an error of the image. The fuzzer would end at it; what is not caught ends the fuzzer all the same.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| {
    let Ok(size) = vision::decode::dimensions_from_bytes(bytes) else { return };
    if u64::from(size.width) * u64::from(size.height) > 1 << 16 {
        return;
    }
    if let Ok(mask) = vision::mask::from_bytes(bytes) {
        assert_eq!((mask.width(), mask.height()), (size.width, size.height));
    }
});
