# make demo: from nothing to a trained model and its portfolios on the embedded market. make study: the Huatai
# report on it, all models, one page; called again it goes on where it was stopped. make live-demo: three weeks of
# evenings, from a vendor's server to orders, held against the backtest. make test: set-up and the tests. make dist: sdist
# and wheel, built and tried in fresh environments (DIST=3.11, --newest, --any-torch: see tests/packaging/dist.py). make
# docs: the docs as a site, with the API. make figures: the measured figures of the docs, from benchmarks/results.
# By hand, since they need more compilers than a test run has (they say which): make sanitize, the compiled kernels under
# ASan, UBSan and TSan, three minutes; make arm64, the kernels cross-compiled and run by qemu.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
RUN := runs/demo
export MFGRU_DEMO_PROVIDER := $(CURDIR)/$(RUN)/provider
export MFGRU_CACHE := $(CURDIR)/$(RUN)/panels
export MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR := false

STUDY := runs/study

.PHONY: demo study live-demo test docs figures dist sanitize arm64 clean

$(VENV)/.installed: pyproject.toml setup.py constraints.txt $(wildcard qlib_mfgru/native/*.cpp qlib_mfgru/native/*.h) qlib_mfgru/native/recipe.py
	$(PYTHON) -m venv $(VENV)
	@pins=$$("$(BIN)/python" -c 'import sys; print("-c constraints.txt" * (sys.version_info >= (3, 11, 5)))') && \
	{ test "$$pins" || echo "constraints.txt needs Python 3.11.5: this one gets the newest versions that it can have"; } && \
	echo "pip install $$pins -e .[dev]: this takes minutes" && \
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check $$pins -e ".[dev]"
	touch $@

demo: $(VENV)/.installed
	mkdir -p $(RUN)
	"$(BIN)/mfgru" demo --target "$(MFGRU_DEMO_PROVIDER)"
	cd $(RUN) && "$(BIN)/qrun" "$(CURDIR)/workflow_configs/demo/incremental.yaml"
	@recorder=$$(basename $$(ls -dt $(RUN)/mlruns/*/*/ | head -n 1)) && \
	(cd $(RUN) && MFGRU_RECORDER=$$recorder "$(BIN)/qrun" "$(CURDIR)/workflow_configs/demo/enhance_csi1000.yaml") && \
	artifacts=$$(ls -d $(RUN)/mlruns/*/$$recorder/artifacts) && \
	portfolios=$$(ls -dt $(RUN)/mlruns/*/*/artifacts/index_enhancement | head -n 1) && \
	echo && echo "Done. Look at:" && \
	echo "  $$artifacts/training_curve.png            training and validation IC, stage by stage" && \
	echo "  $$artifacts/pred.pkl                      a score for every stock and test date" && \
	echo "  $$artifacts/sig_analysis/                 IC and RankIC by date" && \
	echo "  $$artifacts/factor_test/factor_test.md    RankIC and ten layers beside the report's figures; plots beside it" && \
	echo "  $$artifacts/portfolio_analysis/           qlib's own backtest of the best 20 stocks" && \
	echo "  $$portfolios/index_enhancement.md    three enhanced CSI1000 portfolios; plots beside it" && \
	echo "  (cd $(RUN) && '$(BIN)/mlflow' ui --backend-store-uri sqlite:///mlruns.db)   all of it in a browser"

study: $(VENV)/.installed
	mkdir -p $(STUDY)
	test -d $(STUDY)/provider || "$(BIN)/mfgru" demo --target "$(CURDIR)/$(STUDY)/provider"
	cd $(STUDY) && MFGRU_DEMO_PROVIDER="$(CURDIR)/$(STUDY)/provider" MFGRU_CACHE="$(CURDIR)/$(STUDY)/panels" \
		"$(BIN)/mfgru" study "$(CURDIR)/workflow_configs/demo/study.yaml"
	@echo && echo "Done. Look at $(STUDY)/study.html"

live-demo: $(VENV)/.installed
	"$(BIN)/python" -m qlib_mfgru.rehearsal "$(CURDIR)/runs/live_demo"

test: $(VENV)/.installed
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest -n auto --dist loadfile --no-loadscope-reorder

docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 "$(BIN)/mkdocs" build --quiet --strict
	@echo "Done. Look at runs/docs/index.html, or with its search: python -m http.server --directory runs/docs"

figures: $(VENV)/.installed
	"$(BIN)/python" benchmarks/blocks.py

dist:
	$(PYTHON) tests/packaging/dist.py $(DIST)

sanitize arm64:
	$(PYTHON) tests/native/drive.py $@

clean:
	rm -rf $(VENV) runs build dist *.egg-info
