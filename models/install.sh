#!/usr/bin/env bash
# Installs the tools named, from BIN, under $DESTDIR$PREFIX: `make install`. With them goes what they look for
# in share/film2lora, seen from bin: the registry, what `make setup` installed, and the models downloaded so far.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${DESTDIR:-}$PREFIX
share=$prefix/share
home=$share/film2lora

install -d "$prefix/bin" "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
    "$share/fish/vendor_completions.d" "$home/models/runtime" "$home/labels"
install -m 644 models/registry.toml "$home/models/"
install -m 644 examples/labels/*.* "$home/labels/"

# Files of some hundred megabytes are copied only where they are others than before, and never seen half.
copy() {
    local from=$1 to=$2 mode=$3
    install -d "$(dirname "$to")"
    cmp -s "$from" "$to" && return
    install -m "$mode" "$from" "$to.new" && mv -f "$to.new" "$to"
}

for network in models/small/*/; do
    for file in "$network"*.onnx "$network"*.json; do
        [ ! -f "$file" ] || copy "$file" "$home/$file" 644
    done
done
for file in models/runtime/libonnxruntime*; do
    [ ! -f "$file" ] || copy "$file" "$home/$file" 644
done
[ ! -f models/runtime/ffmpeg ] || copy models/runtime/ffmpeg "$home/models/runtime/ffmpeg" 755
# Where `make models` puts them.
models=${FILM2LORA_MODELS:-models}
if [ -d "$models/published" ]; then
    while IFS= read -r -d '' file; do
        copy "$models/$file" "$home/models/$file" 644
    done < <(cd "$models" && find published -type f ! -name '*.part' ! -name '*.checked' -print0)
fi

for tool in "$@"; do
    copy "$BIN/$tool" "$prefix/bin/$tool" 755
    install -m 644 "target/papers/$tool.1" "$share/man/man1/"
    install -m 644 "target/papers/$tool.bash" "$share/bash-completion/completions/$tool"
    install -m 644 "target/papers/_$tool" "$share/zsh/site-functions/"
    install -m 644 "target/papers/$tool.fish" "$share/fish/vendor_completions.d/"
done
