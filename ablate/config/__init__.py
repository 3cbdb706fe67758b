"""From overrides on the command line to plain, checked data: the one door where Hydra and OmegaConf stop.

    tree = find_tree(Path.cwd())                                        # ablate.config.tree
    request = load_request(["+sweep=optimizers", "sweep.seeds=3"], tree, dataset_facts, resolve_device)
    request.work         # a specs.Study, or a specs.RunSpec where no sweep was asked for
    request.settings     # where things lie, which executor: what changes no number
    build(request.settings.executor)                                    # a component, built

Whatever is wrong is raised as one `ConfigError` that lists every problem. In the order of the data:

    tree         the folders that leaves and experiments are read from
    overrides    Hydra's grammar: parsing, writing, layering
    composing    overrides -> one composed config, checked and cast                    (the only Hydra)
    casting      values -> the type their default or their dataclass field declares
    ranges       which values the root keys can have
    runs         a composed config -> a RunSpec
    questions    a leaf of conf/sweep -> a SweepSpec
    arms         a SweepSpec -> a Sweep: each level composed once, the arms merged
    study_declaration
                 +sweep= or an experiment's study.yaml -> what the study is to contain
    requests     all of the above: overrides -> a Request
    building     a Component -> the object; what a worker needs, without Hydra
    moved_targets  where the code of a target is, and the path that ids keep
"""

from ablate.config.building import build
from ablate.config.problems import ConfigError, Problem

__all__ = ["ConfigError", "Problem", "build"]
