//! What detectors call what they find.

/// The classes of COCO's detection task, in the order of published weights, which is also rtmlib's
/// `YOLOX.COCO_CLASSES`.
pub const COCO: [&str; 80] = [
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "dining table",
    "toilet",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
];

/// The names of this many classes: COCO's for 80, `person` for one, and numbers otherwise. A graph
/// that does not say how many it has, `None`, has COCO's, whose first is `person` as well.
pub(super) fn of_count(classes: Option<usize>) -> Vec<String> {
    match classes {
        None | Some(80) => COCO.map(str::to_owned).to_vec(),
        Some(1) => vec!["person".to_owned()],
        Some(count) => (0..count).map(|class| format!("class_{class}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_number_of_classes() {
        assert_eq!(of_count(Some(80))[79], "toothbrush");
        assert_eq!(of_count(Some(1)), ["person"]);
        assert_eq!(of_count(Some(3))[2], "class_2");
        assert_eq!(of_count(None)[0], "person");
    }
}
