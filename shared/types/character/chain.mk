# Character: the instances of one name, with what their faces show. WHO are the names, which launch.py has made of
# letters, digits, - and _ alone; .names/NAME holds what the character is called in the records.

## Instances, poses and faces
# blur-filter, for the instances of a character.
FIGURE_BLUR_FLAGS ?= --sharpness 10% --letters 0 --drawn-title 0 --flat 1
# cluster, for near-duplicates among the instances of a character.
FIGURE_CLUSTER_FLAGS ?= --near-duplicates 0.98

character.chain = $(poses.chain) joined::quiet $(1)/figures:CHARACTER,CAST $(1)/sharp:FIGURE_BLUR_FLAGS $(1)/unique:FIGURE_CLUSTER_FLAGS
# What the chain takes from beside it.
character.beside = $(faces.chain) joined
character.reports = $(faces.reports)
character.records = $(1)/unique.jsonl
# Names are taught once, for all characters.
character.taught_in := named.jsonl
character.word = --trigger="$${TRIGGER:+$${TRIGGER}_}$(notdir $(@D))"
# Without CLASS, the class word is what the character was found by, if that was words.
class_word = "$${PYTHON:-python3}" -B "$$FILM2LORA_CLASS_WORD" $(if $(CAST),--words "$$CAST/$$(cut -d / -f 1 .names/$(notdir $(@D)))/words.txt")
character.before = $(if $(CLASS),class="$$CLASS";,$(if $(by_words),class="$$($(class_word) $<)";))
character.begin = $(character.word) $(if $(CLASS)$(by_words),--class="$$class")

ifdef INSIDE_OUT

joined.jsonl: posed.jsonl emotions.jsonl
	$(call phase,joined) -- "$$BIN/record-join" --from emotions.jsonl --match /parent --keys emotion,face $(rejects) $<

.settings/character-%-figures: always
	$(call note,$(settings.named)$(addprefix $(empty) ,$(taught_names)))
$(WHO:%=character/%/figures.jsonl): character/%/figures.jsonl: joined.jsonl .settings/character-%-figures
	$(call phase,$(name)-figures) -- "$$BIN/id-match" $(if $(taught_names),--as-named,$(references)) --only "$$(cat .names/$*)" $(rejects) $(IDENTITY_FLAGS) $<

.settings/character-%-sharp: always
	$(call note,$(FIGURE_BLUR_FLAGS))
$(WHO:%=character/%/sharp.jsonl): character/%/sharp.jsonl: character/%/figures.jsonl .settings/character-%-sharp
	$(call phase,$(name)-sharp) -- "$$BIN/blur-filter" $(rejects) $(FIGURE_BLUR_FLAGS) $<

.settings/character-%-unique: always
	$(call note,$(FIGURE_CLUSTER_FLAGS))
$(WHO:%=character/%/unique.jsonl): character/%/unique.jsonl: character/%/sharp.jsonl .settings/character-%-unique
	$(call phase,$(name)-unique) -- "$$BIN/cluster" $(rejects) $(FIGURE_CLUSTER_FLAGS) $<

# The others, and empty places where there are some, in words that are not the character's. The others are all that
# have another name, whether data sets are made of them or not; an outfit is not of another.
character.regular = $(1)/regular.jsonl
empty_places := $(wildcard background/selected.jsonl)
# So many quarters of the number that is selected, rounded up: trainers show no more of these than of the character.
quarters = --target $$((($$(grep -c '' $(@D)/selected.jsonl) * $(1) + 3) / 4))
but_this = "$${PYTHON:-python3}" -B "$$FILM2LORA_OTHERS" --than="$$(cat .names/$*)"
composed_anew = "$$BIN/caption-compose" --over-written
other_captions = $(character.before) "$$BIN/blur-filter" $(FIGURE_BLUR_FLAGS) joined.jsonl \
    | $(but_this) | "$$BIN/balance" $(call quarters,$(if $(empty_places),3,4)) --quota /identity/name=unknown:0 --by /identity/name$(comma)/pose/framing --per-shot 6 \
    | $(composed_anew) --type character --trigger="$${class:-character}" $(call by_kind,character) \
        $(foreach one,$(WHO),--other="$$(cat .names/$(one))") $(CHARACTER_CAPTION_FLAGS);
place_captions = "$$BIN/balance" $(call quarters,1) --per-shot 3 $(empty_places) | $(composed_anew) --type background --trigger place;
.settings/character-%-regular: always
	$(call note,$(CLASS) $(FIGURE_BLUR_FLAGS) $(CHARACTER_CAPTION_FLAGS) $(empty_places)$(if $(by_words), $(cast_words))$(if $(CAST), $(call within,CAST)))
$(WHO:%=character/%/regular.jsonl): character/%/regular.jsonl: character/%/selected.jsonl joined.jsonl $(empty_places) .settings/character-%-regular
	$(call phase,$(name)-regular) -- $(call pipe,[ ! -s $< ] || { $(other_captions) $(if $(empty_places),$(place_captions)) })

.PHONY: character
character: $(WHO:%=character/%/report.html) ## [pipeline] A data set of each character

endif
