"""The example drawing: the courier turned to her right, a letter in her hand, the moon behind her."""

import numpy as np
from courier_parts import bow, brow, buckle, cloud, envelope, eye, hand, sparkle, star_pin
from curves import ellipse, ribbon
from drawing_kit import Canvas

SIZE = (1500, 1200)


def draw(canvas: Canvas) -> None:
    """Draw the whole scene, back to front."""
    _sky(canvas)
    _back_hair(canvas)
    _body(canvas)
    _cape(canvas)
    _head(canvas)
    _fringe(canvas)
    _hat(canvas)


def _sky(canvas: Canvas) -> None:
    canvas.wash("sky", "horizon")
    canvas.shape(ellipse(690, 500, 440, 440), "moon", line=6)
    for x, y, r in ((900, 250, 46), (1010, 420, 30), (960, 640, 54), (330, 360, 28)):
        canvas.shape(ellipse(x, y, r, r * 0.9), "crater", line=3.5)
    cloud(canvas, 170, 1010, 0.95)
    cloud(canvas, 1290, 1210, 1.0)
    for x, y, size in ((120, 180, 44), (1090, 130, 34), (90, 560, 28), (1110, 760, 36), (215, 90, 20)):
        sparkle(canvas, x, y, size)


def _back_hair(canvas: Canvas) -> None:
    """The hair behind her, blown to the right in long tongues."""
    for path, widths in (
        ("806,540 890,740 990,854 1100,890 1180,860", "80 120 96 54 0"),
        ("800,700 880,880 1000,980 1090,1010 1170,990", "60 120 100 60 0"),
        ("760,760 830,950 900,1060 990,1130 1080,1140", "60 120 100 60 0"),
        ("396,560 372,720 352,830 300,920 226,950", "40 70 76 56 0"),
        ("404,640 380,800 374,920 334,1010 280,1058", "40 90 90 60 0"),
    ):
        _tongue(canvas, path, widths)
    canvas.shape(
        "400,400 372,560 372,700 372,820 390,930 430,1000 640,980 860,1000 880,940 900,880 920,800"
        " 900,690 878,590 862,480 820,380",
        "hair",
        shade=[
            "400,420 396,620 404,760 390,900 400,1020 640,1000 860,1040 870,900 810,700 760,500",
            "846,500 856,640 880,760 930,880 880,960 840,1020 820,800",
        ],
        line=0,
    )
    canvas.stroke("372,520 366,620 372,700", 5, taper=(0.1, 0.3), of="hair")
    canvas.stroke("826,376 860,476 877,580 902,670", 6, taper=(0.1, 0.2), of="hair")
    for path in (
        "838,560 870,720 940,840 1060,872",
        "820,700 850,850 930,940 1050,990",
        "800,760 830,900 900,1020 980,1090",
        "388,640 384,772 352,880",
        "410,760 408,880 372,980",
    ):
        canvas.stroke(path, 4.5, of="hair")


def _tongue(canvas: Canvas, path: str, widths: str) -> None:
    """One blown lock of hair, its under side in shadow."""
    body = ribbon(path, widths)
    canvas.shape(body, "hair", line=5.5, shade=[np.add(body, (-14.0, 26.0))])


def _body(canvas: Canvas) -> None:
    """Neck, blouse and skirt, seen between and below the cape's panels."""
    canvas.shape(
        "400,1000 380,1240 400,1400 370,1540! 900,1540! 870,1380 860,1200 820,980 640,900",
        "blouse",
        shade=["400,1000 640,960 860,1000 900,1340 760,1330 640,1300 520,1320 380,1290"],
    )
    canvas.shape("372,1450! 480,1474 640,1480 780,1474 900,1448! 930,1560! 330,1560!", "skirt", line=5)
    canvas.shape(ribbon("376,1430 500,1456 640,1462 780,1456 892,1426", "46 48 46"), "leather", line=5)
    buckle(canvas, 625, 1460, 1.2)
    for path in ("606,960 598,1200 600,1470", "640,960 634,1200 640,1474"):
        canvas.stroke(path, 4, taper=(0.1, 0.1), of="blouse")
    for y in (1180, 1280, 1380):
        canvas.shape(ellipse(618, y, 12, 13), "trim", line=4)
    canvas.shape(
        "560,740 566,800 556,850 520,890 600,960 700,930 740,880 708,850 696,790 706,690!",
        "skin",
        shade=["540,740 560,800 620,830 680,800 720,740 720,690 560,700", "700,760 690,900 740,900 720,760"],
    )
    canvas.stroke("566,884 590,904 604,930", 3.5, of="skin")


