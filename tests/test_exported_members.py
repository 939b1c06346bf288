"""What the package offers by name is there, and comes only when it is asked for."""

import subprocess
import sys

import pytest

import rltn_cli


@pytest.mark.parametrize("name", rltn_cli.__all__)
def test_every_exported_name_can_be_had(name: str) -> None:
    assert getattr(rltn_cli, name) is not None


def test_the_exported_classes_are_the_real_ones() -> None:
    from rltn_cli.engine.inference.colorizer import Colorizer
    from rltn_cli.models.rltn import RLTN

    assert rltn_cli.Colorizer is Colorizer
    assert rltn_cli.RLTN is RLTN


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Colouriser"):
        _ = rltn_cli.Colouriser


def test_importing_the_package_stays_cheap() -> None:
    code = "import sys, rltn_cli; print(sorted({'torch', 'numpy', 'cv2', 'PIL'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
