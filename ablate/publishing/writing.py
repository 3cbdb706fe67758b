"""The folder of a report: report.md, report.html, figures/ and data/, and when they must be made again.

A study that puts a document to the test has conclusions.md too: the table of its conclusions, for a README.

    written = write_report(plan, runs, Path("reports/optimizers"), command=("+sweep=optimizers",))
    written.path, written.html, written.changed
    rebuild(Path("reports/optimizers/data"))      # the same report.md, byte for byte, without the store

A report is made of what is packed in its `data/` and of nothing else, so it can always be rebuilt from
there. `data/stamp.json`, written last, says of which bytes and by which version it was made.

A report that stands whole is left alone, to the byte, where what would be written says the same: equal text, and data
that agree (see `agreement`). Other versions of numpy or scipy change the last digits of a table, and those of
matplotlib the bytes of a figure, which report.html shows too; neither is a reason to write. Where report.html alone is
missing, or of another edition of the pages (see `ablate.web.edition`: a style, a script or a picture has changed), it
alone is made anew, of the figures that stand there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ablate
from ablate.analysis.interpolations import ArmInterpolations
from ablate.analysis.judging import Judged
from ablate.analysis.photo_predictions import ArmPhotoPredictions
from ablate.analysis.results import StudyResults, SweepResults, study_results
from ablate.analysis.values import Runs
from ablate.core.identity import canonical, digest, sha256_of_bytes
from ablate.core.plans import StudyPlan
from ablate.publishing.agreement import agree
from ablate.publishing.evidence import Evidence, Packed, pack_evidence, unpack_evidence
from ablate.reporting.figures import Caption, figure_file
from ablate.reporting.interpolations import interpolation_file
from ablate.reporting.markdown import render
from ablate.reporting.photo_predictions import photograph_files
from ablate.reporting.replication import conclusions_of_study
from ablate.reporting.report import report_latex, report_markdown
from ablate.reporting.shown_figures import figures_of_sweeps
from ablate.sanitize.files import NoRegularFile, read_file
from ablate.storage.atomic import WriteFailed, write_atomically
from ablate.web.edition import edition

__all__ = ["Written", "read_evidence", "rebuild", "write_latex", "write_packed", "write_report"]

STAMP = "data/stamp.json"
STAMP_FORMAT = 1
PAGE = "report.html"
# Of one file of a report.
MOST_BYTES = 2**32
_FIGURE = re.compile(r"figures/[A-Za-z0-9_.=-]+\.png")
_FILE = re.compile(rf"(report|conclusions)\.md|report\.html|data/[a-z_]+\.[a-z]+|{_FIGURE.pattern}")


@dataclass(frozen=True)
class Written:
    """Where report.md stands; `changed` is False when the report stood there already and no file was touched."""

    path: Path
    changed: bool

    @property
    def html(self) -> Path:
        """The same for a browser, beside it."""
        return self.path.with_suffix(".html")


@dataclass(frozen=True)
class Stamp:
    """What a report was made of, the checksum of each file of it, and of which edition its page is."""

    inputs: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    edition: str = ""


def write_report(
    plan: StudyPlan,
    runs: Runs,
    folder: Path,
    command: tuple[str, ...] = (),
    redraw: bool = False,
    events: tuple[Mapping[str, Any], ...] = (),
    photo_predictions: ArmPhotoPredictions | None = None,
    interpolations: tuple[ArmInterpolations, ...] = (),
) -> Written:
    """Make `folder` the report of the study, unless it is already.

    Args:
        runs: run_id → run, as far as they exist; others are shown as missing.
        command: the words after `ablate` that made the study.
        redraw: whether to write even over what stands there and says the same.
        events: the study's log.
        photo_predictions: of photographs, by the runs of an arm.
        interpolations: between the runs of two arms.

    Raises:
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    evidence = Evidence(plan, runs, command, events, photo_predictions=photo_predictions, interpolations=interpolations)
    return write_packed(pack_evidence(evidence), folder, redraw)