def _cape(canvas: Canvas) -> None:
    """The far panel, the letter in her hand, the sleeve, then the near panel over it."""
    canvas.shape(
        "560,872 480,886 408,920 356,990 312,1100 244,1256! 350,1296 430,1290 500,1312 572,1308!"
        " 580,1180 598,920!",
        "cape",
        shade=["560,1320 540,1160 560,1000 606,900 620,1320", "300,1300 370,1160 420,1000 400,1180 380,1310"],
    )
    canvas.shape(ribbon("252,1232 352,1270 430,1264 500,1286 574,1282", "24 24"), "trim", line=4)
    canvas.stroke("430,960 400,1080 384,1180", 5, of="cape")
    canvas.stroke("500,930 490,1060 500,1180", 4.5, of="cape")
    with canvas.moved(396, 1240, turn=-14):
        envelope(canvas)
    _arm(canvas)
    canvas.shape(
        "620,920! 640,1060 612,1306! 690,1280 760,1306 840,1290 910,1310 1000,1262! 966,1120 930,1000 880,930"
        " 800,890 700,862",
        "cape",
        shade=[
            "620,900 650,1040 660,1180 690,1330 600,1330",
            "790,1000 800,1120 850,1200 850,1330 770,1330 770,1160",
            "940,1010 930,1140 940,1320 1020,1300 1000,1140",
        ],
        light=["840,918 892,956 920,1010 908,1014 878,966 832,930"],
    )
    canvas.shape(ribbon("616,1280 690,1254 760,1280 840,1264 910,1284 996,1238", "24 24"), "trim", line=4)
    canvas.stroke("780,960 786,1080 830,1200", 5, of="cape")
    canvas.stroke("880,990 890,1100 930,1200", 5, of="cape")
    canvas.stroke("690,960 700,1060 690,1140", 4.5, of="cape")
    # The collar lies over the panels, the bow over the collar.
    canvas.shape(
        "556,842 500,868 452,916 476,968 560,950! 600,920 574,880",
        "blouse",
        shade=["470,950 540,930 590,900 610,930 560,980"],
    )
    canvas.shape(
        "706,836 760,872 800,920 770,976 680,968! 606,924 660,900",
        "blouse",
        shade=["606,924 680,948 780,950 770,990 680,984"],
    )
    with canvas.moved(606, 944, turn=3, grow=(0.86, 0.86)):
        bow(canvas)


def _arm(canvas: Canvas) -> None:
    """The near arm: thumb over the letter, a buttoned cuff, a full sleeve."""
    with canvas.moved(640, 1380):
        hand(canvas)
    canvas.shape(
        "652,1318! 720,1280 800,1230 920,1220 990,1300 1000,1400 930,1480 820,1490 720,1470 656,1440!",
        "blouse",
        shade=[
            "656,1440 760,1420 860,1440 960,1380 1010,1420 920,1500 720,1490",
            "700,1260 1000,1240 980,1310 760,1330",
        ],
    )
    for path in ("664,1350 720,1340 760,1320", "668,1410 730,1412 790,1394", "860,1480 880,1440 930,1410"):
        canvas.stroke(path, 4, taper=(0.05, 0.7), of="blouse")
    canvas.shape(ribbon("646,1306 634,1380 652,1452", "40 44 40"), "cape", line=4.5)
    canvas.shape(ellipse(640, 1380, 9, 10), "trim", line=3.5)


