import pytest

from ablate.core.artefacts import PROBES, STEP_LOSSES, ArtefactInfo, probes_in
from ablate.core.records import MetricInfo

ROUGHNESS = """import tensorflow

from ablate.core.artefacts import STEP_LOSSES, ArtefactInfo
from ablate.core.records import MetricInfo

FACTS = ArtefactInfo(
    "roughness",
    "roughness of the loss",
    version=3,
    needs=(STEP_LOSSES,),
    quantities=(MetricInfo("roughness", "roughness", "min", ""),),
)
"""


def test_a_probe_is_one_file(tmp_path):
    (tmp_path / "roughness.py").write_text(ROUGHNESS)
    (tmp_path / "helper.py").write_text("import tensorflow\n")
    quantity = MetricInfo("roughness", "roughness", "min", "")
    assert probes_in(tmp_path) == (ArtefactInfo("roughness", "roughness of the loss", 3, (STEP_LOSSES,), (quantity,)),)


def test_probes_stand_by_place_then_by_name(tmp_path):
    for name, place in (("a", "place=20, "), ("b", "place=3, "), ("d", ""), ("c", "")):
        (tmp_path / f"{name}.py").write_text(f"\nFACTS = ArtefactInfo({place}name='{name}', title='')\n")
    assert [facts.name for facts in probes_in(tmp_path)] == ["b", "a", "c", "d"]


@pytest.mark.parametrize("says", ["ArtefactInfo('another', '')", "MetricInfo('one', '', '', '')", "'one'"])
def test_facts_are_those_of_the_file(tmp_path, says):
    (tmp_path / "one.py").write_text(f"\nFACTS = {says}\n")
    with pytest.raises(ValueError, match="named one"):
        probes_in(tmp_path)


def test_the_order_that_stored_tables_have():
    assert list(PROBES) == [
        "jitter",
        "gradient_noise",
        "sharpness",
        "loss_surface",
        "linear_path",
        "dead_units",
        "coadaptation",
        "weight_histogram",
        "calibration",
        "sensitivity",
        "probabilities",
        "samples",
    ]
