"""What a painting was made with, for the record."""

from dataclasses import asdict
from pathlib import Path

from rltn_cli.engine.checkpoints.header import hash_weights
from rltn_cli.engine.checkpoints.hub_client import commit_of
from rltn_cli.engine.inference.drawings import Drawing
from rltn_cli.engine.inference.references import References
from rltn_cli.painting.painting import Origin


def origin_of(drawing: Drawing, references: References, model: Path | None) -> Origin:
    """Return what a painting was made with: names without folders, and the model's hash.

    Args:
        drawing: as it was painted.
        references: as they were used.
        model: its files; None for one that came from elsewhere.
    """
    settings: dict[str, object] = {
        "sketch": Path(drawing.name).name,
        "references": "; ".join(Path(name).name for name in references.names),
        "size": references.size,
        **asdict(drawing.options),
    }
    if references.weights is not None:
        settings["ref_weights"] = "; ".join(f"{weight:g}" for weight in references.weights)
    known = {name: str(value) for name, value in settings.items() if value is not None}
    if model is None:
        return Origin(settings=known)
    return Origin(model.name, hash_weights(model), commit_of(model) or "", known)