def _head(canvas: Canvas) -> None:
    canvas.shape(
        "762,560 800,530 830,552 822,612 796,660 758,660",
        "skin",
        shade=["770,540 800,560 800,640 750,680"],
    )
    canvas.stroke("780,580 806,566 808,600 786,624", 3.5, of="skin")
    canvas.shape(
        "400,400 392,500 398,550 387,606 398,664 428,718 474,762 516,790 540,794 566,786 640,752"
        " 716,700 756,640"
        " 776,560 800,420 640,290 480,310",
        "skin",
        shade=[
            "390,380 400,560 430,590 500,520 560,600 600,520 700,600 760,560 740,700 690,740 780,640"
            " 820,380 600,260"
        ],
    )
    for x, y, turn in ((436, 686, 10.0), (650, 690, -8.0)):
        canvas.tint(ellipse(x, y, 40, 20, turn), "blush", inside=ellipse(590, 600, 196, 220))
        for step in (-14, 2, 18):
            canvas.stroke(f"{x + step + 5},{y - 9} {x + step - 5},{y + 9}", 3, of="lip")
    with canvas.moved(462, 606, turn=-3, grow=(-0.8, 1.0)):
        eye(canvas, gaze=(6, 2))
    with canvas.moved(650, 604, turn=-2, grow=(1.06, 1.04)):
        eye(canvas, gaze=(-9, 2))
    canvas.stroke("528,668 516,688 528,694", 4, taper=(0.6, 0.4), of="skin")
    canvas.shape("506,728! 530,736 574,724! 560,746 538,754 518,746", "lip", line=3.5)
    canvas.stroke("496,724 530,737 586,718", 4.5, taper=(0.3, 0.3), of="lip")
    canvas.stroke("528,768 546,769", 3, of="skin")


def _fringe(canvas: Canvas) -> None:
    """Side locks and fringe, over the face; brows over both."""
    canvas.shape(
        "404,380 374,470 356,580 362,690 338,800! 396,740 414,660 404,590 426,500 450,420",
        "hair",
        shade=["404,560 396,640 380,720 338,800 410,760 430,640 420,540"],
    )
    canvas.stroke("396,480 378,590 384,700", 4, of="hair")
    canvas.shape(
        "392,470 384,400 430,310 510,250 600,236 700,250 790,310 836,410 846,540 826,660 764,800!"
        " 776,720 758,650"
        " 764,560 740,470! 730,510 696,542! 688,510 662,456! 650,510 614,542! 616,510 590,446!"
        " 580,520 540,574!"
        " 532,520 512,452! 500,510 466,552! 460,510 452,462! 440,520 410,566! 396,520",
        "hair",
        shade=[
            "758,650 780,600 776,500 740,440 800,480 836,560 826,660 764,800 776,720",
            "662,456 680,500 690,560 728,520 740,470 716,480 700,400",
            "590,446 604,500 612,556 650,520 662,456 636,480 620,400",
            "452,462 462,510 466,552 500,510 512,452 490,480",
        ],
        light=[
            "430,396 500,366 560,360 540,384 560,400 500,396 470,424 460,404",
            "600,358 690,370 760,410 780,450 740,420 700,412 690,396 640,392 626,376",
        ],
    )
    for path in (
        "740,470 722,400 680,330",
        "662,456 650,390 622,320",
        "590,446 584,390 580,320",
        "512,452 520,390 546,320",
        "452,462 468,400 510,330",
        "800,440 812,560 790,680",
        "772,420 776,500 780,600",
        "628,420 640,470 624,530",
        "548,420 556,480 546,540",
    ):
        canvas.stroke(path, 4, taper=(0.1, 0.7), of="hair")
    with canvas.moved(456, 494, turn=4, grow=(-0.74, 0.8)):
        brow(canvas)
    with canvas.moved(650, 486, turn=2, grow=(0.95, 0.85)):
        brow(canvas)


def _hat(canvas: Canvas) -> None:
    canvas.shape(
        "372,392 340,330 352,240 430,160 560,112 700,110 830,150 916,230 930,320 884,380 836,392!"
        " 780,330 690,292"
        " 590,280 480,306 420,350",
        "hat",
        shade=["372,392 420,330 500,280 600,250 720,270 800,310 850,360 930,330 880,400 836,400 600,290"],
        light=["430,200 520,152 620,140 616,156 530,172 446,216"],
        line=6,
    )
    canvas.shape(
        ribbon("376,420 420,344 500,288 590,266 690,276 782,320 850,408", "0 44 52 50 44 0"), "cape", line=5
    )
    canvas.stroke("620,118 600,160 606,200", 4.5, taper=(0.1, 0.6), of="hat")
    canvas.stroke("880,290 820,270 780,280", 4.5, taper=(0.1, 0.6), of="hat")
    canvas.stroke("400,250 440,262 470,290", 4.5, taper=(0.1, 0.6), of="hat")
    canvas.shape("610,118 596,84 616,66 634,82 632,116", "hat", line=5)
    with canvas.moved(452, 322, turn=-12):
        star_pin(canvas, 40)
