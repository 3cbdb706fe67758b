from ablate.analysis.settings import differing_names, flatten, setting_text
from tests.synthetic import run_spec


def test_settings_have_the_names_of_the_command_line() -> None:
    flat = flatten(run_spec(dropout=0.3).to_json())
    assert flat["model"] == "ablate.models.mlp.mlp"
    assert flat["model.dropout"] == 0.3
    assert flat["dataset.source"] == "ablate.datasets.digits.load"
    assert flat["numerics.threads"] == 1
    assert list(flat) == sorted(flat)


def test_an_absent_setting_differs_from_null() -> None:
    assert differing_names([{"a": None, "b": 1, "c": 1}, {"b": 1, "c": 1.0}]) == ("a", "c")


def test_lists_and_nulls_are_json() -> None:
    assert [setting_text(value) for value in ("relu", [128, 64], None, True, 0.1)] == [
        "relu", "[128, 64]", "null", "true", "0.1",
    ]  # fmt: skip
