"""The baby dragon's design, shared by both of its poses: its colours, eyes, horns, wings and feet."""

from curves import ellipse, ribbon, star
from drawing_kit import Canvas, Colour

PALETTE: dict[str, Colour] = {
    "ink": (58, 34, 44),
    "body": (240, 134, 84),
    "body.shade": (204, 86, 76),
    "body.light": (255, 188, 132),
    "belly": (255, 232, 176),
    "belly.shade": (240, 192, 136),
    "blush": (250, 140, 120),
    "horn": (250, 240, 220),
    "horn.shade": (214, 190, 186),
    "membrane": (84, 186, 172),
    "membrane.shade": (52, 136, 148),
    "membrane.light": (160, 226, 200),
    "eyewhite": (255, 255, 255),
    "eyewhite.shade": (222, 216, 232),
    "iris": (120, 92, 200),
    "iris.shade": (72, 48, 140),
    "iris.light": (190, 160, 250),
    "glint": (255, 255, 255),
    "tongue": (236, 110, 120),
    "scarf": (70, 96, 176),
    "scarf.shade": (48, 60, 134),
    "gem": (255, 214, 82),
    "gem.shade": (240, 164, 60),
    "gem.light": (255, 244, 190),
    "sky": (176, 220, 236),
    "horizon": (255, 244, 216),
    "cloud": (255, 255, 255),
    "cloud.shade": (226, 232, 246),
    "hill": (150, 204, 120),
    "hill.shade": (104, 170, 112),
    "meadow": (186, 222, 130),
    "meadow.shade": (140, 194, 112),
    "petal": (250, 176, 196),
    "petal.shade": (232, 130, 166),
    "stone": (200, 190, 206),
    "stone.shade": (160, 148, 178),
}


def dragon_eye(canvas: Canvas, gaze: tuple[float, float] = (0.0, 0.0)) -> None:
    """A round, bright eye around the origin, 120 wide; its outer corner points to +x."""
    white = ellipse(0, 0, 58, 74)
    gx, gy = gaze
    canvas.shape(white, "eyewhite", line=5, shade=["-70,-90 70,-90 70,-10 0,-44 -70,-10"])
    canvas.shape(
        ellipse(gx, gy, 47, 62),
        "iris",
        line=4,
        shade=[f"{gx - 60},{gy - 80} {gx + 60},{gy - 80} {gx + 60},{gy}! {gx},{gy - 14} {gx - 60},{gy}!"],
        light=[ellipse(gx, gy + 44, 34, 18)],
        inside=white,
    )
    canvas.shape(ellipse(gx, gy, 25, 40), "ink", line=0, inside=white)
    canvas.shape(ellipse(gx - 17, gy - 28, 17, 20), "glint", line=2.5)
    canvas.shape(ellipse(gx + 18, gy + 30, 8, 10), "glint", line=2)
    canvas.stroke("-64,-20 -46,-62 0,-80 48,-62 70,-14", 11, taper=(0.4, 0.15))
    canvas.stroke("62,-36 80,-46 90,-62", 7, taper=(0.0, 0.8))
    canvas.stroke("-34,-104 4,-118 44,-104", 6, of="body")


def horn(canvas: Canvas) -> None:
    """A ringed horn whose base is at the origin; it grows up and bends to +x."""
    canvas.shape(
        ribbon("0,24 0,-60 26,-130 84,-176", "86 74 48 0"),
        "horn",
        shade=[ribbon("30,30 32,-50 56,-110 100,-150", "50 44 30 0")],
    )
    canvas.stroke("-40,-18 0,-4 40,-20", 4, taper=(0.1, 0.1), of="horn")
    canvas.stroke("-34,-64 4,-50 40,-72", 4, taper=(0.1, 0.1), of="horn")
    canvas.stroke("-18,-104 16,-96 40,-116", 4, taper=(0.1, 0.1), of="horn")


def frill(canvas: Canvas) -> None:
    """An ear like a fan, its root at the origin, open to +x."""
    canvas.shape(
        "-20,-50! 60,-96 160,-120! 138,-70 172,-12! 126,10 128,76! 60,66 -20,46!",
        "membrane",
        shade=["-20,10 60,20 170,-20 130,90 -20,60"],
    )
    canvas.stroke("0,-30 70,-70 148,-112", 4.5, taper=(0.1, 0.2), of="membrane")
    canvas.stroke("0,0 80,-16 160,-14", 4.5, taper=(0.1, 0.2), of="membrane")
    canvas.stroke("0,24 60,44 118,68", 4.5, taper=(0.1, 0.2), of="membrane")


