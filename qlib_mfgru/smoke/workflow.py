"""The files of the small workflow: a YAML over a shipped base, and what predicts once more from its recorder."""

WORKFLOW = """\
BASE_CONFIG_PATH: configs/demo/demo_base.yaml
qlib_init:
  provider_uri: provider
task:
  model:
    class: IncrementalGRUModel
    kwargs: {hidden_size: 4, max_epochs: 2}
  dataset:
    kwargs:
      handler:
        kwargs:
          inputs: {day: {days: 10, scale: last}, 15min: {days: 2, scale: mean}}
      segments:
        train: ["2020-01-01", "2020-08-31"]
        test: ["2020-09-01", "2020-09-30"]
  record:
    - class: SignalRecord
      module_path: qlib.workflow.record_temp
      kwargs: {model: <MODEL>, dataset: <DATASET>}
    - class: FactorTestRecord
      module_path: qlib_mfgru.factor
      kwargs: {pools: [all], n_layers: 5}
    - class: IndexEnhancementRecord
      module_path: qlib_mfgru.portfolio
      kwargs: {index: csi500, turnover_limits: [0.4]}
"""

PREDICT = """\
import pickle, sys
import pandas as pd, qlib
qlib.init(provider_uri=sys.argv[1], region="cn", kernels=1, logging_level=40)
model, dataset = (pickle.load(open(f"{sys.argv[2]}/{name}", "rb")) for name in ("params.pkl", "dataset"))
saved = pd.read_pickle(f"{sys.argv[2]}/pred.pkl")["score"]
pd.testing.assert_series_equal(model.predict(dataset), saved, check_exact=True)
"""
