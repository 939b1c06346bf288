"""The baby dragon twice: sitting with its star stone, to be painted, and flying over the hills, in colour."""

from curves import ellipse, ribbon
from dragon_parts import arm, dragon_eye, flower, foot, frill, gem, horn, puff, tail_tip, wing
from drawing_kit import Canvas

SIZE = (1280, 1280)


def draw_sitting(canvas: Canvas) -> None:
    """The line drawing: the dragon on a rock, hugging a star stone, back to front."""
    canvas.wash("sky", "horizon")
    puff(canvas, 1090, 230, 1.0)
    puff(canvas, 170, 300, 0.8)
    _ground(canvas)
    with canvas.moved(772, 800, turn=12):
        wing(canvas)
    with canvas.moved(470, 790, turn=-16, grow=(-0.86, 0.92)):
        wing(canvas)
    _sitting_body(canvas)
    with canvas.moved(560, 480):
        _head(canvas)
        _smile(canvas)


def _ground(canvas: Canvas) -> None:
    canvas.shape(
        "-40,980 200,900 420,930 700,900 1000,940 1330,880 1330,1330! -40,1330!",
        "hill",
        shade=["-40,1010 200,960 420,990 300,1100 -40,1080", "900,980 1330,900 1330,1060 1100,1000"],
    )
    canvas.shape(
        "160,1330! 180,1180 260,1120 420,1110 640,1096 900,1110 1040,1130 1120,1200 1150,1330!",
        "stone",
        shade=["160,1330 200,1230 400,1260 600,1220 900,1260 1100,1200 1160,1340"],
    )
    canvas.stroke("300,1180 360,1210 350,1260", 4.5, of="stone")
    canvas.stroke("980,1180 930,1220 960,1270", 4.5, of="stone")
    for x, y, size in (
        (90, 1090, 1.0),
        (1190, 1080, 1.1),
        (200, 1010, 0.7),
        (1080, 1010, 0.7),
        (60, 1220, 0.8),
    ):
        flower(canvas, x, y, size)


def _sitting_body(canvas: Canvas) -> None:
    canvas.shape(
        ribbon("760,1060 900,1120 1040,1090 1130,1000 1160,900 1140,810", "150 130 100 76 54 36"),
        "body",
        shade=[ribbon("760,1110 900,1160 1060,1120 1160,1000 1180,900 1150,800", "80 70 60 40 30 20")],
    )
    with canvas.moved(1142, 818, turn=-14):
        tail_tip(canvas)
    canvas.shape(
        "480,680 420,800 386,940 410,1070 500,1130 640,1146 780,1130 862,1060 880,940 830,800 750,680",
        "body",
        shade=[
            "760,680 790,820 800,960 740,1100 640,1160 800,1160 900,1060 900,900 840,760",
            "470,680 600,780 760,680 760,800 600,840 460,800",
        ],
    )
    canvas.shape(
        "500,720 462,840 450,960 480,1070 560,1120 660,1120 740,1070 766,960 750,840 710,720",
        "belly",
        shade=[
            "680,700 700,860 690,1000 620,1130 760,1110 800,940 760,740",
            "490,720 600,790 720,720 730,800 600,850 480,800",
        ],
    )
    canvas.stroke("470,1000 560,1030 660,1030 752,1000", 4.5, taper=(0.1, 0.1), of="belly")
    canvas.stroke("490,1070 570,1090 650,1090 730,1066", 4.5, taper=(0.1, 0.1), of="belly")
    for side, x in ((-1.0, 452), (1.0, 806)):
        with canvas.moved(x, 1080, grow=(side, 1.0)):
            canvas.shape(
                "-70,-100 20,-150 100,-90 110,20 60,84 -40,80 -90,20",
                "body",
                shade=["110,-60 60,30 -60,50 -60,100 120,100"]
                if side > 0
                else ["-90,20 0,40 100,0 100,100 -80,100"],
            )
        with canvas.moved(x - 14 * side, 1120, grow=(side * 0.98, 0.98)):
            foot(canvas)
    with canvas.moved(604, 916, turn=-8, grow=(1.12, 1.12)):
        gem(canvas)
    for side, x in ((1.0, 742), (-1.0, 474)):
        with canvas.moved(x, 920, grow=(side, 1.0)):
            arm(canvas)
    canvas.shape(
        ribbon("760,724 830,764 890,752 960,800", "60 76 84 96"),
        "scarf",
        shade=[ribbon("760,744 830,794 900,782 960,830", "30 40 40 60")],
    )
    canvas.stroke("780,730 830,764 890,756", 4.5, of="scarf")
    canvas.shape(
        "440,690 480,760 560,800 660,800 750,770 800,700 790,640 460,640",
        "scarf",
        shade=["440,730 560,770 680,770 800,700 800,810 440,820"],
    )
    canvas.stroke("500,720 570,756 650,760", 4.5, of="scarf")
    canvas.stroke("700,750 750,730 776,690", 4.5, of="scarf")


