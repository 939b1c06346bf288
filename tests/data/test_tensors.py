"""uint8 pictures to floats in [-1, 1] and back."""

import numpy as np
import torch

from rltn_cli.data.tensors import to_array, to_byte_values, to_floats, to_tensor
from rltn_cli.imaging.pixels import to_bytes, to_unit_range


def test_every_value_comes_back() -> None:
    values = np.arange(256, dtype=np.uint8)
    picture = np.stack([values, values[::-1], np.roll(values, 7)], axis=1).reshape(1, 16, 16, 3)
    tensor = to_tensor(picture)
    assert tensor.shape == (1, 3, 16, 16)
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    assert (tensor.min(), tensor.max()) == (-1, 1)
    np.testing.assert_array_equal(to_bytes(to_array(tensor[0])), picture[0])
    np.testing.assert_array_equal(to_bytes(to_unit_range(picture)), picture)


def test_what_is_out_of_range_is_clamped() -> None:
    array = to_array(torch.tensor([-2.0, 0.0, 3.0]).reshape(3, 1, 1))
    assert array.tolist() == [[[0.0, 0.5, 1.0]]]


def test_floats_keep_shape_and_order() -> None:
    assert to_floats(torch.tensor([[0, 255]], dtype=torch.uint8)).tolist() == [[-1.0, 1.0]]


def test_values_come_back_as_bytes() -> None:
    values = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_byte_values(to_floats(values)), values)
    assert to_byte_values(torch.tensor([-2.0, -0.001, 3.0])).tolist() == [0, 127, 255]
