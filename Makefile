# film2lora: one film to training-ready LoRA data sets.  `make help` lists what there is.
#
# Two parts: what runs in the repository (building, testing, installing), and,
# below, what runs inside the folder OUT (the pipelines). The first calls the
# second with `make -C "$OUT"`, so that every manifest names its images
# relative to OUT, OUT can be moved as a whole, and no path with spaces ever
# becomes the name of a target.

# An older make (macOS has 3.81) reads what follows wrongly: it says so, with whatever else is missing.
ifneq ($(firstword $(sort $(MAKE_VERSION) 4.3)),4.3)
$(shell bash models/needs.sh $(MAKE_VERSION) >&2)
$(error stopped)
endif

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# Settings: on the command line, or in the file SETTINGS, which is read here.
SETTINGS ?= film.mk
-include $(SETTINGS)

FILM ?=
OUT ?= out
TRIGGER ?=
# ONNX Runtime to bring: cpu or gpu.
RUNTIME ?= cpu
# Models to bring: of these roles, or by name; and a folder or address to bring them from.
ROLE ?=
MODEL ?=
MODELS_FROM ?=
# What `make plan` runs, and whose images `make review` shows.
PIPELINE ?= all
# Where the tools are; set it to use installed ones and build nothing.
BIN ?=
PREFIX ?= /usr/local
# CPU work makes way for everything else on the machine.
NICE ?= 19
# Free disk that a stage which writes images wants to see first.
NEEDS_DISK ?= 2GB
# Images to select for a data set.
CHARACTER_TARGET ?= 400
BACKGROUND_TARGET ?= 1200
POSE_TARGET ?= 400
EXPRESSION_TARGET ?= 300
STYLE_TARGET ?= 650
LIGHTING_TARGET ?= 500
# Trainers to write for, and the share of whole shots to keep from training.
DATASET_FLAGS ?= --views kohya,onetrainer,ai-toolkit,diffusers --validation 10%
# Networks: published (what `make models` brings), small (our own, for the sample
# film alone), or none, which leaves only what frames themselves can tell.
NETWORKS ?= published
# A network by its name in the registry or its path, in place of the default of its role.
DETECT_MODEL ?=
SEGMENT_MODEL ?=
INPAINT_MODEL ?=
EMBED_MODEL ?=
POSE_MODEL ?=
FACE_MODEL ?=
EMOTION_MODEL ?=
CAPTION_MODEL ?=
# Where networks run: auto, cpu or cuda.
DEVICE ?= auto
# A folder with a folder of pictures for each character, whose name it gives them.
CAST ?=
# Whose data sets `character` makes; without CAST the largest group of figures.
CHARACTER ?=
# The character's class word, as boy.
CLASS ?=
# Whether a vision-language model describes the images before captions are composed.
DESCRIBE ?= yes
# A folder or file of labels for clip-tag: of frames, and of figures (nothing: they get none).
LABELS ?= examples/labels
FIGURE_LABELS ?= examples/labels/clothes.toml
# Further flags of each tool in each stage.
EXTRACT_FLAGS ?=
DEDUP_FLAGS ?=
BLUR_FLAGS ?=
LIGHT_FLAGS ?=
EMBED_FLAGS ?= --crops wide
TAG_FLAGS ?=
DETECT_FLAGS ?=
# A figure that is missed stays in the plate; a box too many costs a little ground.
BACKGROUND_DETECT_FLAGS ?= $(or $(DETECT_FLAGS),--threshold 0.2 --classes creatures)
# Backgrounds of a film in which the detector finds no one hold whoever is in it: yes makes them all the same.
ALLOW_UNSEEN ?= no
SEGMENT_FLAGS ?=
BACKGROUND_SEGMENT_FLAGS ?= $(SEGMENT_FLAGS)
INSTANCE_FLAGS ?=
FIGURE_EMBED_FLAGS ?= --mask
CAST_CLUSTER_FLAGS ?=
IDENTITY_FLAGS ?=
KEYPOINT_FLAGS ?=
POSE_FLAGS ?= --smooth 1
FACE_FLAGS ?=
EMOTION_FLAGS ?=
PLATE_FLAGS ?=
INPAINT_FLAGS ?=
PLACE_CLUSTER_FLAGS ?= --near-duplicates 0.98
POSE_CLUSTER_FLAGS ?= --on /pose/vector --near-duplicates 0.995 --quality /instance/sharpness
FIGURE_CLUSTER_FLAGS ?= --near-duplicates 0.98
DESCRIBE_FLAGS ?= --task detailed
FIGURE_BLUR_FLAGS ?= --sharpness 10% --letters 0 --title 0 --flat 1
PLATE_BLUR_FLAGS ?=
CHARACTER_BALANCE_FLAGS ?= --by /pose/framing,/pose/angle,/emotion/label --quota /pose/head=unseen:0 --per-shot 6
BACKGROUND_BALANCE_FLAGS ?= --by /cluster/id,/light/time --per-shot 2
POSE_BALANCE_FLAGS ?= --by /pose/action,/pose/angle --quota /pose/action=unknown:0 --quota /pose/head=unseen:0 --quality /instance/sharpness --per-shot 6
EXPRESSION_BALANCE_FLAGS ?= --by /emotion/label,/emotion/intensity --quota /emotion/label=unknown:0 --quality /face/sharpness --per-shot 4
STYLE_BALANCE_FLAGS ?= --per-shot 3
LIGHTING_BALANCE_FLAGS ?= --by /light/time --quota /light/time=unknown:0 --per-shot 6
CHARACTER_CAPTION_FLAGS ?=
BACKGROUND_CAPTION_FLAGS ?=
POSE_CAPTION_FLAGS ?=
EXPRESSION_CAPTION_FLAGS ?=
STYLE_CAPTION_FLAGS ?=
LIGHTING_CAPTION_FLAGS ?=
CHARACTER_DATASET_FLAGS ?= $(DATASET_FLAGS)
BACKGROUND_DATASET_FLAGS ?= $(DATASET_FLAGS)
POSE_DATASET_FLAGS ?= $(DATASET_FLAGS)
EXPRESSION_DATASET_FLAGS ?= $(DATASET_FLAGS)
STYLE_DATASET_FLAGS ?= $(DATASET_FLAGS)
LIGHTING_DATASET_FLAGS ?= $(DATASET_FLAGS)
LINT_FLAGS ?=

