//! Any run-length code is an error or a mask whose own code reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vision::mask::Rle;

fuzz_target!(|given: (u8, u8, &str)| {
    let (width, height, code) = given;
    let Ok(runs) = Rle::from_coco_string(width.into(), height.into(), code) else { return };
    let mask = runs.decode().expect("the size was checked");
    assert_eq!(mask.area(), runs.area());
    let own = Rle::encode(&mask).to_coco_string();
    let again = Rle::from_coco_string(width.into(), height.into(), &own).and_then(|runs| runs.decode());
    assert_eq!(again.ok(), Some(mask));
});