def wing(canvas: Canvas) -> None:
    """A bat's wing spread up and to +x, its shoulder at the origin, 430 wide and 360 high."""
    canvas.shape(
        "0,0! 30,-180 120,-330! 270,-350 430,-260! 370,-200 396,-104! 310,-100 290,0! 210,-20"
        " 160,66! 60,60 0,50!",
        "membrane",
        shade=[
            "120,-330 300,-250 430,-260 370,-200 330,-210",
            "120,-330 260,-180 396,-104 310,-100 270,-110",
            "120,-330 190,-120 290,0 210,-20 160,66 40,70 0,20 140,-30 170,-80",
        ],
        light=["140,-316 260,-322 370,-272 260,-296"],
    )
    for path, widths in (
        ("120,-330 280,-320 430,-260", "30 18 0"),
        ("120,-330 270,-230 396,-104", "30 18 0"),
        ("120,-330 220,-170 290,0", "30 18 0"),
        ("0,40 40,-170 124,-340", "64 44 36"),
    ):
        canvas.shape(ribbon(path, widths), "body", line=4.5)
    canvas.shape("104,-336! 96,-372 120,-400! 136,-366 140,-336!", "horn", line=4.5)


def foot(canvas: Canvas) -> None:
    """A paw seen from the front, 200 wide, its sole at y = 60."""
    canvas.shape(
        "-96,50 -110,0 -76,-56 0,-74 76,-56 110,0 96,50 50,66 0,70 -50,66",
        "body",
        shade=["-110,40 -40,40 40,40 110,-30 120,90 -120,90"],
    )
    for x in (-62, 0, 62):
        canvas.shape(f"{x - 22},46! {x - 16},24 {x},18 {x + 16},24 {x + 22},46! {x},78", "horn", line=4.5)


def arm(canvas: Canvas) -> None:
    """An arm bent at the elbow; its three fingers reach to -x at the height of the origin."""
    canvas.shape(
        "20,-190! 84,-110 100,-20 60,34 0,52 -46,48 -78,50 -94,34 -90,18! -108,8 -104,-10 -84,-16!"
        " -96,-30 -84,-46"
        " -40,-54 -10,-58! -24,-110 -40,-170!",
        "body",
        shade=["100,-90 60,-20 0,0 -60,16 -110,20 -80,70 60,60 120,-20"],
    )
    canvas.stroke("-84,-16 -66,-12 -52,-14", 4, taper=(0.0, 0.6), of="body")
    canvas.stroke("-90,18 -70,16 -56,20", 4, taper=(0.0, 0.6), of="body")
    canvas.stroke("-10,-58 4,-44 24,-40", 4, taper=(0.0, 0.6), of="body")


def gem(canvas: Canvas) -> None:
    """A cut star stone around the origin, 200 wide."""
    canvas.shape(
        star(0, 0, 110, 58),
        "gem",
        shade=["0,0! 34,47! 65,89! 0,58!", "0,0! 55,-18! 105,-34! 34,47!", "0,0! -34,47! -65,89! 0,58!"],
        light=["0,0! -34,-47! -105,-34! -55,18!"],
    )
    for x, y in ((0, -110), (105, -34), (65, 89), (-65, 89), (-105, -34)):
        canvas.stroke(f"0,0 {x * 0.92},{y * 0.92}", 3.5, taper=(0.0, 0.2), of="gem")


def tail_tip(canvas: Canvas) -> None:
    """A leaf-shaped tail fin whose root is at the origin; it points up."""
    canvas.shape(
        "-14,10! -60,-10 -84,-60! -40,-84 0,-160! 40,-84 84,-60! 60,-10 14,10!",
        "membrane",
        shade=["0,-160 40,-84 84,-60 60,-10 0,10 20,-60"],
    )
    canvas.stroke("0,0 4,-60 0,-120", 4.5, taper=(0.1, 0.4), of="membrane")


def flower(canvas: Canvas, x: float, y: float, size: float) -> None:
    """A five-petalled flower."""
    with canvas.moved(x, y, grow=(size, size)):
        for turn in range(0, 360, 72):
            with canvas.moved(turn=turn):
                canvas.shape(
                    ellipse(0, -30, 20, 26), "petal", line=4.5 / size, shade=[ellipse(4, -10, 20, 20)]
                )
        canvas.shape(ellipse(0, 0, 17, 17), "gem", line=4.5 / size)


def puff(canvas: Canvas, x: float, y: float, size: float) -> None:
    """A small floating cloud around (x, y), 360 wide."""
    with canvas.moved(x, y, grow=(size, size)):
        canvas.shape(
            "-150,44! -210,30 -190,-36 -130,-30! -120,-100 -10,-120 20,-56! 70,-104 150,-60 120,-14!"
            " 190,-30 210,30 160,44!",
            "cloud",
            shade=["-180,30 -100,0 -20,10 40,-30 100,0 200,-10 220,60 -160,60"],
            line=5 / size,
        )
        canvas.stroke("20,-56 -4,-50 -10,-28", 4 / size, of="cloud")
