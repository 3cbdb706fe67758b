"""The tables and the report of a study, written again: from the store, or from the data/ of a report alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ablate.core.errors import UsageError
from ablate.core.specs import STUDY_NAME
from ablate.operations.as_json import document
from ablate.operations.publish import publish
from ablate.operations.request import reports_folder, results_folder
from ablate.operations.sides import known_studies
from ablate.publishing.evidence import pack_evidence
from ablate.publishing.writing import Written, read_evidence, rebuild, write_latex, write_packed
from ablate.storage.atomic import WriteFailed
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder, UnknownStudy

__all__ = ["ReportFiles", "report"]


@document("report", version=2)
@dataclass(frozen=True)
class ReportFiles:
    """Where a report stands.

    Attributes:
        markdown: report.md.
        html: report.html, the same for a browser.
        changed: False when it stood there already and no file was touched.
        latex: report.tex; None where it was not asked for.
    """

    markdown: Path
    html: Path
    changed: bool
    latex: Path | None = None


def report(
    *names: str,
    data: Path | str | None = None,
    results_dir: Path | str | None = None,
    reports_dir: Path | str | None = None,
    with_latex: bool = False,
    redraw: bool = False,
) -> tuple[ReportFiles, ...]:
    """Writes the tables and the report of each study, and report.tex beside it if asked to.

    Args:
        names: studies of the store, each with its report under `reports_dir`.
        data: the `data/` folder of a report; no store is needed.
        reports_dir: where reports are written, each in a folder of its study's name. What is made of `data` is written
            in the folder around that where this is not given.
        redraw: whether to write even what says the same as what stands there, its tables within 1e-9.

    Returns:
        what was written: of `data` first, then of the studies in their order.

    Raises:
        UsageError: when nothing is named, a name is no study, or `data` is not what `report` has written.
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    results, reports = results_folder(results_dir), reports_folder(reports_dir)
    if data is None and not names:
        raise UsageError(f"Which study? {known_studies(results)}")
    written = [_from_data(Path(data), None if reports_dir is None else reports, redraw)] if data is not None else []
    written += [_from_store(name, results, reports, redraw) for name in names]
    return tuple(_files(each, with_latex) for each in written)


def _files(written: Written, with_latex: bool) -> ReportFiles:
    latex = write_latex(written.path.parent / "data") if with_latex else None
    return ReportFiles(written.path, written.html, written.changed, latex)


def _from_data(folder: Path, reports_dir: Path | None, redraw: bool) -> Written:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; --from takes the data/ folder of a report")
    if not (folder / "plan.json").is_file():
        inside = folder / "data"
        hint = f"; did you mean {inside}?" if (inside / "plan.json").is_file() else ""
        raise UsageError(f"{folder} is not the data/ folder of a report: it has no plan.json{hint}")
    try:
        if reports_dir is None:
            return rebuild(folder, redraw=redraw)
        evidence = read_evidence(folder)
        if not STUDY_NAME.fullmatch(evidence.plan.name):
            raise ValueError(f"{evidence.plan.name!r} names no study")
        return write_packed(pack_evidence(evidence), reports_dir / evidence.plan.name, redraw)
    except WriteFailed:
        raise
    except Exception as error:  # what comes from elsewhere can contradict itself in more ways than can be checked
        raise UsageError(
            f"{folder} is not the data/ folder of a report as it was written: a file of it is missing, damaged or of "
            f"another version ({error})"
        ) from error


def _from_store(name: str, results_dir: Path, reports_dir: Path, redraw: bool) -> Written:
    try:
        return publish(StudyFolder(results_dir, name), RunStore(results_dir), reports_dir, redraw).report
    except (UnknownStudy, ValueError) as error:
        raise UsageError(f"{error}. {known_studies(results_dir)}") from error
