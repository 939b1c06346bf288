"""A small set of pairs with two splits, and the options of a table that takes seconds."""

from pathlib import Path

from support.training_set import make_pairs

OPTIONS = (
    "--pictures", "6", "--size", "64", "--batch", "2", "--preset", "tiny", "--precision", "fp32",
    "--limit", "3", "--quick",
)  # fmt: skip


def make_split_pairs(folder: Path) -> Path:
    """Write 12 pairs, two of each palette, 4 of them in the split val, and return the folder."""
    make_pairs(folder, 12)
    rows = [f"p{i:02},{'train' if i < 8 else 'val'},drawn,CC0,g{i // 2},g{i // 2},1" for i in range(12)]
    head = "id,split,source,license,group,palette,native_line"
    (folder / "index.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return folder