def rebuild(data_folder: Path, folder: Path | None = None, redraw: bool = False) -> Written:
    """Make the report of a `data/` folder again, in the folder around it or in `folder`, unless it stands there.

    Args:
        redraw: whether to write even over what stands there and says the same.

    Raises:
        OSError, KeyError, ValueError: when `data_folder` is not one that `write_report` made.
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    return write_packed(pack_evidence(read_evidence(data_folder)), folder or data_folder.parent, redraw)


def write_latex(data_folder: Path, folder: Path | None = None) -> Path:
    """Write report.tex beside the report.md of a `data/` folder; its path. It shows the figures that lie there.

    Raises:
        OSError, KeyError, ValueError, ablate.storage.atomic.WriteFailed: as `rebuild`.
    """
    path = (folder or data_folder.parent) / "report.tex"
    evidence = read_evidence(data_folder)
    write_atomically(path, report_latex(_results(evidence), evidence.command).encode())
    return path


def read_evidence(data_folder: Path) -> Evidence:
    """What a `data/` folder holds of its study.

    Raises:
        OSError, KeyError, ValueError: when `data_folder` is not one that `write_report` made.
    """
    files = {path.name: read_file(path, MOST_BYTES) for path in data_folder.iterdir() if path.is_file()}
    try:
        return unpack_evidence(files)
    except (KeyError, ValueError):
        raise
    except Exception as error:  # what comes from elsewhere can contradict itself in any way
        raise ValueError(f"{type(error).__name__}: {error}") from error


def write_packed(packed: Packed, folder: Path, redraw: bool = False) -> Written:
    """The same of what `pack_evidence` gives: whoever has no other use for the runs can let go of them before the
    report is made, for which they are unpacked.

    Raises:
        ablate.storage.atomic.WriteFailed: when the file system refuses.
    """
    _check_links(folder)
    report, data = folder / "report.md", packed.files
    inputs = _digest_of_inputs(data)
    former = _read_stamp(folder)
    # The page is made of the rest, and is no reason to draw anew.
    rest = {name: checksum for name, checksum in former.files.items() if name != PAGE}
    is_whole = not redraw and _stands(rest, folder)
    has_page = former.edition == edition() and _has_content(folder / PAGE, former.files.get(PAGE, ""))
    if is_whole and has_page and former.inputs == inputs:
        return Written(report, changed=False)
    # Made of what is packed, never of what was there before packing.
    evidence = unpack_evidence(data)
    results = _results(evidence, packed.judged)
    files = {**{f"data/{name}": content for name, content in data.items()}, **_texts(results, evidence.command)}
    names = files.keys() | _figure_names(results)
    if is_whole and rest.keys() == names and _says_the_same(folder, files):
        if has_page:
            return Written(report, changed=False)
        standing = {name: read_file(folder / name, MOST_BYTES) for name in rest if _FIGURE.fullmatch(name)}
        page = _page(results, evidence.command, standing)
        write_atomically(folder / PAGE, page)
        _write_stamp(folder, Stamp(former.inputs, {**rest, PAGE: sha256_of_bytes(page)}, edition()))
        return Written(report, changed=True)
    figures = _figures(results)
    files |= {PAGE: _page(results, evidence.command, figures), **figures}
    for name, content in files.items():
        write_atomically(folder / name, content)
    _remove_figures(set(former.files) - set(files), folder)
    _write_stamp(folder, Stamp(inputs, {name: sha256_of_bytes(content) for name, content in files.items()}, edition()))
    return Written(report, changed=True)


def _check_links(folder: Path) -> None:
    """A folder from elsewhere may hold links, through which a report would be written over what lies elsewhere."""
    for part in ("data", "figures"):
        if (folder / part).is_symlink():
            raise WriteFailed(folder / part, 0, "it is a link, and a report is written into folders of its own")


def _says_the_same(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether the text that stands in `folder` is equal, and its data agree; figures show nothing beyond these."""
    standing = {name: read_file(folder / name, MOST_BYTES) for name in files}
    data = [name for name in files if name.startswith("data/")]
    is_equal_text = all(standing[name] == files[name] for name in files.keys() - set(data))
    return is_equal_text and agree({name: standing[name] for name in data}, {name: files[name] for name in data})


