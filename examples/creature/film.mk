# Settings of the second film, for `make creature-film`: a character that is not a person, and networks of our own that know it.
FILM = examples/creature/film.mp4
OUT = out/creature
TRIGGER = bruma
NETWORKS = small
DEVICE = cpu
CAST = examples/creature/cast
# Of Oreste no head is seen in this film, and of Pia one drawing.
CHARACTER = bruma nilo
LABELS = examples/film/labels
FIGURE_LABELS =
FACE_LABELS =
# It tells animals from persons, so that a beast gets an animal's key points with or without kind.txt in the cast.
DETECT_MODEL = small-creature-detect
DETECT_FLAGS = --classes all
POSE_ANIMAL_MODEL = small-creature-pose
# Held drawings last a third of a second.
EXTRACT_FLAGS = --fps 4
# The image has 320 lines; a feature film has about 1080.
INSTANCE_FLAGS = --min-area 1500 --min-laplacian-variance 4 --min-edges 0.85
FACE_FLAGS = --min-side 40
PLATE_CROP_FLAGS = --min-side 160
POSE_FLAGS = --smooth 1
# All who act are in the cast: what has no name is no character, but a ball.
POSE_BALANCE_FLAGS = --by /pose/action,/pose/angle --reserve /pose/action=unknown:20 --quota /pose/head=unseen:0 --quota /identity/name=unknown:0 \
    --prefer /instance/laplacian_variance --per-shot 6
# As for the first film: a false box costs a plate less than a missed one, and wider masks leave no hand or tail in it.
BACKGROUND_DETECT_FLAGS = --classes all --threshold 0.1
BACKGROUND_SEGMENT_FLAGS = --grow-boxes 0.2 --cut -2
BACKGROUND_TRACK_FLAGS = $(BACKGROUND_SEGMENT_FLAGS)
DATASET_FLAGS = --resolution 512 --views kohya,diffusers --validation 10%
FIGURE_BLUR_FLAGS = --sharpness 10% --min-side 1 --letters 0 --drawn-title 0 --flat 1
# The vectors of the small network lie close together.
FIGURE_CLUSTER_FLAGS = --near-duplicates 0.999
PLACE_CLUSTER_FLAGS = --near-duplicates 0.9999 --k 5
INPAINT_FLAGS = --max-seam 4
PLATE_BLUR_FLAGS = --letters 16 --sharpness 0.6x --min-side 160 --flat 0.6
# This few images cannot fill the quotas of a feature film.
CHARACTER_TARGET = 20
BACKGROUND_TARGET = 20
POSE_TARGET = 40
EXPRESSION_TARGET = 30
STYLE_TARGET = 40
LIGHTING_TARGET = 40
