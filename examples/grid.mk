# make -f examples/grid.mk -j 2 CORPUS=corpora/tenki.txt RUNS=runs/grid: the same grid with GNU make.
#
# -j sets the number of trainings that run at the same time. A finished training has a stamp file
# and is skipped; one that was stopped, by Ctrl-C or a power cut, is resumed. With -k the others
# continue when one fails.

CORPUS ?= corpora/tenki.txt
RUNS ?= runs/grid
CELLS := rnn gru lstm
SIZES := 64 128

ifneq ($(words $(RUNS)),1)
$(error RUNS must be a folder without spaces in its name, because make separates names by spaces)
endif

HERE := $(dir $(lastword $(MAKEFILE_LIST)))
STAMPS := $(foreach cell,$(CELLS),$(foreach size,$(SIZES),$(RUNS)/$(cell)-$(size).finished))
export CHARRNN_TRAIN_WORKERS := 1
export CHARRNN_TRAIN_QUIET := 1

.PHONY: table
table: $(STAMPS)
	charrnn inspect runs $(RUNS)

# the stem, such as rnn-64, consists of the cell and the size
$(RUNS)/%.finished:
	@mkdir -p $(RUNS)
	$(HERE)begin-or-resume.sh $(RUNS)/$* '$(CORPUS)' \
	    --cell $(word 1,$(subst -, ,$*)) --hidden $(word 2,$(subst -, ,$*)) > /dev/null
	@touch $@
