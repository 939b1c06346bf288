import importlib

import pytest

from rltn_cli.errors import UsageError
from rltn_cli.optional_packages import library


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r"skimage.*pip install 'rltn\[eval\]'"):
        library("skimage.color")
