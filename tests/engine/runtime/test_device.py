import pytest

from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.errors import UsageError


def test_devices():
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("cuda:99", "toaster", "meta"):
        with pytest.raises(UsageError, match=name):
            choose_device(name)
