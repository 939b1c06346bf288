"""The precision of painting and of training."""

import contextlib

import pytest
import torch

from rltn_cli.engine.runtime.precision import (
    choose_precision,
    choose_training_precision,
    computing,
    is_bf16_native,
)
from rltn_cli.errors import UsageError


@pytest.mark.parametrize(("asked", "chosen"), [("auto", "fp32"), ("fp32", "fp32"), ("bf16", "bf16")])
def test_what_is_asked_for_is_chosen(asked, chosen):
    assert choose_precision(asked, torch.device("cpu")) == chosen


def test_a_device_without_it_is_refused():
    with pytest.raises(UsageError, match="precision bf16: not available on mps"):
        choose_precision("bf16", torch.device("mps"))


@pytest.mark.parametrize(
    ("capabilities", "chosen"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, "bf16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "bf16"),
        ({"avx512_bf16": False, "amx_bf16": False, "avx2": True}, "fp32"),
        ({"architecture": "arm64", "bf16": True}, "fp32"),
    ],
)
def test_training_is_in_bf16_where_the_processor_computes_in_it(capabilities, chosen, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert choose_training_precision("auto", torch.device("cpu")) == chosen
    for asked in ("fp32", "bf16", "fp16"):
        assert choose_training_precision(asked, torch.device("cpu")) == asked


@pytest.mark.parametrize("native", [True, False])
def test_older_versions_of_pytorch_are_asked_in_their_way(native, monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native, raising=False)
    assert is_bf16_native(torch.device("cpu")) is native
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported")
    assert not is_bf16_native(torch.device("cpu"))


@pytest.mark.parametrize(("native", "chosen"), [(True, "bf16"), (False, "fp32")])
def test_bf16_that_a_gpu_emulates_is_not_chosen(native, chosen, monkeypatch):
    asked = []

    def supported(*, including_emulation=True):
        asked.append(including_emulation)
        return native

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())
    assert choose_training_precision("auto", torch.device("cuda", 1)) == chosen
    assert asked == [False]


def test_training_on_mps_is_in_fp32():
    assert choose_training_precision("auto", torch.device("mps")) == "fp32"


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_products_are_computed_in_it(precision, dtype):
    with computing(precision, torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