def _head(canvas: Canvas) -> None:
    """The head around the origin, turned a little to the left of the picture; a mouth comes on top."""
    with canvas.moved(-116, -190, turn=-8, grow=(-1.0, 1.0)):
        horn(canvas)
    with canvas.moved(128, -190, turn=10):
        horn(canvas)
    with canvas.moved(-262, 10, turn=-8, grow=(-0.8, 1.0)):
        frill(canvas)
    with canvas.moved(254, 10, turn=6, grow=(1.15, 1.15)):
        frill(canvas)
    canvas.shape(
        "-284,60 -270,-70 -200,-180 -80,-240 40,-244 160,-204 240,-110 276,10 268,110 200,190 80,236"
        " -40,246 -170,226"
        " -260,160",
        "body",
        shade=["276,-60 230,80 140,170 0,210 -160,200 -280,100 -270,190 -60,270 160,240 300,120"],
        light=["-190,-150 -110,-206 -20,-220 -30,-196 -110,-176 -176,-120"],
    )
    for path, widths in (
        ("-4,-180 -16,-250 -70,-296", "8 56 46 0"),
        ("26,-180 30,-260 6,-330", "8 66 52 0"),
        ("54,-176 74,-250 90,-300", "8 52 40 0"),
    ):
        canvas.shape(ribbon(path, widths), "membrane", line=5)
    canvas.shape(
        "-236,130 -220,84 -150,56 -60,50 30,64 90,104 104,150 60,200 -40,232 -150,216 -220,180",
        "belly",
        shade=["-230,160 -140,190 -40,196 60,170 110,120 100,200 -40,250 -200,220"],
    )
    for x, turn in ((-206, 6.0), (150, -8.0)):
        canvas.tint(ellipse(x, 66 if x > 0 else 60, 46, 22, turn), "blush")
        for step in (-16, 0, 16):
            canvas.stroke(f"{x + step + 5},{54} {x + step - 5},{74}", 3.5, of="body")
    with canvas.moved(-154, -30, grow=(-0.86, 1.0)):
        dragon_eye(canvas, gaze=(4, 2))
    with canvas.moved(66, -30, grow=(1.06, 1.04)):
        dragon_eye(canvas, gaze=(-6, 2))
    canvas.shape("-104,84 -98,76 -88,82 -92,92", "ink", line=0)
    canvas.shape("-48,84 -40,76 -32,84 -38,92", "ink", line=0)


def _smile(canvas: Canvas) -> None:
    canvas.shape("-130,140! -70,156 0,136! -16,190 -66,206 -114,186", "tongue", line=4.5)
    canvas.stroke("-160,122 -126,142 -70,156 -4,138 34,108", 6, taper=(0.15, 0.15), of="belly")
    canvas.shape("-14,142! -2,164 12,130!", "horn", line=4)


def _laugh(canvas: Canvas) -> None:
    mouth = "-158,122! -120,144 -70,152 -10,138 36,102! 30,170 -20,222 -80,224 -134,190"
    canvas.shape(mouth, "ink", line=5)
    canvas.shape("-130,200 -70,160 10,190 -40,240 -110,240", "tongue", line=4, inside=mouth)
    canvas.shape("-4,138! 6,164 24,116!", "horn", line=4)
    canvas.shape("-136,136! -120,164 -104,147!", "horn", line=4)


