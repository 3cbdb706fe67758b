from tests.config.conftest import remember_compositions

__all__ = ["remember_compositions"]
