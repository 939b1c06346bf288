"""Comparisons of results that rounding sets apart.

A kernel may add the terms of a sum in any order, and another processor or another number of threads brings
another kernel. Results of one formula that took two ways are therefore equal only up to rounding, and how
much that is in float32 behind a network of many layers is a matter of the machine. In float64 it is some
1e-12, and `NEARLY` is far above that and far below any mistake: tests that ask whether two ways are the same
compute both in float64.

"""

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch
from torch import Tensor

NEARLY = 1e-8
"""Tolerance for results in float64, relative and absolute.

Rounding is 1.1e-16 of a value. What enlarges it most are the softmax over similarities, which are divided by
a temperature of 0.01, and instance norms of flat pictures, which divide by the root of 1e-5: 100 and 316
times, a few times one after the other, over sums of some 10,000 terms.
"""

HALF = 2.0**-11
"""Largest relative error of rounding a number to float16, as weights are stored."""


@contextlib.contextmanager
def float64() -> Iterator[None]:
    """Compute in float64: new tensors and networks have it, and so has what the code turns into float32."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with mock.patch.object(Tensor, "float", Tensor.double):
            yield
    finally:
        torch.set_default_dtype(before)


def assert_nearly(result: Tensor, expected: Tensor) -> None:
    """Check that two float64 results are the same up to rounding."""
    assert result.dtype == expected.dtype == torch.float64
    torch.testing.assert_close(result, expected, rtol=NEARLY, atol=NEARLY)
