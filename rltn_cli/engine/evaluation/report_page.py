"""The report of an evaluation as one self-contained HTML page."""

import base64
import html
import io
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources

from PIL import Image

from rltn_cli.engine.evaluation.aggregation import HIGHER_IS_BETTER, METRICS
from rltn_cli.engine.evaluation.best_and_worst import ShownSample, panels
from rltn_cli.engine.evaluation.contact_sheet import caption
from rltn_cli.engine.evaluation.evaluator import Evaluation
from rltn_cli.engine.evaluation.protocols import SIZE
from rltn_cli.engine.evaluation.report import (
    DEFINITIONS,
    METHOD,
    data_name,
    describe_method,
    describe_missing,
)
from rltn_cli.imaging.pixels import Bytes

_QUALITY = 88
"""WebP quality of the pictures, from 0 to 100."""


def to_html(evaluation: Evaluation, galleries: Mapping[str, Sequence[ShownSample]]) -> str:
    """Return the page: a table that can be sorted, and pictures of each method.

    Args:
        evaluation: the metrics.
        galleries: the samples to show, by method.
    """
    config = evaluation.config
    keys = [key for key in METRICS if key not in evaluation.missing]
    sources = sorted({sample.pair.source for sample in evaluation.samples})
    report = {
        "columns": [
            {"key": key, "digits": int(METRICS[key][1][1]), "higher": key in HIGHER_IS_BETTER} for key in keys
        ],
        "methods": {row.name: describe_method(row, evaluation) for row in evaluation.rows},
    }
    empty = "<td></td>" * len(keys)
    names = ((row.kind, _safe(row.name)) for row in evaluation.rows)
    rows = (f'<tr class="{kind}" data-method="{name}"><td>{name}</td>{empty}</tr>' for kind, name in names)
    head = [METHOD, *(METRICS[key][0] for key in keys)]
    scopes = [("average", "the average of the sources"), ("overall", "all pictures")]
    scopes += [(f"source:{source}", f"source {source or '(none)'}") for source in sources]
    return fill_page(
        "report.html",
        title=_safe(f"rltn: {data_name(evaluation)}"),
        heading=_safe(f"{data_name(evaluation)}, split {config.split}, protocol {config.protocol}"),
        summary=f"{len(evaluation.samples)} drawings at {SIZE}x{SIZE}; sources: {len(sources)}",
        notes="".join(f'<p class="note">{_safe(text)}.</p>' for text in evaluation.warnings),
        scopes="".join(f'<option value="{_safe(value)}">{_safe(name)}</option>' for value, name in scopes),
        head="".join(f'<th scope="col"><button type="button">{_safe(name)}</button></th>' for name in head),
        body="".join(rows),
        missing="".join(f'<p class="note">{_safe(text)}</p>' for text in describe_missing(evaluation)),
        galleries="".join(
            _gallery(name, gallery, opened=number == 0)
            for number, (name, gallery) in enumerate(galleries.items())
        ),
        definitions=_definitions(),
        report=embed_json(report),
    )


def _gallery(name: str, gallery: Sequence[ShownSample], *, opened: bool) -> str:
    """Return a method's pictures, collapsed unless `opened`."""
    samples = "".join(
        f'<div class="trial"><p>{_safe(caption(shown))}</p>'
        + "".join(
            _figure(heading, picture)
            for heading, picture in panels(shown)
            if heading != "warp" or _warps(gallery)
        )
        + "</div>"
        for shown in gallery
    )
    return f"<details{' open' if opened else ''}><summary>{_safe(name)}</summary>{samples}</details>"


def _warps(gallery: Sequence[ShownSample]) -> bool:
    return any(shown.warped is not None for shown in gallery)


def _figure(heading: str, picture: Bytes | None) -> str:
    shown = (
        '<div class="absent"></div>'
        if picture is None
        else f'<img src="{to_data_uri(picture)}" alt="{heading}" loading="lazy">'
    )
    return f"<figure>{shown}<figcaption>{heading}</figcaption></figure>"


def _definitions() -> str:
    """Return the definitions of the Markdown report as HTML."""
    first, _, items = DEFINITIONS.partition("\n\n- ")
    points = "".join(f"<li>{_safe(' '.join(item.split()))}</li>" for item in items.split("\n- "))
    return f"<p>{_safe(first)}</p><ul>{points}</ul>"


def to_data_uri(picture: Bytes) -> str:
    """Return a picture (H, W, 3) as a data: URI of a WebP file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", quality=_QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def embed_json(values: object) -> str:
    """Return JSON that is safe inside a script element."""
    return json.dumps(values).replace("<", "\\u003c")


def fill_page(name: str, **values: str) -> str:
    """Return a page of the folder `pages` with its {{placeholders}} replaced by HTML."""
    page = resources.files("rltn_cli.engine.evaluation").joinpath("pages", name).read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], page)


def _safe(text: str) -> str:
    return html.escape(text)
