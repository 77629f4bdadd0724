# Style: any frame shows it.

style.chain = $(scenes.chain)
style.records = $(scenes).jsonl
style.begin = $(if $(TRIGGER),--trigger="$$TRIGGER")
style.word = $(style.begin)

ifdef INSIDE_OUT

.PHONY: style
style: style/report.html ## [pipeline] A style data set

endif
