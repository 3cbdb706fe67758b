from .core.errors import AblateError as AblateError
from .operations.analyse import judge as judge
from .operations.as_json import to_json as to_json
from .operations.compare import compare as compare
from .operations.load import load as load
from .operations.run import run as run

__version__: str
