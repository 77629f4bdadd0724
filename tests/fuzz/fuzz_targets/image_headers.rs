//! Any file is an error or has a size, and pixels of that size.
#![no_main]

use libfuzzer_sys::fuzz_target;

// A panic of a decoder becomes an error of the image. The fuzzer would end at it; what is not caught ends the fuzzer all the same.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| {
    let Ok(header) = vision::decode::header_from_bytes(bytes) else { return };
    let size = header.dimensions();
    // Large images take long and tell no more.
    if u64::from(size.width) * u64::from(size.height) > 1 << 16 {
        return;
    }
    if let Ok(image) = vision::decode::rgb_from_bytes(bytes) {
        assert_eq!(image.dimensions(), (size.width, size.height));
    }
});
