"""Which versions records tell of, and which of them differ."""

from ablate.core.versions import is_outdated, mixed_versions

OLD = {"ablate": "0.1.0", "tensorflow": "2.20.0", "host": "a", "git": {"ablate": {"commit": "1"}}, "argv": ["seed=1"]}
NEW = {"ablate": "0.1.0", "tensorflow": "2.21.0", "host": "b", "git": {"ablate": {"commit": "2"}}, "argv": ["seed=2"]}


def test_versions_that_differ_are_counted_the_most_frequent_first():
    assert mixed_versions([NEW, OLD, OLD]) == {"tensorflow": {"2.20.0": 2, "2.21.0": 1}}


def test_another_host_commit_or_command_is_no_other_version():
    assert mixed_versions([OLD, {**NEW, "tensorflow": "2.20.0"}]) == {}


def test_what_was_not_recorded_is_no_difference():
    assert mixed_versions([{}, {"keras": None}, {"keras": "3.15.0"}]) == {}
    assert not is_outdated({}, NEW)
    assert not is_outdated(OLD, {})
    assert is_outdated(OLD, NEW)
