from ablate.core.class_names import MOST_RECORDED, entry, label_of, named, names_in, names_of_all


def test_names_travel_in_an_environment():
    assert names_in({"python": "3.13", **entry(("daisy", "rose"))}) == ("daisy", "rose")


def test_no_names_leave_an_environment_as_it_was_and_so_do_too_many():
    assert entry(()) == {}
    assert entry(["x"] * MOST_RECORDED) != {}
    assert entry(["x"] * (MOST_RECORDED + 1)) == {}


def test_what_somebody_wrote_in_their_place_names_nothing():
    for told in (None, 3, "daisy", {"0": "daisy"}, ["daisy", 1]):
        assert names_in({"class_names": told}) == ()


def test_a_name_is_one_short_line():
    [name] = names_in({"class_names": ["\x1b[2Jdaisy\n" + "x" * 500]})
    assert name.startswith("\\x1b[2Jdaisy\\n")
    assert len(name) == 40


def test_names_of_several_runs_are_those_that_all_that_know_any_agree_on():
    old, new, other = {}, entry(("a", "b")), entry(("a", "c"))
    assert names_of_all([old, new, new]) == ("a", "b")
    assert names_of_all([new, other]) == names_of_all([old]) == names_of_all([]) == ()


def test_a_class_without_a_name_is_its_number():
    assert [label_of(number, ("daisy", "")) for number in (0, 1, 2)] == ["daisy", "1", "2"]
    assert [named(number, ("daisy", "1")) for number in (0, 1, 2)] == ["0 (daisy)", "1", "2"]
