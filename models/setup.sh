#!/usr/bin/env bash
# Brings what is missing into models/runtime/: the ONNX Runtime library, and
# ffmpeg if none is on the PATH. Versions and checksums stand in runtime.txt.
# With RUNTIME=gpu the library is the one with CUDA, and replaces one without.
set -euo pipefail

models=$(cd "$(dirname "$0")" && pwd)
runtime=$models/runtime
python=${PYTHON:-python3}

say() { printf 'setup: %s\n' "$*" >&2; }

# The wheel's Python version does not matter, as only its library is used;
# naming one makes pip choose the file whose checksum is known.
fetch() {
    local package=$1 work=$2
    grep -A5 "^$package==" "$models/runtime.txt" | sed '/^#/,$d' > "$work/requirements.txt"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary=:all: --python-version 3.12 --implementation cp --abi cp312 --abi none \
        "${platforms[@]}" --dest "$work" --requirement "$work/requirements.txt"
    "$python" -m zipfile -e "$work"/*.whl "$work/wheel"
}

case $(uname -s)-$(uname -m) in
    Linux-x86_64) tags="manylinux_2_28_x86_64 manylinux2014_x86_64" ;;
    Linux-aarch64) tags="manylinux_2_28_aarch64 manylinux2014_aarch64" ;;
    Darwin-arm64) tags="macosx_14_0_arm64 macosx_11_0_arm64" ;;
    Darwin-x86_64) tags="macosx_10_9_x86_64" ;;
    *) say "no wheels are known for $(uname -sm): install ffmpeg and ONNX Runtime yourself"; exit 1 ;;
esac
platforms=()
for tag in $tags; do platforms+=(--platform "$tag"); done

mkdir -p "$runtime"
work=$(mktemp -d "$runtime/.setup.XXXXXX")
trap 'rm -rf "$work"' EXIT

case ${RUNTIME:-cpu} in
    cpu|gpu) ;;
    *) say "RUNTIME is cpu or gpu, not $RUNTIME"; exit 2 ;;
esac

if [ "${RUNTIME:-cpu}" = gpu ]; then
    if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
        say "no ONNX Runtime wheel with CUDA for $(uname -sm): name a library in ORT_DYLIB_PATH"; exit 1
    elif [ -e "$runtime/libonnxruntime_providers_cuda.so" ]; then
        say "ONNX Runtime with CUDA is there"
    else
        say "bringing ONNX Runtime with CUDA (about 260 MB)"
        mkdir "$work/onnx"
        fetch onnxruntime-gpu "$work/onnx"
        # The library finds its providers beside itself; it goes last, so that it never is without.
        capi=$work/onnx/wheel/onnxruntime/capi
        mv "$capi"/libonnxruntime_providers_{shared,cuda}.so "$runtime/"
        mv "$capi"/libonnxruntime.so.* "$runtime/libonnxruntime.so"
    fi
elif [ -e "$runtime/libonnxruntime.so" ] || [ -e "$runtime/libonnxruntime.dylib" ]; then
    say "ONNX Runtime is there"
elif [ "$(uname -s)-$(uname -m)" = Darwin-x86_64 ]; then
    say "no ONNX Runtime wheel for this platform: name a library in ORT_DYLIB_PATH"
else
    say "bringing ONNX Runtime (about 20 MB)"
    mkdir "$work/onnx"
    fetch onnxruntime "$work/onnx"
    library=$(find "$work/onnx/wheel" -name 'libonnxruntime.*' -type f | head -n 1)
    case $library in *.dylib) name=libonnxruntime.dylib ;; *) name=libonnxruntime.so ;; esac
    mv "$library" "$runtime/$name"
fi

if command -v ffmpeg > /dev/null; then
    say "ffmpeg is on the PATH: $(command -v ffmpeg)"
elif [ -x "$runtime/ffmpeg" ]; then
    say "ffmpeg is there"
else
    say "bringing ffmpeg (about 30 MB)"
    mkdir "$work/ffmpeg"
    fetch imageio-ffmpeg "$work/ffmpeg"
    binary=$(find "$work/ffmpeg/wheel" -path '*/binaries/ffmpeg*' -type f | head -n 1)
    chmod +x "$binary"
    mv "$binary" "$runtime/ffmpeg"
fi