PIPELINES := frames instances character background pose expression style lighting

# Recipes read these from the environment, where any character is safe.
export FILM OUT TRIGGER BIN PREFIX RUNTIME ROLE MODEL MODELS_FROM CAST CHARACTER CLASS LABELS FIGURE_LABELS

ifndef INSIDE_OUT

# Behind all that the machine has: the programs that `make setup` brings.
export PATH := $(PATH):$(CURDIR)/models/runtime/bin

TOOLS := $(notdir $(patsubst %/,%,$(dir $(wildcard tools/*/Cargo.toml))))

.PHONY: help
help: ## List the targets and settings
	@echo 'Pipelines, as in: make style lighting FILM=film.mp4 OUT=out TRIGGER=mystyle'
	@sed -nE 's/^([a-z-]+):.*## \[pipeline\] (.*)/  \1\t\2/p' Makefile | expand -t 16
	@echo 'Everything else:'
	@sed -nE 's/^([a-z-]+):.*## ([^[].*)/  \1\t\2/p' Makefile | expand -t 16
	@echo 'Settings, on the command line or in film.mk:'
	@sed -nE 's/^([A-Z_]+) \?= ?(.*)/  \1\t\2/p' Makefile | expand -t 28

.PHONY: build
build: setup ## Build the tools, optimised
	cargo build --release --locked --workspace

.PHONY: setup
setup: ## Bring what is missing into models/runtime/: ONNX Runtime (RUNTIME=gpu: with CUDA), ffmpeg, CMake, NASM, jq
	@bash models/setup.sh $(MAKE_VERSION)

.PHONY: models
models: ## Bring the models that the pipelines use, or those of ROLE, or MODEL by name, into models/published/
	@python3 models/fetch.py --models "$${FILM2LORA_MODELS:-models}" --role "$${ROLE:-$(pipeline_roles)}" --model "$$MODEL" --from "$$MODELS_FROM"

# All pipelines asked for go to one make, so that shared stages run once.
ASKED := $(filter $(PIPELINES),$(MAKECMDGOALS))
ifneq ($(filter all,$(MAKECMDGOALS)),)
ASKED := character background pose expression style lighting
endif

.PHONY: $(PIPELINES)
$(PIPELINES): run ; @:

.PHONY: all
all: run ## All six data sets
	@:

# The roles of networks that the pipelines need.
needs.instances := detect face segment embed
needs.character := $(needs.instances) pose emotion caption
needs.background := detect face segment inpaint embed caption
needs.pose := $(needs.instances) pose caption
needs.expression := $(needs.pose) emotion
needs.style := embed caption
needs.lighting := embed caption
needs.frames :=
# All of them, as `make models` brings them.
comma := ,
empty :=
pipeline_roles = $(subst $(empty) ,$(comma),$(sort $(foreach one,$(PIPELINES),$(needs.$(one)))))
described = $(if $(filter yes,$(DESCRIBE)),$(1),$(filter-out caption,$(1)))
upper = $(shell printf '%s' '$(1)' | tr a-z A-Z)
# As role=model where a model is named, or role alone for its default.
named = $(or $($(call upper,$(1))_MODEL),$(if $(filter small,$(NETWORKS)),small-$(1)))
needed = $(foreach role,$(sort $(call described,$(foreach one,$(ASKED),$(needs.$(one))))),$(role)$(addprefix =,$(call named,$(role))))

.PHONY: run
run: $(if $(BIN),,build)
	@if [ -z "$$FILM" ]; then echo 'make: name a film: make $(MAKECMDGOALS) FILM=film.mp4' >&2; exit 2; fi
	@if [ ! -f "$$FILM" ]; then echo "make: $$FILM: no such film" >&2; exit 2; fi
	@for name in $$CHARACTER; do case $$name in *[!A-Za-z0-9_-]*) \
	    echo "make: CHARACTER=$$name: letters, digits, - and _ only, as it names a folder" >&2; exit 2;; esac; done
	@if [ -n "$$CAST" ] && [ ! -d "$$CAST" ]; then echo "make: CAST=$$CAST: no such folder" >&2; exit 2; fi
	@case "$(NETWORKS)" in published|small|none) ;; *) echo 'make: NETWORKS is published, small or none, not $(NETWORKS)' >&2; exit 2;; esac
	@if [ "$(NETWORKS)" = none ] && [ -n "$(filter-out frames style lighting,$(ASKED))" ]; then \
	    echo 'make: $(filter-out frames style lighting,$(ASKED)): not without networks: leave NETWORKS=none out' >&2; exit 2; fi
	@if [ "$(NETWORKS)" = published ]; then \
	    python3 models/fetch.py --models "$${FILM2LORA_MODELS:-models}" --check '$(needed)'; fi
	@mkdir -p "$$OUT"
	@runtime="$$PWD/models/runtime"; \
	ffmpeg=$$(command -v ffmpeg || echo "$$runtime/ffmpeg"); \
	export FFMPEG="$${FFMPEG:-$$ffmpeg}" FILM="$$(realpath "$$FILM")" BIN="$$(realpath "$${BIN:-target/release}")"; \
	export FILM2LORA_MODELS="$${FILM2LORA_MODELS:-$$PWD/models}" LABELS="$$(realpath "$$LABELS")"; \
	[ -z "$$FIGURE_LABELS" ] || export FIGURE_LABELS="$$(realpath "$$FIGURE_LABELS")"; \
	[ -z "$$CAST" ] || export CAST="$$(realpath "$$CAST")"; \
	stamps=$(if $(filter none,$(NETWORKS)),,$$(python3 models/fetch.py --models "$$FILM2LORA_MODELS" --stamp '$(needed)')); \
	$(MAKE) --no-print-directory -C "$$OUT" -f "$$PWD/Makefile" INSIDE_OUT=1 \
	    SETTINGS="$$(realpath -m "$(SETTINGS)")" FILM="$$FILM" BIN="$$BIN" CAST="$$CAST" LABELS="$$LABELS" FIGURE_LABELS="$$FIGURE_LABELS" STAMPS="$$stamps" \
	    $(foreach one,DETECT SEGMENT INPAINT EMBED POSE FACE EMOTION CAPTION,$(one)_MODEL='$(or $(realpath $($(one)_MODEL)),$($(one)_MODEL))') $(ASKED)

# A part of the film: eight pieces of six seconds, cut where they can be copied.
PLAN_PIECES ?= 8
PLAN_SECONDS ?= 6
.PHONY: plan
plan: $(if $(BIN),,build) ## Run the pipelines of PIPELINE on a part of FILM, and say what all of it will take
	@if [ ! -f "$$FILM" ]; then echo "make: $$FILM: no such film" >&2; exit 2; fi
	@mkdir -p "$$OUT/plan" && rm -f "$$OUT"/plan/*.mkv "$$OUT/plan/preparation_progress.json"
	@ffmpeg=$${FFMPEG:-$$(command -v ffmpeg || echo models/runtime/ffmpeg)}; \
	length=$$({ "$$ffmpeg" -hide_banner -i "$$FILM" 2>&1 || true; } | sed -nE 's/^ *Duration: ([0-9]+):([0-9]+):([0-9.]+),.*/\1*3600+\2*60+\3/p' | tr -d '\n'); \
	length=$$(awk "BEGIN { print $$length }"); \
	for piece in $$(seq $(PLAN_PIECES)); do \
	    from=$$(awk "BEGIN { print $$length * ($$piece - 0.5) / $(PLAN_PIECES) - $(PLAN_SECONDS) / 2 }"); \
	    "$$ffmpeg" -v error -ss "$$from" -i "$$FILM" -t $(PLAN_SECONDS) -map 0:v:0 -c copy -y "$$OUT/plan/piece_$$piece.mkv"; \
	    printf "file 'piece_%s.mkv'\n" "$$piece"; \
	done > "$$OUT/plan/pieces.txt"; \
	"$$ffmpeg" -v error -f concat -i "$$OUT/plan/pieces.txt" -c copy -y "$$OUT/plan/part.mkv"; \
	part=$$({ "$$ffmpeg" -hide_banner -i "$$OUT/plan/part.mkv" 2>&1 || true; } | sed -nE 's/^ *Duration: ([0-9]+):([0-9]+):([0-9.]+),.*/\1*3600+\2*60+\3/p'); \
	times=$$(awk "BEGIN { print $$length / ($$part) }"); \
	share() { awk "BEGIN { n = int($$1 / $$times + 0.999); print n < 1 ? 1 : n }"; }; \
	progress="$$OUT/plan/preparation_progress.json"; \
	$(MAKE) --no-print-directory --keep-going $(PIPELINE) FILM="$$OUT/plan/part.mkv" OUT="$$OUT/plan" \
	    $(foreach one,CHARACTER BACKGROUND POSE EXPRESSION STYLE LIGHTING,$(one)_TARGET=$$(share $($(one)_TARGET))) \
	    || { [ -s "$$progress" ] && ! grep -q '"status": *"failed"' "$$progress" && find "$$OUT/plan" -name dataset.jsonl -empty | grep -q . \
	    && echo 'make: plan: the part left a data set without images: its last stages are not in what follows' >&2; } || exit 1; \
	rm -f "$$OUT"/plan/piece_*.mkv; \
	echo "The part is 1/$$times of the film. All of it will take:"; \
	"$${BIN:-target/release}/phase" --run-dir "$$OUT/plan" --predict "$$times"

.PHONY: review
review: ## Decide on the images of PIPELINE (as style, or character-NAME) in the browser; then make it again
	@cd "$$OUT" && mkdir -p review && "$$(cd "$$OLDPWD" && realpath "$${BIN:-target/release}")/review" --serve \
	    --patch "review/$(PIPELINE).jsonl" "$(subst character-,character/,$(PIPELINE))/selected.jsonl" > /dev/null

.PHONY: demo
demo: setup ## All six data sets of the sample film, with the small networks, in out/demo
	@$(MAKE) --no-print-directory all SETTINGS=examples/film/film.mk

.PHONY: status
status: ## Show the phases of the run in OUT
	@"$${BIN:-target/release}/phase" --run-dir "$$OUT" --show

.PHONY: test
test: setup ## Run all tests
	cargo test --workspace --locked --no-fail-fast

.PHONY: test-film
test-film: target/film/bin/python ## Test the sample film's truth against its pixels
	cd examples/film && "$$OLDPWD/target/film/bin/python" -m unittest

target/film/bin/python: tests/score/requirements.txt
	@bash models/venv.sh target/film $<
	@touch $@

.PHONY: check
check: setup ## Check format, lints and documents
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet

.PHONY: deny
deny: ## Check the licences and sources of all crates (brings cargo-deny, some minutes)
	bash tests/deny.sh

.PHONY: bench
bench: build ## Measure speed and memory against named peers, in this run
	bash tests/bench/run.sh

# Scores need frames close together, held drawings among them; FILM may be another that the generator made.
SCORED ?= examples/film
.PHONY: score
score: $(if $(BIN),,build) target/film/bin/python ## Score all tools on the sample film, or that in SCORED, against its truth
	@$(MAKE) --no-print-directory all SETTINGS=examples/film/film.mk FILM='$(SCORED)/film.mp4' \
	    OUT='target/score/$(notdir $(SCORED))' EXTRACT_FLAGS='--fps 6'
	@target/film/bin/python tests/score/score.py '$(SCORED)' 'target/score/$(notdir $(SCORED))'

.PHONY: man
man: $(if $(BIN),,build) ## Write man pages and shell completions to target/papers/
	@mkdir -p target/papers
	@for tool in $(TOOLS); do \
	    "$${BIN:-target/release}/$$tool" --generate man > "target/papers/$$tool.1"; \
	    "$${BIN:-target/release}/$$tool" --generate bash > "target/papers/$$tool.bash"; \
	    "$${BIN:-target/release}/$$tool" --generate zsh > "target/papers/_$$tool"; \
	    "$${BIN:-target/release}/$$tool" --generate fish > "target/papers/$$tool.fish"; \
	done
	@echo 'target/papers/: $(words $(TOOLS)) man pages, and completions for bash, zsh and fish'

.PHONY: install
install: man ## Install tools, man pages, completions, ONNX Runtime, ffmpeg and the models that are here under PREFIX
	@BIN="$${BIN:-target/release}" bash models/install.sh $(TOOLS)
DESTDIR ?=
export DESTDIR

else

# The tools say errors with the name of a manifest; here all names are short.
# Work of the CPU makes way; work of networks waits for the GPU.
phase = @mkdir -p $(@D); "$$BIN/phase" --run-dir . --nice $(NICE) --name $(1) --output $@
network = @mkdir -p $(@D); "$$BIN/phase" --run-dir . --gpu --name $(1) --output $@
rejects = --rejects $(basename $@).rejects.jsonl

# The flags that choose the network of a role.
model.DETECT = $(or $(DETECT_MODEL),$(small.detect))
model.SEGMENT = $(or $(SEGMENT_MODEL),$(small.segment))
model.INPAINT = $(or $(INPAINT_MODEL),$(small.inpaint))
model.EMBED = $(or $(EMBED_MODEL),$(small.embed))
model.POSE = $(or $(POSE_MODEL),$(small.pose))
model.FACE = $(or $(FACE_MODEL),$(small.face))
model.EMOTION = $(or $(EMOTION_MODEL),$(small.emotion))
model.CAPTION = $(or $(CAPTION_MODEL),$(small.caption))
ifeq ($(NETWORKS),small)
$(foreach role,detect segment inpaint embed pose face emotion caption,$(eval small.$(role) := small-$(role)))
else
$(foreach role,detect segment inpaint embed pose face emotion caption,$(eval small.$(role) :=))
endif
use = --device $(DEVICE) $(addprefix --model ,$(model.$(1)))
# By which a stage knows that its network is another, though its name is the same.
stamp = $(model.$(1)) $(filter $(2)=%,$(STAMPS))

# Make sees files, not settings: the settings of a stage are written to
# .settings/STAGE, which is touched only when they change.
$(shell mkdir -p .settings)
.PHONY: always
.settings/%: always
	@$(file >$@.new,$(settings.$*)) \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# A film is another film when its name, size or time of change is another.
film := $(FILM) $(shell stat -Lc '%s %Y' "$$FILM" 2> /dev/null || stat -Lf '%z %m' "$$FILM")
# So is a cast or a label.
within = $(if $(1),$(shell find -L '$(1)' -type f -exec ls -ln '{}' + 2> /dev/null | LC_ALL=C sort | cksum))

# Frames.

settings.frames = $(film) $(EXTRACT_FLAGS)
frames.jsonl: .settings/frames
	$(call phase,frames) --needs-disk $(NEEDS_DISK) -- "$$BIN/frame-extract" --out-dir frames $(rejects) $(EXTRACT_FLAGS) -- "$$FILM"

settings.unique = $(DEDUP_FLAGS)
unique.jsonl: frames.jsonl .settings/unique
	$(call phase,unique) -- "$$BIN/frame-dedup" $(rejects) $(DEDUP_FLAGS) $<

settings.sharp = $(BLUR_FLAGS)
sharp.jsonl: unique.jsonl .settings/sharp
	$(call phase,sharp) -- "$$BIN/blur-filter" $(rejects) $(BLUR_FLAGS) $<

settings.lit = $(LIGHT_FLAGS)
lit.jsonl: sharp.jsonl .settings/lit
	$(call phase,lit) -- "$$BIN/light-classify" $(rejects) $(LIGHT_FLAGS) $<

settings.embedded = $(call stamp,EMBED,embed) $(EMBED_FLAGS)
embedded.jsonl: lit.jsonl .settings/embedded
	$(call network,embedded) -- "$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(EMBED_FLAGS) $<

# The tags have a say in what the light is called, beside its colours.
settings.tagged = $(call stamp,EMBED,embed) $(TAG_FLAGS) $(call within,$(LABELS))
tagged.jsonl: embedded.jsonl .settings/tagged
	$(call network,tagged) -- bash -euo pipefail -c '"$$BIN/clip-tag" $(call use,EMBED) --labels "$$LABELS" $(rejects) $(TAG_FLAGS) $< \
	    | "$$BIN/light-classify" --tags'

# What the frames are known by when no network may run.
scenes := $(if $(filter none,$(NETWORKS)),lit,tagged)

# Figures: who is where in the frames, cut out, with a name. Faces tell of close-ups, which look like no person to a person detector.
close_ups = --faces $(or $(model.FACE),default)

settings.boxes = $(call stamp,DETECT,detect) $(call stamp,FACE,face) $(DETECT_FLAGS)
boxes.jsonl: $(scenes).jsonl .settings/boxes
	$(call network,boxes) -- "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(rejects) $(DETECT_FLAGS) $<

settings.masked = $(call stamp,SEGMENT,segment) $(SEGMENT_FLAGS)
masked.jsonl: boxes.jsonl .settings/masked
	$(call network,masked) --needs-disk $(NEEDS_DISK) -- "$$BIN/sam-mask" $(call use,SEGMENT) --out-dir masks $(rejects) $(SEGMENT_FLAGS) $<

settings.instances = $(INSTANCE_FLAGS)
instances.jsonl: masked.jsonl .settings/instances
	$(call phase,instances) --needs-disk $(NEEDS_DISK) -- "$$BIN/mask-crop" --out-dir instances $(rejects) $(INSTANCE_FLAGS) $<

settings.figures = $(call stamp,EMBED,embed) $(FIGURE_EMBED_FLAGS) $(call within,$(FIGURE_LABELS))
figures.jsonl: instances.jsonl .settings/figures
	$(call network,figures) -- bash -euo pipefail -c '"$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(FIGURE_EMBED_FLAGS) $< \
	    $(if $(FIGURE_LABELS),| "$$BIN/clip-tag" $(call use,EMBED) --labels "$$FIGURE_LABELS")'

# References are cut out as the figures are, so that like is compared with like.
# Each is the picture of one character: its surest figure counts, however small.
settings.cast = $(CAST) $(call within,$(CAST)) $(settings.boxes) $(settings.masked) $(settings.figures)
define cast
for folder in "$$CAST"/*/; do \
    name=$$(basename "$$folder"); \
    "$$BIN/frame-scan" "$$folder" | "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(DETECT_FLAGS) \
        | "$$BIN/sam-mask" $(call use,SEGMENT) --out-dir "cast/$$name/masks" $(SEGMENT_FLAGS) --max-masks 1 \
        | "$$BIN/mask-crop" --out-dir "cast/$$name/crops" --rejects "cast/rejects/$$name.jsonl" \
            --min-area 1 --max-cut 1 --max-hidden 1 --max-inside 1 --min-sharpness 0 --min-edges 0 \
        | "$$BIN/clip-embed" $(call use,EMBED) $(FIGURE_EMBED_FLAGS) | tee "cast/$$name.jsonl"; \
done
endef
cast.jsonl: .settings/cast
	@rm -rf cast && mkdir -p cast/rejects
	$(call network,cast) -- bash -euo pipefail -c '$(cast)'

# Names come from the references, or else of each group of like figures.
references = $(if $(CAST),for one in cast/*.jsonl; do \
    name=$${one$(hash)$(hash)*/}; set -- "$$@" --reference "$${name%.jsonl}=$$one"; done;)
hash := \#
settings.named = $(CAST) $(IDENTITY_FLAGS) $(CAST_CLUSTER_FLAGS)
named.jsonl: figures.jsonl $(if $(CAST),cast.jsonl) .settings/named
ifneq ($(CAST),)
	$(call phase,named) -- bash -euo pipefail -c '$(references) exec "$$BIN/id-match" "$$@" $(rejects) $(IDENTITY_FLAGS) $<' cast
else
	$(call phase,named) -- bash -euo pipefail -c '"$$BIN/cluster" $(rejects) $(CAST_CLUSTER_FLAGS) $< | "$$BIN/id-match" $(IDENTITY_FLAGS)'
endif

settings.keypoints = $(call stamp,POSE,pose) $(KEYPOINT_FLAGS)
keypoints.jsonl: named.jsonl .settings/keypoints
	$(call network,keypoints) -- "$$BIN/rtmpose" $(call use,POSE) $(rejects) $(KEYPOINT_FLAGS) $<

settings.posed = $(POSE_FLAGS)
posed.jsonl: keypoints.jsonl .settings/posed
	$(call phase,posed) -- "$$BIN/pose-classify" $(rejects) $(POSE_FLAGS) $<

settings.faces = $(call stamp,FACE,face) $(FACE_FLAGS)
faces.jsonl: posed.jsonl .settings/faces
	$(call network,faces) --needs-disk $(NEEDS_DISK) -- "$$BIN/face-crop" $(call use,FACE) --out-dir faces $(rejects) $(FACE_FLAGS) $<

settings.felt = $(call stamp,EMOTION,emotion) $(EMOTION_FLAGS)
felt.jsonl: faces.jsonl .settings/felt
	$(call network,felt) -- "$$BIN/emotion-classify" $(call use,EMOTION) $(rejects) $(EMOTION_FLAGS) $<

# Expressions are spread by what the faces look like.
settings.expressions = $(call stamp,EMBED,embed)
expressions.jsonl: felt.jsonl .settings/expressions
	$(call network,expressions) -- "$$BIN/clip-embed" $(call use,EMBED) $(rejects) $<

# Character: the figures of one name, with what their faces say.

joined.jsonl: posed.jsonl felt.jsonl
	$(call phase,joined) -- "$$BIN/record-join" --from felt.jsonl --by /parent --keys emotion,face $(rejects) $<

# character NAME
define character
settings.character-$(1)-figures = $$(settings.named)
character/$(1)/figures.jsonl: joined.jsonl .settings/character-$(1)-figures
	$$(call phase,character-$(1)-figures) -- bash -euo pipefail -c '$$(references) exec "$$$$BIN/id-match" "$$$$@" --only $(1) $$(rejects) $$(IDENTITY_FLAGS) $$<' cast

settings.character-$(1)-sharp = $$(FIGURE_BLUR_FLAGS)
character/$(1)/sharp.jsonl: character/$(1)/figures.jsonl .settings/character-$(1)-sharp
	$$(call phase,character-$(1)-sharp) -- "$$$$BIN/blur-filter" $$(rejects) $$(FIGURE_BLUR_FLAGS) $$<

settings.character-$(1)-unique = $$(FIGURE_CLUSTER_FLAGS)
character/$(1)/unique.jsonl: character/$(1)/sharp.jsonl .settings/character-$(1)-unique
	$$(call phase,character-$(1)-unique) -- "$$$$BIN/cluster" $$(rejects) $$(FIGURE_CLUSTER_FLAGS) $$<

endef

# Pose: unlike poses of everybody.

settings.pose-unique = $(POSE_CLUSTER_FLAGS)
pose/unique.jsonl: posed.jsonl .settings/pose-unique
	$(call phase,pose-unique) -- "$$BIN/cluster" $(rejects) $(POSE_CLUSTER_FLAGS) $<

# Background: of every frame that is no card and in focus, near duplicates too, as
# each shows another bit of the ground. Masks that the figures have had are remembered.

settings.background-clear = $(settings.sharp)
background/clear.jsonl: frames.jsonl .settings/background-clear
	$(call phase,background-clear) -- "$$BIN/blur-filter" $(rejects) $(BLUR_FLAGS) $<

must_find = $(if $(filter yes,$(ALLOW_UNSEEN)),,--must-find)
settings.background-boxes = $(settings.lit) $(call stamp,DETECT,detect) $(call stamp,FACE,face) $(must_find) $(BACKGROUND_DETECT_FLAGS)
background/boxes.jsonl: background/clear.jsonl .settings/background-boxes
	$(call network,background-boxes) -- bash -euo pipefail -c '"$$BIN/light-classify" $(LIGHT_FLAGS) $< \
	    | "$$BIN/char-detect" $(call use,DETECT) $(close_ups) $(must_find) $(rejects) $(BACKGROUND_DETECT_FLAGS)'

settings.background-masked = $(call stamp,SEGMENT,segment) $(BACKGROUND_SEGMENT_FLAGS)
background/masked.jsonl: background/boxes.jsonl .settings/background-masked
	$(call network,background-masked) --needs-disk $(NEEDS_DISK) -- "$$BIN/sam-mask" $(call use,SEGMENT) \
	    --out-dir background/masks $(rejects) $(BACKGROUND_SEGMENT_FLAGS) $<

settings.background-plates = $(PLATE_FLAGS)
background/plates.jsonl: background/masked.jsonl .settings/background-plates
	$(call phase,background-plates) --needs-disk $(NEEDS_DISK) -- "$$BIN/plate-merge" --unmasked \
	    --out-dir background/plates $(rejects) $(PLATE_FLAGS) $<

# The detector looks again at what was filled.
watch = --detector $(or $(model.DETECT),default)
settings.background-filled = $(call stamp,INPAINT,inpaint) $(call stamp,DETECT,detect) $(INPAINT_FLAGS)
background/filled.jsonl: background/plates.jsonl .settings/background-filled
	$(call network,background-filled) --needs-disk $(NEEDS_DISK) -- "$$BIN/lama-inpaint" $(call use,INPAINT) $(watch) \
	    --out-dir background/filled $(rejects) $(INPAINT_FLAGS) $<

settings.background-sharp = $(PLATE_BLUR_FLAGS)
background/sharp.jsonl: background/filled.jsonl .settings/background-sharp
	$(call phase,background-sharp) -- "$$BIN/blur-filter" $(rejects) $(PLATE_BLUR_FLAGS) $<

settings.background-embedded = $(settings.embedded)
background/embedded.jsonl: background/sharp.jsonl .settings/background-embedded
	$(call network,background-embedded) -- "$$BIN/clip-embed" $(call use,EMBED) $(rejects) $(EMBED_FLAGS) $<

settings.background-places = $(PLACE_CLUSTER_FLAGS)
background/places.jsonl: background/embedded.jsonl .settings/background-places
	$(call phase,background-places) -- "$$BIN/cluster" $(rejects) $(PLACE_CLUSTER_FLAGS) $<

settings.background-tagged = $(settings.tagged)
background/tagged.jsonl: background/places.jsonl .settings/background-tagged
	$(call network,background-tagged) -- bash -euo pipefail -c '"$$BIN/clip-tag" $(call use,EMBED) --labels "$$LABELS" $(rejects) $(TAG_FLAGS) $< \
	    | "$$BIN/light-classify" --tags'

# From records to a data set, the same for all six: select, review, describe,
# caption, write, lint, report.

# Decisions of `make review` are a file of their own, which outlives every rebuild.
.PRECIOUS: review/%.jsonl
review/%.jsonl:
	@mkdir -p $(@D) && touch $@

# What there is to lint of the trainers that were written for.
views = $$(ls -d $(1)/kohya/dataset*.toml $(1)/onetrainer/concepts.json $(1)/ai-toolkit/train $(1)/diffusers/train 2> /dev/null)
# A data set of nothing is no data set.
some = @if [ ! -s $< ]; then \
    echo "make: $(@D): no image is left for the data set: $(@D)/*.rejects.jsonl and the tool \`why\` say where they went" >&2; exit 1; fi

# The words that captions begin with, and what data sets and lora-lint are told of them. Where there
# is a word for each value, `{}` stands for it.
style_word = $(if $(TRIGGER),--trigger "$$TRIGGER")
word.background = --trigger "$${TRIGGER:-film}_place"
begin.background = $(word.background)
begin.pose = --trigger "$${TRIGGER:-pose}_{}"
word.pose =
begin.expression = --trigger "$${TRIGGER:-face}_{}"
word.expression =
begin.style = $(style_word)
word.style = $(style_word)
begin.lighting = --trigger "$${TRIGGER:-lt}_{}"
word.lighting =

# data_set PHASE, FOLDER, TYPE, PREFIX OF ITS SETTINGS, RECORDS, EARLIER STAGES
define data_set
settings.$(1)-selected = $$($(4)_TARGET) $$($(4)_BALANCE_FLAGS)
$(2)/selected.jsonl: $(5) .settings/$(1)-selected
	$$(call phase,$(1)-selected) -- "$$$$BIN/balance" --target $$($(4)_TARGET) --summary $(2)/cells.json $$(rejects) $$($(4)_BALANCE_FLAGS) $$<

$(2)/reviewed.jsonl: $(2)/selected.jsonl review/$(1).jsonl
	$$(call phase,$(1)-reviewed) -- "$$$$BIN/review" --apply --patch review/$(1).jsonl $$(rejects) $$<

settings.$(1)-described = $$(call stamp,CAPTION,caption) $$(DESCRIBE_FLAGS)
$(2)/described.jsonl: $(2)/reviewed.jsonl .settings/$(1)-described
	$$(call network,$(1)-described) -- "$$$$BIN/vlm-caption" $$(call use,CAPTION) $$(rejects) $$(DESCRIBE_FLAGS) $$<

settings.$(1)-captioned = $$(TRIGGER) $$(CLASS) $$($(4)_CAPTION_FLAGS) $$(from_words)
$(2)/captioned.jsonl: $(2)/$$(from_words).jsonl .settings/$(1)-captioned
	$$(call phase,$(1)-captioned) -- "$$$$BIN/caption-compose" --type $(3) $$(begin.$(1)) --audit $(2)/audit.json --audit-table $(2)/audit.tsv \
	    $$(rejects) $$($(4)_CAPTION_FLAGS) $$<

settings.$(1)-dataset = $$(TRIGGER) $$($(4)_DATASET_FLAGS)
$(2)/dataset.jsonl: $(2)/captioned.jsonl .settings/$(1)-dataset
	$$(call phase,$(1)-dataset) --needs-disk $$(NEEDS_DISK) -- "$$$$BIN/dataset-write" --type $(3) $$(word.$(1)) --out-dir $(2) $$(rejects) $$($(4)_DATASET_FLAGS) $$<

settings.$(1)-linted = $$(TRIGGER) $$(LINT_FLAGS)
$(2)/lint.jsonl: $(2)/dataset.jsonl .settings/$(1)-linted
	$$(some)
	$$(call phase,$(1)-linted) -- "$$$$BIN/lora-lint" --table $$(word.$(1)) $$(rejects) $$(LINT_FLAGS) $$(call views,$(2)/dataset)

$(2)/report.html: $(2)/lint.jsonl
	@"$$$$BIN/report" --title 'Data set: $(1)' --out-dir $(2) --kept $(2)/dataset.jsonl \
	    $$(patsubst %,--rejects %.rejects.jsonl,$(6) $$(addprefix $(2)/,selected reviewed $$(filter described,$$(from_words)) captioned dataset))

endef

# Whether there are descriptions to make captions of.
from_words := $(if $(filter none,$(NETWORKS))$(filter-out yes,$(DESCRIBE)),reviewed,described)

frame_stages := frames unique sharp
figure_stages := $(frame_stages) boxes masked instances named posed
$(eval $(call data_set,style,style,style,STYLE,$(scenes).jsonl,$(frame_stages)))
$(eval $(call data_set,lighting,lighting,lighting,LIGHTING,$(scenes).jsonl,$(frame_stages)))
$(eval $(call data_set,pose,pose,pose,POSE,pose/unique.jsonl,$(figure_stages) pose/unique))
$(eval $(call data_set,expression,expression,expression,EXPRESSION,expressions.jsonl,$(figure_stages) faces felt))
$(eval $(call data_set,background,background,background,BACKGROUND,background/tagged.jsonl,$(addprefix background/,clear boxes masked plates filled sharp places)))

who := $(or $(CHARACTER),$(if $(CAST),$(shell cd "$$CAST" && ls -d */ | tr -d /)),cluster_0)
$(foreach one,$(who),\
    $(eval begin.character-$(one) = --trigger "$$$${TRIGGER:+$$$${TRIGGER}_}$(one)" $(if $(CLASS),--class "$$$$CLASS"))\
    $(eval word.character-$(one) = --trigger "$$$${TRIGGER:+$$$${TRIGGER}_}$(one)" )\
    $(eval $(call character,$(one)))\
    $(eval $(call data_set,character-$(one),character/$(one),character,CHARACTER,character/$(one)/unique.jsonl,\
        $(figure_stages) $(addprefix character/$(one)/,figures sharp unique))))

frames/report.html: sharp.jsonl
	@"$$BIN/report" --title 'Frames' --out-dir frames --kept $< $(frame_stages:%=--rejects %.rejects.jsonl)

instances/report.html: named.jsonl
	@"$$BIN/report" --title 'Figures' --out-dir instances --kept $< $(patsubst %,--rejects %.rejects.jsonl,$(filter-out posed,$(figure_stages)))

.PHONY: $(PIPELINES)
frames: frames/report.html ## [pipeline] Extract, deduplicate and filter the frames
instances: instances/report.html ## [pipeline] Find the figures, cut them out and name them
character: $(who:%=character/%/report.html) ## [pipeline] A data set of each character
background: background/report.html ## [pipeline] A data set of places without characters
pose: pose/report.html ## [pipeline] A data set of actions
expression: expression/report.html ## [pipeline] A data set of facial expressions
style: style/report.html ## [pipeline] A style data set
lighting: lighting/report.html ## [pipeline] A lighting data set

endif
