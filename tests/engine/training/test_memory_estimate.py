import dataclasses

import torch
from support.drawn_store import CONFIG

from rltn_cli.engine.training.memory_estimate import COPIES, LIBRARIES, estimate_memory
from rltn_cli.model_config import PRESETS
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import LossConfig


def test_the_estimate_counts_weights_samples_and_parts():
    model = RLTN(PRESETS["tiny"])
    networks = (model, MultiscaleDiscriminator(8))
    own = sum(value.numel() for net in networks for value in net.parameters()) * 4
    four = estimate_memory(dataclasses.replace(CONFIG, batch=4), model)
    assert four.weights == COPIES * own
    assert four.total == LIBRARIES + four.weights + 4 * four.sample
    halved = estimate_memory(dataclasses.replace(CONFIG, batch=4, accumulate=2), model)
    assert halved.total == LIBRARIES + four.weights + 2 * four.sample
    assert estimate_memory(dataclasses.replace(CONFIG, batch=4), model, processes=4).total < halved.total


def test_larger_pictures_and_more_terms_need_more():
    model = RLTN(PRESETS["tiny"])
    small = estimate_memory(CONFIG, model).sample
    large = estimate_memory(dataclasses.replace(CONFIG, sizes=((0, 64), (5, 128))), model).sample
    assert 3 * small < large
    for more in ({"sizes": ((0, 128), (5, 64))}, {"size_cycle": (64, 128, 64)}):
        assert estimate_memory(dataclasses.replace(CONFIG, **more), model).sample == large
    half = estimate_memory(dataclasses.replace(CONFIG, precision="bf16"), model).sample
    assert half == small // 2
    whole = estimate_memory(dataclasses.replace(CONFIG, losses=LossConfig()), model)
    assert whole.sample > small
    assert whole.weights > 14_000_000 * 4  # with VGG16
    alike = dataclasses.replace(CONFIG, losses=dataclasses.replace(CONFIG.losses, lpips=1))
    more = estimate_memory(alike, model)
    assert more.sample > small
    alexnet = more.weights - estimate_memory(CONFIG, model).weights
    assert 2_400_000 * 4 < alexnet < 2_500_000 * 4


def test_the_estimate_is_close_to_what_autograd_holds():
    """On a GPU the peak can be read; on a CPU only that the graph was kept and let go again."""
    model = RLTN(PRESETS["tiny"])
    estimate = estimate_memory(CONFIG, model)
    picture = 3 * 64 * 64 * 4
    assert 20 * picture < estimate.sample < 2000 * picture
    assert all(value.grad is None for value in model.parameters())
    assert torch.is_grad_enabled()
