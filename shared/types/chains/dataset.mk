# From records to a data set, the same for all types: review, select, describe, caption, audit, write,
# lint, report.
#
# A type names in TYPE.records what it selects from, in TYPE.chain the stages before that, in TYPE.begin the words
# that captions begin with, as flags of caption-compose, and in TYPE.word what dataset-write and lora-lint are told
# of them; and, if it likes, in TYPE.kind another type that captions and file names go by, and in TYPE.limits further
# flags of balance, with the values in them in TYPE.limited_by. TYPE.regular is the manifest of its regularization
# images, if it has such. $(1) is the folder of a data set: style, or
# character/NAME where a type has one for each character.

PIPELINES += $(TYPES)

## Selection: flags of balance
$(eval $(balances))

## Captions and data sets
# vlm-caption, for example: --endpoint http://localhost:8000.
DESCRIBE_FLAGS ?= --task detailed
$(eval $(captions))
# caption-audit, for example: --check. It also gets the flags of caption-compose.
AUDIT_FLAGS ?=
# bucket-crop: the buckets of which faces and joints must not be cut off.
BUCKET_FLAGS ?=
# dataset-write: trainers to write for, the share of images to hold back for validation, by whole shots, and how often
# each is shown.
DATASET_FLAGS ?= --views kohya,onetrainer,ai-toolkit,diffusers --validation 10% --repeats cells
$(eval $(datasets))
# lora-lint.
LINT_FLAGS ?=

ifdef INSIDE_OUT

sets := $(foreach type,$(TYPES),$(if $(filter true,$($(type).per_character)),$(WHO:%=$(type)/%),$(type)))

# Of a folder, character/NAME or style: its type; its name in settings, reviews and phases.
type_of = $(firstword $(subst /, ,$(1)))
name_of = $(subst /,-,$(1))
records_of = $(call $(type_of).records,$(1))

# The same in a recipe, and what the settings of the type begin with.
type = $(call type_of,$(@D))
name = $(call name_of,$(@D))
own = $($(type).settings)
# What a type may say, or else $(2).
said = $(if $(filter undefined,$(origin $(1))),$(2),$($(1)))
kind = $(call said,$(1).kind,$(1))
limits = $(call said,$(1).limits,)
# Of settings of the data set $*.
its_type = $(firstword $(subst -, ,$*))
its = $($(its_type).settings)

# Values without a name of their own share one word; `pose_other` would not be one.
rest = --trigger="other=$${TRIGGER:-film}_$(1)" --trigger="unknown=$${TRIGGER:-film}_$(1)"

# Whether a network describes the images: not where their owner has.
own_words := $(if $(INSTANCES),$(filter-out ignore,$(CAPTIONS)))
from_words := $(if $(filter none,$(NETWORKS))$(filter-out yes,$(DESCRIBE))$(own_words),selected,described)

# Decisions of `make review` are files of their own, which outlive every rebuild: on labels, and on captions.
.PRECIOUS: review/%.jsonl
review/%.jsonl:
	@mkdir -p $(@D) && touch $@

# With GATES=yes a data set stops until its images are decided, the labels before the captions.
gated = $(if $(filter yes,$(GATES)),$(1))
undecided = { echo "make: $(name): its $(1) are not reviewed: make review PIPELINE=$(name) OUT=..., then make it again" >&2; exit 1; }

.SECONDEXPANSION:

# Before the selection, so that it goes by corrected labels, and another image takes the place of a dropped one.
$(sets:%=%/reviewed.jsonl): %/reviewed.jsonl: $$(call judged_of,$$*) review/$$(call name_of,$$*).jsonl .settings/$$(call name_of,$$*)-reviewed
	$(call phase,$(name)-reviewed) -- "$$BIN/review" --apply --patch review/$(name).jsonl $(rejects) $<

.settings/%-selected: always
	$(call note,$($(its)_TARGET) $($(its)_BALANCE_FLAGS)$(addprefix $(empty) ,$(call said,$(its_type).limited_by,)))
$(sets:%=%/selected.jsonl): %/selected.jsonl: %/reviewed.jsonl .settings/$$(call name_of,$$*)-selected
	$(call phase,$(name)-selected) -- "$$BIN/balance" --target "$$$(own)_TARGET" --summary $(@D)/cells.json $(rejects) $($(own)_BALANCE_FLAGS) $(call limits,$(type)) $<

$(sets:%=%/labels.gate): %/labels.gate: %/selected.jsonl review/$$(call name_of,$$*).jsonl
	@"$$BIN/review" --require "$$GATE_SAMPLE" --patch review/$(name).jsonl $< > /dev/null || $(call undecided,labels)
	@touch $@

.settings/%-described: always
	$(call note,$(call stamp,CAPTION,caption) $(DESCRIBE_FLAGS))
$(sets:%=%/described.jsonl): %/described.jsonl: %/selected.jsonl $(call gated,%/labels.gate) .settings/$$(call name_of,$$*)-described
	$(call large_network,$(name)-described) -- $(each)"$$BIN/vlm-caption" $(call use,CAPTION) $(rejects) $(DESCRIBE_FLAGS) $<

