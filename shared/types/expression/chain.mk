# Expression: faces, spread by what they look like.

expression.chain = $(faces.chain) expressions:EMBED_MODEL:quiet
expression.reports = $(faces.reports)
expression.records = expressions.jsonl
expression.begin = --trigger="$${TRIGGER:-face}_{}" $(call rest,face)
expression.word =

ifdef INSIDE_OUT

settings.expressions = $(call stamp,EMBED,embed)
expressions.jsonl: emotions.jsonl .settings/expressions
	$(call small_network,expressions) -- "$$BIN/clip-embed" $(call use,EMBED) $(rejects) $<

.PHONY: expression
expression: expression/report.html ## [pipeline] A data set of facial expressions

endif
