# Teaching: a data set's records are judged again by what its owner's labels have taught, before they are reviewed
# and selected.
#
# A type names in `teach` of its type.toml the questions, each as KEY:ON:PRIOR:TOGETHER, flags of label-fit, of which
# the last two may be missing. `make teach` makes review/taught/NAME, by which a data set is known to be taught; its
# labels are the decisions in review/NAME.jsonl.

# Of a type: the manifest whose labels `make teach` asks for. Most types' is what the set is selected from; `TYPE.taught_in` is
# one that the sets of a type have in common, whose chain judges it by itself.
taught_in = $(if $(filter-out undefined,$(origin $(1).taught_in)),$($(1).taught_in))
asked_of = $(or $(call taught_in,$(1)),$(call $(1).records,{}))

## Review
# label-fit, on what is taught, for example: --precision 0.98.
TEACH_FLAGS ?=

WRITTEN += thresholds/faces.found.jsonl=thresholds/faces

ifdef INSIDE_OUT

# Of a folder, character/NAME or style: the questions; whether it is taught; where its records come from.
questions = $(if $(call taught_in,$(call type_of,$(1))),,$($(call type_of,$(1)).teach))
taught = $(if $(filter yes,$(TAUGHT)),$(if $(questions),$(if $(TEACH_FROM),$(1),$(wildcard review/taught/$(call name_of,$(1))))))
judged_of = $(if $(call taught,$(1)),$(1)/taught.jsonl,$(call records_of,$(1)))

# Of a question: its parts; its model; the scores that a model taught on another film has written.
part = $(word $(1),$(subst :, ,$(2)))
model_of = $(@D)/taught$(subst /,-,$(call part,1,$(1))).json
scores_of = /taught/$(subst /,~1,$(call part,1,$(1)))/scores
prior_of = $(if $(TEACH_FROM),$(scores_of)$(addprefix $(comma),$(call part,3,$(1))),$(call part,3,$(1)))

decided = --patch review/$(name).jsonl
begun = $(if $(TEACH_FROM),$(@D)/taught.before,$<)
# Models taught on another film: of the questions that they do not answer they say nothing.
begin = $(if $(TEACH_FROM),"$$BIN/label-apply" --taught "$$TEACH_FROM" $< > $(begun);)
learn = "$$BIN/label-fit" --key $(call part,1,$(1)) --on $(call part,2,$(1)) $(addprefix --prior ,$(prior_of)) \
    $(addprefix --together ,$(call part,4,$(1))) $(decided) --output $(model_of) $(TEACH_FLAGS) $(begun) > /dev/null;
# What to keep drops records, and is asked last.
judge = | "$$BIN/label-apply" --taught $(model_of) $(decided) $(if $(filter /review/decision,$(call part,1,$(1))),$(rejects))

.SECONDEXPANSION:

# What is no longer taught is reviewed again, though its records are older.
.settings/%-reviewed: always
	$(call note,$(addprefix by ,$(call taught,$(firstword $(subst -, ,$*)))))
.settings/%-taught: always
	$(call note,$(call within,TEACH_FROM) $(TEACH_FLAGS) $(call questions,$(firstword $(subst -, ,$*))))
$(sets:%=%/taught.jsonl): %/taught.jsonl: $$(call records_of,$$*) review/$$(call name_of,$$*).jsonl .settings/$$(call name_of,$$*)-taught
	$(call phase,$(name)-taught) -- $(call pipe,$(begin) $(foreach one,$(call questions,$(@D)),$(call learn,$(one))) \
	    cat $(begun) $(foreach one,$(call questions,$(@D)),$(call judge,$(one))))

# What a network finds in some records if its threshold is low: `make teach PIPELINE=detect` and `PIPELINE=faces` ask for labels of that. The
# records are taken as they are.
ifdef PROBED
low = --threshold $(FAINTEST)
unset = $(if $(filter $(1) $(addsuffix =%,$(1)),$(2)),$(error $(3) has $(firstword $(1)), which counts before what labels set: leave it out))
thresholds/detect.found.jsonl: always
	$(call unset,--threshold,$(DETECT_FLAGS),DETECT_FLAGS)$(call small_network,thresholds-detect) -- \
	    "$$BIN/char-detect" $(call use,DETECT) $(low) $(DETECT_FLAGS) thresholds/detect.some.jsonl
thresholds/faces.found.jsonl: always
	$(call unset,--threshold --sure,$(FACE_FLAGS),FACE_FLAGS)$(call small_network,thresholds-faces) -- \
	    "$$BIN/face-crop" $(call use,FACE) $(low) --sure $(FAINTEST) --out-dir thresholds/faces $(FACE_FLAGS) thresholds/faces.some.jsonl
endif

endif
