#!/usr/bin/env bash
# Runs the recipes on twenty seconds of the sample film, and compares what they give with one process, byte for byte: undisturbed,
# and with a worker killed in the middle of a block.
#
#   bash examples/cluster/test.sh                  # all engines that are installed
#   bash examples/cluster/test.sh slurm ray        # these
#
# BIN: folder of the tools [default: target/release]; PYTHON: one that has ray, pyspark and moto[server] [python3]; SECONDS_OF_FILM [20].
# "objects" is GNU parallel with the images in an object store, which is a server on this machine.
# An engine that is not installed is left out, and the test says so; with CI set it fails. Slurm is a stand-in, which runs the
# array one shard after another.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
BIN=$(realpath "${BIN:-$root/target/release}")
python=$(command -v "${PYTHON:-python3}")
ffmpeg=${FFMPEG:-$(command -v ffmpeg || echo "$root/models/runtime/ffmpeg")}
export FFMPEG=$ffmpeg FILM2LORA_MODELS=${FILM2LORA_MODELS:-$root/models} FILM2LORA_JOBS=1
work=$(mktemp -d) server=
trap '[ -z "$server" ] || kill "$server"' EXIT
mkdir "$work/bin"
printf '#!/bin/sh\nexec %q "$@"\n' "$python" > "$work/bin/python3"
chmod +x "$work/bin/python3"
export PATH=$work/bin:$BIN:$PATH PYSPARK_PYTHON=$python RAY_USAGE_STATS_ENABLED=0
cd "$work"
[ $# -gt 0 ] || set -- parallel objects slurm spark ray
status=0 left_out=()

# Passes records on; the first time, it kills what started it, in the middle of the block.
cat > bin/die-once <<'TOOL'
#!/bin/sh
dd bs=1000 count=1 2> /dev/null
if mkdir "$1" 2> /dev/null; then kill -9 "$PPID"; sleep 1; fi
exec cat
TOOL
# The part of Slurm that submit.sh needs: --wait, --array=0,3,7 and --output.
cat > bin/sbatch <<'TOOL'
#!/usr/bin/env bash
set -u
status=0 log=/dev/null
for word; do
    case $word in
        --array=*) array=${word#*=} ;;
        --output=*) log=${word#*=} ;;
        *.sh) script=$word ;;
    esac
