# Expression: faces, spread by what they look like.

## Instances, poses and faces
# Folder or file of labels for faces: eyes, mouth and eyebrows; leave it empty for none.
FACE_LABELS ?= examples/labels/faces

expression.chain = $(faces.chain) expressions:EMBED_MODEL:quiet
expression.reports = $(faces.reports)
expression.records = expressions.jsonl
expression.begin = --trigger="$${TRIGGER:-face}_{}" $(call rest,face)
expression.word =

ifdef INSIDE_OUT

settings.expressions = $(call stamp,EMBED,embed)$(addprefix $(empty) ,$(call within,FACE_LABELS))
expressions.jsonl: emotions.jsonl .settings/expressions
	$(call small_network,expressions) -- $(call pipe,$(each)"$$BIN/clip-embed" $(call use,EMBED) $(rejects) $< \
	    $(if $(FACE_LABELS),| "$$BIN/clip-tag" $(call use,EMBED) --labels "$$FACE_LABELS"))

.PHONY: expression
expression: expression/report.html ## [pipeline] A data set of facial expressions

endif
