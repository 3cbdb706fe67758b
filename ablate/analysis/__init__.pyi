from .frame import (
    study_tables as study_tables,
    verdict_table as verdict_table,
)
from .results import (
    study_results as study_results,
)
from .tidy_frame import (
    arms_from_frame as arms_from_frame,
    table_of as table_of,
    verdicts_from_frame as verdicts_from_frame,
    verdicts_from_table as verdicts_from_table,
)
