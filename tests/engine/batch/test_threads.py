import pytest
import torch

from rltn_cli.engine.batch.threads import networks_at_once


@pytest.mark.parametrize(
    ("size", "jobs", "networks"), [(256, 8, 8), (256, 64, 10), (512, 8, 2), (2048, 8, 1)]
)
def test_networks_at_work_fit_the_memory(size: int, jobs: int, networks: int) -> None:
    assert networks_at_once(torch.device("cpu"), size, jobs) == networks
    assert networks_at_once(torch.device("cuda"), size, jobs) == 1
