from support.drawn_store import DrawnStore

from rltn_cli.data.batches import make_batch
from rltn_cli.data.sampling import Sampler, SampleSpec
from rltn_cli.training_config import DataConfig


def test_a_batch_is_in_range_and_of_the_asked_size():
    sampler = Sampler(DrawnStore(size=128).pairs, DataConfig(), seed=0)
    specs: list[SampleSpec] = [sampler.draw(0, i, 6) for i in range(6)]
    batch = make_batch(DrawnStore(size=128), specs, 64)
    assert batch.sketch.shape == (6, 1, 64, 64)
    assert batch.target.shape == batch.reference.shape == (6, 3, 64, 64)
    for pictures in (batch.sketch, batch.target, batch.reference):
        assert pictures.min() >= -1
        assert pictures.max() <= 1
    assert ((batch.pseudo + batch.shared) <= 1).all()