done
for number in ${array//,/ }; do
    SLURM_ARRAY_TASK_ID=$number SLURM_CPUS_PER_TASK=1 setsid bash "$script" > "${log/\%a/$number}" 2>&1 || status=1
done
exit "$status"
TOOL
chmod +x bin/*

"$ffmpeg" -hide_banner -nostdin -v error -i "$root/examples/film/film.mp4" -t "${SECONDS_OF_FILM:-20}" -c copy film.mp4
frame-extract --quiet --method rules --fps 4 --out-dir frames film.mp4 > sound.jsonl
# An image that is not there, and a line that is no record: each of them is a reject.
{ head -n 7 sound.jsonl; echo '{"id":"gone","image":"frames/gone.png"}'; echo '{"id":"damaged'; tail -n +8 sound.jsonl; } > frames.jsonl
small='--device cpu --threads 1 --no-cache'
chain="frame-dedup --hash-only | light-classify | clip-embed --model small-embed $small"
# One record becomes several, in files of their own.
crops="char-detect --model small-detect --threshold 0.1 $small | sam-mask --model small-segment --out-dir masks $small |
    mask-crop --min-edges 0 --min-area 500 --min-laplacian-variance 0 --out-dir crops"

python3 "$here/block.py" --rejects one.rejects "$chain" < frames.jsonl > one.jsonl 2> one.log
python3 "$here/block.py" --rejects crops.rejects "$crops" < frames.jsonl > one.crops.jsonl 2>> one.log
mv masks one.masks && cp -r one.masks masks && mv crops one.crops && cp -r one.crops crops
echo "one process: $(wc -l < frames.jsonl) records, $(wc -l < one.jsonl) with a vector, $(wc -l < one.crops.jsonl) instances"

# Errors of damaged lines number the line of the block.
rejected() { sed 's/stdin: line [0-9]*/stdin: line N/' "$1"/*.jsonl | LC_ALL=C sort; }

# same NAME OUT REJECTS WANTED WANTED_REJECTS
same() {
    if cmp "$2" "$4" && cmp <(rejected "$3") <(rejected "$5") && python3 "$here/shards.py" check frames.jsonl "$2" "$3"/*.jsonl; then
        echo "ok    $1"
    else
        echo "WRONG $1"
        status=1
    fi
}

# through NAME CHAIN: one recipe, into NAME.jsonl and the folder NAME.rejects
through() {
    case $1 in
        parallel*) BLOCK=8k "$here/parallel.sh" frames.jsonl "$1.rejects" "$2" --jobs 2 > "$1.jsonl" ;;
        objects*)
            # A folder without images; those are in the store, under the name of this run.
            stored
            rclone copy frames "films:films/$1/frames"
            mkdir "$1.here"
            (cd "$1.here" && OBJECTS="films:films/$1" BLOCK=8k "$here/parallel.sh" ../frames.jsonl "../$1.rejects" "$2" --jobs 2) > "$1.jsonl" ;;
        slurm*)
            "$here/slurm/submit.sh" frames.jsonl "$1.out" 5 "$2" || { echo "slurm: again"; "$here/slurm/submit.sh" frames.jsonl "$1.out" 5 "$2"; }
            cp "$1.out/out.jsonl" "$1.jsonl"
            cp -r "$1.out/rejects" "$1.rejects" ;;
        spark*)
            python3 "$here/spark_blocks.py" --master 'local[2, 4]' --records 10 --out "$1.out" --rejects "$1.rejects" frames.jsonl "$2" &&
                cat "$1.out"/part-* > "$1.jsonl" ;;
        ray*) python3 "$here/ray_blocks.py" --records 10 --rejects "$1.rejects" frames.jsonl "$2" > "$1.jsonl" ;;
    esac
}

# made OUT RUNNER: the poses of the film, through make
made() {
    make -C "$root" --no-print-directory pose SETTINGS=examples/film/film.mk FILM="$work/film.mp4" OUT="$work/$1" BIN="$BIN" \
        PYTHON="$python" POSE_TARGET=12 RUNNER="$2" > "$1.log" 2>&1
}

# The manifests of the stages that RUNNER runs, and of what comes after them.
made_same() {
    local manifest
    for manifest in lit embedded boxes masked figures keypoints named posed pose/selected pose/described pose/dataset; do
        cmp "$1/$manifest.jsonl" "$2/$manifest.jsonl" || return 1
    done
    cmp <(sort "$1/boxes.rejects.jsonl") <(sort "$2/boxes.rejects.jsonl")
}

# Starts an object store on this machine that speaks S3, and tells rclone of it.
stored() {
    [ -z "$server" ] || return 0
    local port
    # Nothing of the settings of whoever runs this.
    unset AWS_CA_BUNDLE AWS_PROFILE AWS_SESSION_TOKEN
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    python3 -c 'import sys; from moto.server import main; main(sys.argv[1:])' -H 127.0.0.1 -p "$port" > server.log 2>&1 &
    server=$!
    export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_FILMS_TYPE=s3 RCLONE_CONFIG_FILMS_PROVIDER=Other RCLONE_CONFIG_FILMS_ENDPOINT=http://127.0.0.1:$port
    export RCLONE_CONFIG_FILMS_ACCESS_KEY_ID=test RCLONE_CONFIG_FILMS_SECRET_ACCESS_KEY=test
    for _ in $(seq 60); do
        if rclone mkdir films:films --retries 1 --low-level-retries 1 2> /dev/null; then return 0; fi
        sleep 1
    done
    echo "test.sh: the object store does not start: see $work/server.log" >&2
    return 1
}

has() {
    case $1 in
        objects) command -v rclone > /dev/null && command -v parallel > /dev/null && python3 -c 'import moto.server' 2> /dev/null ;;
        parallel) command -v parallel > /dev/null ;;
        slurm) true ;;
        spark) python3 -c 'import pyspark' 2> /dev/null && command -v java > /dev/null ;;
        ray) python3 -c 'import ray.data' 2> /dev/null ;;
        *) echo "test.sh: $1: not one of parallel, objects, slurm, spark, ray" >&2; exit 2 ;;
    esac
}

for engine; do
    if ! has "$engine"; then
        left_out+=("$engine")
        continue
    fi
    from=$SECONDS
    through "$engine" "$chain" 2> "$engine.log" || { echo "WRONG $engine: see $engine.log"; status=1; continue; }
    same "$engine" "$engine.jsonl" "$engine.rejects" one.jsonl one.rejects 2> "$engine.same.log"
    through "$engine-killed" "$chain | die-once $work/$engine.flag" 2> "$engine-killed.log" || { echo "WRONG $engine, with a worker killed"; status=1; continue; }
    [ -d "$engine.flag" ] || { echo "WRONG $engine: no worker was killed"; status=1; }
    same "$engine, with a worker killed" "$engine-killed.jsonl" "$engine-killed.rejects" one.jsonl one.rejects 2> "$engine-killed.same.log"
    case $engine in
        parallel|objects|slurm)
            through "$engine-crops" "$crops" 2> "$engine-crops.log" || { echo "WRONG $engine, crops"; status=1; continue; }
            same "$engine, several instances of a record" "$engine-crops.jsonl" "$engine-crops.rejects" one.crops.jsonl crops.rejects 2> "$engine-crops.same.log" ;;
    esac
    if [ "$engine" = objects ]; then
        rclone copy films:films/objects-crops back
        if diff -r frames back/frames && diff -r one.masks back/masks && diff -r one.crops back/crops && ! find objects*.here -mindepth 1 | grep .; then
            echo "ok    objects: masks and crops are in the store, and nowhere else"
        else
            echo "WRONG objects: masks and crops"
            status=1
        fi
        for place in films /nonexistent films:films/nothing; do
            if OBJECTS=$place python3 "$here/block.py" --rejects "$work/misplaced" 'frame-dedup --hash-only' < frames.jsonl > misplaced.out 2> misplaced.log ||
                [ -e misplaced ] || ! grep -q "OBJECTS=$place: " misplaced.log; then
                echo "WRONG objects: OBJECTS=$place is no error"
                status=1
            fi
        done
    fi
    # A tool that fails on every try ends the run with an error.
    if through "$engine-fails" "$chain | false" > "$engine-fails.out" 2> "$engine-fails.log"; then
        echo "WRONG $engine: a tool fails, and the run does not"
        status=1
    else
        echo "ok    $engine, a tool that fails"
    fi
    case $engine in
        parallel) runner='parallel --jobs 2' ;;
        slurm) runner='slurm 3' ;;
        ray) runner='ray --records 10' ;;
        *) runner= ;;
    esac
    if [ -n "$runner" ]; then
        [ -d made ] || made made ''
        if made "made-$engine" "$runner" && made_same made "made-$engine"; then
            echo "ok    make RUNNER='$runner'"
        else
            echo "WRONG make RUNNER='$runner': see made-$engine.log"
            status=1
        fi
    fi
    echo "      $engine: $((SECONDS - from)) s"
done

for engine in ${left_out[@]+"${left_out[@]}"}; do
    echo "NOT TESTED: $engine is not installed"
    [ -z "${CI:-}" ] || status=1
done
if [ "$status" = 0 ]; then rm -rf "$work"; else echo "test.sh: failed: see $work" >&2; fi
exit "$status"
