import numpy as np
from support.painted import BAR, BOX, COLORS, painting

from rltn_cli.imaging.finishes.flat_painting import RegionRows
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.region_facts import region_facts


def test_each_region_says_its_place_its_colour_and_its_source():
    made = painting()
    decision = made.decide()
    facts = region_facts(made, decision)
    assert [region.number for region in facts] == [1, 2, 3, 4]
    assert [region.color for region in facts] == [
        "#ffffff",
        "#dc1e28",
        "#fac828",
        "#143cc8",
    ]  # by their areas
    assert [region.palette_number for region in facts] == [1, 2, 4, 3]
    assert np.isclose(sum(region.share for region in facts), 1)
    regions = RegionRows(decision.evidence.labels, made.size)
    for region in facts:
        Fix(region.x, region.y, 1).check(made.grey)
        assert (
            decision.colors[regions.at(region.y, region.x)].tolist()
            == COLORS[region.palette_number - 1].tolist()
        )
        assert (
            region.room > 5 and not region.fixed and region.confidence > 0.5 and np.isclose(region.match, 0.5)
        )
        assert region.source.reference == 1 and region.source.y == 34
        assert (
            region.source.x // 16 == region.palette_number - 1
        )  # the reference is a row of the four colours
        assert len(region.alternatives) == 3
        assert region.palette_number not in [number for _, number, _ in region.alternatives]


def test_fixed_regions_are_certain():
    made = painting()
    facts = region_facts(made, made.decide([Fix(*BOX, (0, 200, 0)), Fix(*BAR, 1)]))
    box = next(region for region in facts if region.color == "#00c800")
    assert box.fixed and box.confidence == 1 and box.palette_number is None and box.source is None
    bar = next(region for region in facts if region.fixed and region.palette_number == 1)
    assert bar.to_json()["color"] == "#ffffff" and bar.to_json()["source"] is None


def test_what_the_network_did_not_see_has_no_match():
    made = painting(figure=(60, 140, 60, 140))  # the bar lies beside it
    facts = region_facts(made, made.decide())
    regions = RegionRows(made.regions().labels, made.size)
    bar = next(region for region in facts if regions.at(region.y, region.x) == regions.at(BAR[1], BAR[0]))
    assert bar.match is None and bar.source is None
    assert any(region.match is not None for region in facts)


def test_as_json_they_are_plain():
    made = painting()
    first = region_facts(made, made.decide())[0].to_json()
    assert set(first) == {
        "region", "point", "share", "color", "palette", "fixed", "confidence", "match", "source",
        "alternatives",
    }  # fmt: skip
    assert first["source"].keys() == {"reference", "x", "y"}
    assert first["alternatives"][0].keys() == {"color", "palette", "votes"}
