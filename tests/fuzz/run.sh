#!/usr/bin/env bash
# Builds the fuzz targets and runs each for SECONDS_EACH seconds: `make fuzz`. Wants a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")"
command -v cargo-fuzz > /dev/null || cargo install --locked --version 0.13.1 --root ../../target/fuzz cargo-fuzz
export PATH=$PATH:$PWD/../../target/fuzz/bin
# The pinned toolchain is a stable one, and the instrumentation asks for flags that are not.
export RUSTC_BOOTSTRAP=1
for target in $(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' Cargo.toml | grep -v '^fuzz$'); do
    mkdir -p "corpus/$target"
    # Small files of the tests, to begin with.
    case $target in
        image_headers | mask_files) find ../../shared/vision/tests -type f -size -4k -exec cp -n {} "corpus/$target/" \; ;;
        records) find ../../tools -path '*/golden/*/in.jsonl' -print0 | xargs -0 cat | head -c 200000 | split -l 1 -a 4 - "corpus/$target/golden." ;;
    esac
    cargo fuzz run --fuzz-dir . --sanitizer none --release "$target" -- -max_total_time="${SECONDS_EACH:-60}" -rss_limit_mb=3000
done