def draw_flying(canvas: Canvas) -> None:
    """The reference: the dragon in the air over the hills, laughing, back to front."""
    canvas.wash("sky", "horizon")
    puff(canvas, 1080, 220, 1.0)
    puff(canvas, 180, 190, 0.8)
    puff(canvas, 1150, 900, 0.7)
    _hills(canvas)
    with canvas.moved(66, -50, grow=(0.94, 0.94)):
        with canvas.moved(530, 760, turn=-2, grow=(-1.06, 1.06)):
            wing(canvas)
        with canvas.moved(760, 780, turn=26, grow=(0.92, 0.92)):
            wing(canvas)
        _flying_body(canvas)
        with canvas.moved(690, 440, turn=-5, grow=(-0.84, 0.84)):
            _head(canvas)
            _laugh(canvas)


def _hills(canvas: Canvas) -> None:
    canvas.shape(
        "-40,1150 160,1090 360,1150 640,1190 900,1120 1100,1070 1330,1130 1330,1360! -40,1360!",
        "hill",
        shade=[
            "-40,1170 160,1120 300,1180 460,1240 300,1300 -40,1260",
            "960,1130 1330,1150 1330,1250 1100,1200",
        ],
    )
    canvas.shape(
        "-40,1270! 200,1240 480,1262 760,1240 1020,1210 1330,1250! 1330,1360! -40,1360!",
        "meadow",
    )
    for x, y, size in (
        (120, 1210, 1.0),
        (1180, 1200, 1.1),
        (900, 1226, 0.8),
        (330, 1240, 0.7),
        (1030, 1130, 0.6),
    ):
        flower(canvas, x, y, size)


def _flying_body(canvas: Canvas) -> None:
    canvas.shape(
        ribbon("560,960 440,1060 300,1110 170,1080 90,1000 70,900", "150 124 96 68 48 34"),
        "body",
        shade=[ribbon("560,1010 440,1106 290,1150 150,1110 64,1010 46,890", "80 70 56 40 30 20")],
    )
    with canvas.moved(70, 908, turn=-6):
        tail_tip(canvas)
    with canvas.moved(770, 1050, turn=-24, grow=(0.8, 0.8)):
        canvas.shape(
            "-70,20 -70,-60 -40,-140 60,-140 80,-50 76,20", "body", shade=["-80,-160 90,-160 90,0 -80,-60"]
        )
        foot(canvas)
    canvas.shape(
        "540,620 484,760 460,880 490,1000 590,1056 700,1030 770,930 800,800 780,640",
        "body",
        shade=[
            "450,880 500,960 600,1000 700,960 720,1040 600,1080 460,1020",
            "540,620 660,720 790,640 800,760 660,800 510,740",
        ],
    )
    canvas.shape(
        "650,660 606,790 596,900 620,996 690,1014 754,930 786,800 770,660",
        "belly",
        shade=[
            "600,900 660,960 740,900 740,1020 600,1030",
            "640,660 700,760 790,680 790,780 700,820 610,780",
        ],
    )
    for path in ("606,850 680,876 774,850", "600,920 670,940 752,926"):
        canvas.stroke(path, 4.5, taper=(0.1, 0.1), of="belly")
    with canvas.moved(560, 1000, turn=14):
        canvas.shape(
            "-96,-10 -80,-100 0,-136 84,-90 96,0 60,100 -50,100",
            "body",
            shade=["-100,0 -40,40 40,40 100,-30 110,120 -90,120"],
        )
        with canvas.moved(6, 104, grow=(0.9, 0.9)):
            foot(canvas)
    with canvas.moved(912, 800, turn=14, grow=(1.05, 1.05)):
        gem(canvas)
    with canvas.moved(748, 830, turn=-10, grow=(-1.0, 1.0)):
        arm(canvas)
    canvas.shape(
        ribbon("560,680 470,716 400,660 320,690 250,630", "60 80 84 84 100"),
        "scarf",
        shade=[ribbon("560,706 470,744 400,690 320,720 260,670", "30 40 40 40 50")],
    )
    canvas.stroke("540,688 470,720 405,676 350,686", 4.5, of="scarf")
    canvas.shape(
        "516,640 540,710 620,760 720,764 790,724 816,650 780,600 560,580",
        "scarf",
        shade=["516,680 620,730 720,734 810,680 810,790 540,790"],
    )
    canvas.stroke("560,690 620,722 690,728", 4.5, of="scarf")
