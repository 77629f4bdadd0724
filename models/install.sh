#!/usr/bin/env bash
# Installs the tools named, from BIN, under $DESTDIR$PREFIX: `make install`. In bin are `film2lora`, which runs all
# of them, and links of the names that LINKS asks for; the tools themselves are in libexec/film2lora. With them
# goes what they look for in share/film2lora: the registry, what `make setup` installed, the models downloaded so
# far, and the Makefile with all that pipelines need.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${DESTDIR:-}$PREFIX
libexec=$prefix/libexec/film2lora
share=$prefix/share
home=$share/film2lora

case ${LINKS:=yes} in
    yes|no|all) ;;
    *) echo "install: LINKS must be yes, no or all, not $LINKS" >&2; exit 2 ;;
esac

install -d "$prefix/bin" "$libexec" "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
    "$share/fish/vendor_completions.d" "$home/models/runtime"

# Files of some hundred megabytes are copied only if they have changed, and never appear half copied.
copy() {
    local from=$1 to=$2 mode=$3
    install -d "$(dirname "$to")"
    cmp -s "$from" "$to" && return
    install -m "$mode" "$from" "$to.new" && mv -f "$to.new" "$to"
}

# Whether the tool is to have a link of its own name: by default where no other program uses that word.
linked() {
    [ "$LINKS" = all ] || { [ "$LINKS" = yes ] && ! grep -qx 'generic = true' "tools/$1/Cargo.toml"; }
}

# What pipelines run, beside the tools.
while IFS= read -r -d '' file; do
    copy "$file" "$home/$file" 644
done < <(find Makefile tools/phase/make/*.py shared/types/*/*.mk shared/types/*/type.toml examples/labels \
    models/registry.toml models/runtime.txt models/*.sh -type f ! -name 'test_*' -print0)

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

# pages TOOL: its manual page and completions, under its own name.
pages() {
    install -m 644 "target/pages/$1.1" "$share/man/man1/"
    install -m 644 "target/pages/$1.bash" "$share/bash-completion/completions/$1"
    install -m 644 "target/pages/_$1" "$share/zsh/site-functions/"
    install -m 644 "target/pages/$1.fish" "$share/fish/vendor_completions.d/"
}

copy "$BIN/film2lora" "$prefix/bin/film2lora" 755
pages film2lora
for tool in "$@"; do
    [ "$tool" != film2lora ] || continue
    copy "$BIN/$tool" "$libexec/$tool" 755
    install -m 644 "target/pages/$tool.1" "$share/man/man1/film2lora-$tool.1"
    link=$prefix/bin/$tool
    if linked "$tool"; then
        ln -sf "../libexec/film2lora/$tool" "$link"
        pages "$tool"
    elif [ "$(readlink "$link")" = "../libexec/film2lora/$tool" ]; then
        rm "$link"
    fi
done
