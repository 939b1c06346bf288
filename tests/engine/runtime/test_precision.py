"""The precision of painting."""

import pytest
import torch

from rltn_cli.engine.runtime.precision import choose_precision, computing
from rltn_cli.errors import UsageError


@pytest.mark.parametrize(("asked", "chosen"), [("auto", "fp32"), ("fp32", "fp32"), ("bf16", "bf16")])
def test_what_is_asked_for_is_chosen(asked, chosen):
    assert choose_precision(asked, torch.device("cpu")) == chosen


def test_a_device_without_it_is_refused():
    with pytest.raises(UsageError, match="precision bf16: not available on mps"):
        choose_precision("bf16", torch.device("mps"))


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_products_are_computed_in_it(precision, dtype):
    with computing(precision, torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
