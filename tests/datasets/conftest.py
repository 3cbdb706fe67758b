import pytest


@pytest.fixture(autouse=True)
def empty_keras_home(tmp_path, monkeypatch):
    """Keras's cache of data sets, which the user's own must not stand in for."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets"


@pytest.fixture
def offline(monkeypatch):
    """A Keras that reaches no server; the names it was asked for."""
    import keras

    asked = []

    def unreachable(name, origin, file_hash, cache_subdir):
        asked.append((name, origin, file_hash, cache_subdir))
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.utils, "get_file", unreachable)
    return asked


@pytest.fixture
def asked_by_keras(monkeypatch):
    """What a data set's module of Keras asks its server for: the arguments of its call, by name."""

    def asked(module):
        found = {}

        def refuse(fname=None, origin=None, **arguments):
            found.update(arguments, fname=fname, origin=origin)
            raise InterruptedError

        monkeypatch.setattr(module, "get_file", refuse)
        with pytest.raises(InterruptedError):
            module.load_data()
        return found

    return asked