# What composes captions and what looks at them go by the same flags; TYPE.before sets shell variables that are in them.
before = $(if $(filter-out undefined,$(origin $(type).before)),$($(type).before))
# What a character is, of types whose images show one.
by_kind = $(if $(CAST),$(if $(filter instances faces,$($(1).measured)),--cast "$$CAST"))
composed = --type $(call kind,$(type)) $($(type).begin) $(call by_kind,$(type)) $($(own)_CAPTION_FLAGS)
.settings/%-captioned: always
	$(call note,$(TRIGGER) $(CLASS) $($(its)_CAPTION_FLAGS) $(from_words)$(addprefix $(empty) ,$(cast_words))$(if $(call by_kind,$(its_type)), $(call within,CAST))$(addprefix $(empty) ,$(AUDIT_FLAGS) $(filter-out $(its_type),$(call kind,$(its_type)))))
$(sets:%=%/captioned.jsonl): %/captioned.jsonl: %/$(from_words).jsonl $(call gated,%/labels.gate) .settings/$$(call name_of,$$*)-captioned
	$(call phase,$(name)-captioned) -- $(call pipe,$(before) "$$BIN/caption-compose" $(composed) $(rejects) $< \
	    | "$$BIN/caption-audit" $(composed) --summary $(@D)/audit.json --tsv $(@D)/audit.tsv $(AUDIT_FLAGS))

$(sets:%=%/checked.jsonl): %/checked.jsonl: %/captioned.jsonl review/captions/$$(call name_of,$$*).jsonl
	$(call phase,$(name)-checked) -- "$$BIN/review" --apply --patch review/captions/$(name).jsonl $(rejects) $<

$(sets:%=%/captions.gate): %/captions.gate: %/captioned.jsonl review/captions/$$(call name_of,$$*).jsonl
	@"$$BIN/review" --require "$$GATE_SAMPLE" --patch review/captions/$(name).jsonl $< > /dev/null || $(call undecided,captions)
	@touch $@

# The regularization images of a folder, if they are wanted.
regular_of = $(if $(filter yes,$(REGULARIZATION)),$(if $(filter-out undefined,$(origin $(type_of).regular)),$(call $(type_of).regular,$(1))))

# Trainers' configurations name the folder: of one that was moved they are written anew.
.settings/%-dataset: always
	$(call note,$(CURDIR) $(TRAINER_ROOT) $(TRIGGER) $($(its)_DATASET_FLAGS)$(addprefix $(empty) ,$(BASE))$(addprefix $(empty) ,$(BUCKET_FLAGS))$(addprefix $(empty) regularization=,$(filter yes,$(REGULARIZATION)))$(addprefix $(empty) ,$(filter-out $(its_type),$(call kind,$(its_type)))))
$(sets:%=%/dataset.jsonl): %/dataset.jsonl: %/checked.jsonl $$(call regular_of,$$*) $(call gated,%/captions.gate) .settings/$$(call name_of,$$*)-dataset
	$(call phase,$(name)-dataset) $(room) -- $(call pipe,"$$BIN/bucket-crop" $(BUCKET_FLAGS) $< | "$$BIN/dataset-write" \
	    --type $(call kind,$(type)) $($(type).word) --out-dir $(@D) $(if $(TRAINER_ROOT),--root "$$TRAINER_ROOT/$(@D)") $(if $(BASE),--base "$$BASE") \
	    $(addprefix --regularization ,$(call regular_of,$(@D))) $(rejects) $($(own)_DATASET_FLAGS))

# The newest data set: a link leads to it, or a file has its name where the file system has no links.
newest = $$(if [ -e $(@D)/dataset ]; then echo $(@D)/dataset; else echo $(@D)/$$(cat $(@D)/dataset.txt 2> /dev/null); fi)

# By which launch.py sees that a file of the data set was deleted.
$(sets:%=%/dataset.files): %/dataset.files: %/dataset.jsonl
	@{ find -H "$(newest)" -type f -size +0c 2> /dev/null || :; } | LC_ALL=C sort | sed 's/.*/"&"/' > $@.part && mv $@.part $@

.settings/%-linted: always
	$(call note,$(TRIGGER) $(LINT_FLAGS))
$(sets:%=%/lint.jsonl): %/lint.jsonl: %/dataset.jsonl %/dataset.files .settings/$$(call name_of,$$*)-linted
	@if [ ! -s $< ]; then : > $@; else $(call on_cpu,$(name)-linted) -- \
	    "$$BIN/lora-lint" --table --masked-loss --manifest $< $(if $(TRAINER_ROOT),--root "$$TRAINER_ROOT/$(@D)") $($(type).word) $(rejects) $(LINT_FLAGS) "$(newest)"; fi

# What the stages before it report of themselves.
$(foreach type,$(TYPES),$(eval $(type): $(call said,$(type).reports,)))

$(sets:%=%/report.html): %/report.html: %/lint.jsonl
	@"$$BIN/report" --title 'Data set: $(name)' --reviewed --out-dir $(@D) --kept $(@D)/dataset.jsonl $(call dropped,$(call $(type).chain,$(@D)) \
	    $(addprefix $(@D)/,reviewed selected $(filter described,$(from_words)) captioned checked dataset))

endif
