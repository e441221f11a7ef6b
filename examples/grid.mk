# make -f examples/grid.mk -j 2 CORPUS=corpora/tenki.txt RUNS=runs/grid: the same grid with GNU make.
#
# As many trainings side by side as -j says. What is finished has a stamp and is skipped; what was
# stopped, by Ctrl-C or a power cut, is resumed; with -k the others go on when one fails.

CORPUS ?= corpora/tenki.txt
RUNS ?= runs/grid
CELLS := rnn gru lstm
SIZES := 64 128

ifneq ($(words $(RUNS)),1)
$(error RUNS is a folder without spaces in its name, as make takes a space for the next one)
endif

HERE := $(dir $(lastword $(MAKEFILE_LIST)))
STAMPS := $(foreach cell,$(CELLS),$(foreach size,$(SIZES),$(RUNS)/$(cell)-$(size).finished))
export CHARRNN_TRAIN_WORKERS := 1
export CHARRNN_TRAIN_QUIET := 1

.PHONY: table
table: $(STAMPS)
	charrnn inspect runs $(RUNS)

# rnn-64 and its like are the cell and the size
$(RUNS)/%.finished:
	@mkdir -p $(RUNS)
	$(HERE)begin-or-resume.sh $(RUNS)/$* '$(CORPUS)' \
	    --cell $(word 1,$(subst -, ,$*)) --hidden $(word 2,$(subst -, ,$*)) > /dev/null
	@touch $@
