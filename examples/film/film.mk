# Settings of the sample film, for `make demo`: a small film, and networks of our own that know it.
FILM = examples/film/film.mp4
OUT = out/demo
TRIGGER = lantern
NETWORKS = small
DEVICE = cpu
CAST = examples/film/cast
LABELS = examples/film/labels
FIGURE_LABELS =
FACE_LABELS =
# Held drawings last a quarter of a second.
EXTRACT_FLAGS = --fps 4
# The image has 320 lines; a feature film has about 1080.
INSTANCE_FLAGS = --min-area 1500 --min-laplacian-variance 4 --min-edges 0.85
FACE_FLAGS = --min-side 40
PLATE_CROP_FLAGS = --min-side 160
# The small network's key points of a head score higher than this on 98 of 100 characters, and lower on lanterns and chairs.
POSE_FLAGS = --smooth 1 --head-threshold 0.75
# The small detector is unsure of small characters; a false one costs a plate less than a missed one.
BACKGROUND_DETECT_FLAGS = --threshold 0.1
# Its boxes cut arms short, and the masks of the small segmenter round off thin limbs: wider masks leave no hand in a plate.
BACKGROUND_SEGMENT_FLAGS = --grow-boxes 0.2 --cut -2
# What is filled in is masked in the same way, if TRACK is yes.
BACKGROUND_TRACK_FLAGS = $(BACKGROUND_SEGMENT_FLAGS)
DATASET_FLAGS = --resolution 512 --views kohya,onetrainer,ai-toolkit,diffusers --validation 10% --repeats cells
FIGURE_BLUR_FLAGS = --sharpness 10% --min-side 1 --letters 0 --drawn-title 0 --flat 1
# The vectors of the small network lie close together.
FIGURE_CLUSTER_FLAGS = --near-duplicates 0.999
PLACE_CLUSTER_FLAGS = --near-duplicates 0.9999 --k 5
# Most of its inpaintings have a step of colour: this drops the worst.
INPAINT_FLAGS = --max-seam 4
PLATE_BLUR_FLAGS = --letters 16 --sharpness 0.6x --min-side 160 --flat 0.6
# This few images cannot fill the quotas of a feature film.
CHARACTER_TARGET = 40
BACKGROUND_TARGET = 40
POSE_TARGET = 60
EXPRESSION_TARGET = 60
STYLE_TARGET = 60
LIGHTING_TARGET = 60
