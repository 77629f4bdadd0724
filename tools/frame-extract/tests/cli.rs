//! What frame-extract does from outside.

const TOOL: &str = env!("CARGO_BIN_EXE_frame-extract");

#[test]
fn words_and_papers() {
    testkit::words_and_papers(TOOL);
}
