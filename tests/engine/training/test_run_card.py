import dataclasses

import torch

from rltn_cli.data.pairs import Pair
from rltn_cli.engine.checkpoints.model_card import licence_of
from rltn_cli.engine.runtime.device import describe_hardware
from rltn_cli.engine.training.run_card import RunSummary, write_card
from rltn_cli.training_config import FINE_TUNING, LossConfig

PAIRS = [
    Pair(id=str(i), color=None, line=None, source="comic" if i else "", license="CC0-1.0", native_line=i > 1)
    for i in range(4)
]
FACTS = RunSummary(
    name="mine",
    config=dataclasses.replace(FINE_TUNING, init="rltn-small", batch=6),
    train=PAIRS[:3],
    held=PAIRS[3:],
    steps=1234,
    seconds=906,
    hardware="on a CPU (x86_64, 2 cores), 1 thread",
    parameters=5882135,
    history=[
        {"step": 0, "pictures": 1, "color_error": 8.0, "region_accuracy": 0.25},
        {"step": 600, "pictures": 1, "color_error": 9.0},
        {"step": 1234, "pictures": 1, "color_error": 6.0},
    ],
)


def test_a_card_says_what_was_done_and_what_came_out():
    card = write_card(FACTS)
    assert card.startswith("---\nlibrary_name: rltn\n")
    assert "base_model: rltn-small" in card
    assert "fine-tuned from `rltn-small`" in card
    assert "3 pairs of comic (2), no source named (1); licences: CC0-1.0 (3). 1 have the line layer" in card
    assert (
        "1,234 steps of 6 pictures of 256 pixels in 15.1 minutes, fp32, learning rate 0.0001; on a CPU"
        in card
    )
    assert "- **Terms**: rec 10, warp 10, align 2, cycle 1." in card
    assert "| `rltn-small` | 8.00 | 0.250 |\n| this model (step 1,234) | 6.00 | - |" in card
    assert "The colour error changed by -25.0 %." in card
    assert "600" not in card.replace("1,600", "")


def test_each_size_is_told_once():
    config = dataclasses.replace(FACTS.config, size_cycle=(128, 128, 256))
    assert " of 128, 256 pixels in " in write_card(dataclasses.replace(FACTS, config=config))


def test_fresh_weights_and_no_validation_are_told(tmp_path):
    config = dataclasses.replace(FINE_TUNING, losses=LossConfig(adv=0, fm=0, perc=0, ctx=0, scl=2))
    card = write_card(dataclasses.replace(FACTS, config=config, history=[], held=[]))
    assert "trained from random weights" in card
    assert "base_model" not in card
    assert "scl 2" in card
    assert "too few pairs to hold some back, so nothing was measured" in card
    (tmp_path / "README.md").write_text(card)
    assert licence_of(tmp_path) is None


def test_a_folder_of_the_machine_is_not_told(tmp_path):
    (tmp_path / "base").mkdir()
    config = dataclasses.replace(FINE_TUNING, init=str(tmp_path / "base"))
    card = write_card(dataclasses.replace(FACTS, config=config))
    assert str(tmp_path) not in card
    assert "fine-tuned from `base`" in card
    assert "base_model" not in card


def test_hardware_is_told_in_words():
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert describe_hardware(torch.device("cpu"), 1).startswith("on a CPU (")
        assert describe_hardware(torch.device("cpu"), 2).startswith("2 processes on a CPU (")
        assert describe_hardware(torch.device("cpu"), 2).endswith(" 1 thread each")
    finally:
        torch.set_num_threads(threads)
