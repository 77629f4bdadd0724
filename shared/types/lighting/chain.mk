# Lighting: any frame shows it; of each time of day there are as many as of the others.

lighting.chain = $(scenes.chain)
lighting.records = $(scenes).jsonl
lighting.begin = --trigger="$${TRIGGER:-lt}_{}" $(call rest,light)
lighting.word =

ifdef INSIDE_OUT

.PHONY: lighting
lighting: lighting/report.html ## [pipeline] A lighting data set

endif
