"""What is published of a command and of a message names no place on this machine."""

from ablate.sanitize.redact import public_words, without_folders


def test_a_command_loses_its_places() -> None:
    words = (
        "+sweep=a",
        "data_dir=/d",
        "+results_dir=x",
        "--config-dir",
        "/home/c",
        "--out=/o",
        "seed=3",
        "file=/a/b/c.yaml",
    )
    assert public_words(words) == ["+sweep=a", "seed=3", "file=c.yaml"]


def test_a_message_keeps_the_names_of_files():
    assert without_folders("no /home/me/data/mnist.npz, see http://a.b/c") == "no mnist.npz, see http://a.b/c"