def _texts(results: StudyResults, command: tuple[str, ...]) -> dict[str, bytes]:
    conclusions = render(conclusions_of_study(results))
    return {
        "report.md": report_markdown(results, command).encode("utf-8"),
        # The table alone, for a README.
        **({"conclusions.md": f"{conclusions}\n".encode()} if conclusions else {}),
    }


def _page(results: StudyResults, command: tuple[str, ...], figures: Mapping[str, bytes]) -> bytes:
    # Jinja and the pictures, for those calls alone that write.
    from ablate.web.page import report_page

    return report_page(results, command, figures).encode("utf-8")


def _results(evidence: Evidence, judged: tuple[Judged, ...] | None = None) -> StudyResults:
    return study_results(
        evidence.plan,
        evidence.runs,
        evidence.events,
        evidence.ensembles,
        evidence.photo_predictions,
        evidence.interpolations,
        judged,
    )


def _figure_names(results: StudyResults) -> frozenset[str]:
    """Of what `_figures` draws, without what it takes to draw."""
    of_sweeps = (figure_file(sweep.planned.spec.name, caption.name) for sweep, caption in _shown(results))
    read = photograph_files(results.photo_predictions) if results.photo_predictions else ()
    return frozenset(
        f"figures/{file}" for file in (*of_sweeps, *read, *map(interpolation_file, results.interpolations))
    )


def _shown(results: StudyResults) -> Iterator[tuple[SweepResults, Caption]]:
    """Each figure of a sweep, with the sweep whose section shows it."""
    for sweep, figures in zip(results.sweeps, figures_of_sweeps(results), strict=True):
        for caption in figures.shown:
            yield sweep, caption


def _figures(results: StudyResults) -> dict[str, bytes]:
    # Half a second of import, for those calls alone that draw.
    from ablate.plots.canvas import png_bytes
    from ablate.plots.interpolations import interpolation_page
    from ablate.plots.pages import pages
    from ablate.plots.pictures import photo_prediction_page

    drawn_by = pages()
    of_sweeps = {
        f"figures/{figure_file(sweep.planned.spec.name, caption.name)}": png_bytes(drawn_by[caption.name](sweep))
        for sweep, caption in _shown(results)
    }
    read = (
        zip(photograph_files(results.photo_predictions), results.photo_predictions.predictions, strict=True)
        if results.photo_predictions
        else ()
    )
    return {
        **of_sweeps,
        **{f"figures/{file}": png_bytes(photo_prediction_page(prediction)) for file, prediction in read},
        **{
            f"figures/{interpolation_file(pair)}": png_bytes(interpolation_page(pair))
            for pair in results.interpolations
        },
    }


def _digest_of_inputs(data: Mapping[str, bytes]) -> str:
    checksums = {name: sha256_of_bytes(content) for name, content in data.items()}
    return digest("report", STAMP_FORMAT, {"version": ablate.__version__, "data": checksums})


def _read_stamp(folder: Path) -> Stamp:
    """The stamp of the report that stands in `folder`; an empty one when there is none that can be read."""
    try:
        stamp = json.loads(read_file(folder / STAMP, MOST_BYTES))
        return Stamp(stamp["inputs"], dict(stamp["files"]), stamp.get("edition", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Stamp()


def _write_stamp(folder: Path, stamp: Stamp) -> None:
    content = canonical({"inputs": stamp.inputs, "files": dict(stamp.files), "edition": stamp.edition})
    write_atomically(folder / STAMP, content.encode("ascii"))


def _stands(checksums: Mapping[str, str], folder: Path) -> bool:
    """A stamp from elsewhere may name any file there is, and none but those of a report are read."""
    return all(_FILE.fullmatch(name) and _has_content(folder / name, checksum) for name, checksum in checksums.items())


def _has_content(path: Path, checksum: str) -> bool:
    try:
        return sha256_of_bytes(read_file(path, MOST_BYTES)) == checksum
    except (OSError, NoRegularFile):
        return False


def _remove_figures(names: Iterable[str], folder: Path) -> None:
    """Figures that the former report had and this one has not; what others put there stays."""
    for name in names:
        if _FIGURE.fullmatch(name) and not (folder / name).is_dir():
            (folder / name).unlink(missing_ok=True)
