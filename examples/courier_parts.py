"""The courier's design, shared by both of her poses: her colours, eyes, and small things she wears."""

from curves import ellipse, spline, star
from drawing_kit import Canvas, Colour

DAY: dict[str, Colour] = {
    "ink": (52, 34, 58),
    "skin": (255, 226, 205),
    "skin.shade": (242, 184, 168),
    "blush": (250, 170, 158),
    "lip": (214, 104, 104),
    "tongue": (240, 138, 130),
    "eyewhite": (255, 255, 255),
    "eyewhite.shade": (216, 214, 236),
    "iris": (240, 158, 46),
    "iris.shade": (168, 82, 38),
    "iris.light": (255, 216, 104),
    "glint": (255, 255, 255),
    "hair": (98, 200, 190),
    "hair.shade": (58, 148, 160),
    "hair.light": (190, 242, 226),
    "hat": (196, 58, 88),
    "hat.shade": (144, 36, 82),
    "cape": (58, 76, 150),
    "cape.shade": (38, 48, 112),
    "trim": (246, 200, 88),
    "trim.shade": (214, 150, 62),
    "blouse": (255, 250, 240),
    "blouse.shade": (218, 208, 228),
    "bow": (230, 88, 92),
    "bow.shade": (180, 52, 84),
    "skirt": (58, 76, 150),
    "skirt.shade": (38, 48, 112),
    "leather": (166, 104, 66),
    "leather.shade": (118, 68, 56),
    "letter": (255, 244, 214),
    "letter.shade": (232, 208, 178),
    "sky": (150, 208, 240),
    "horizon": (255, 236, 214),
    "moon": (255, 244, 200),
    "moon.shade": (250, 228, 168),
    "crater": (250, 232, 178),
    "cloud": (255, 255, 255),
    "cloud.shade": (222, 226, 246),
    "spark": (255, 226, 130),
    "bokeh": (232, 242, 250),
}

NIGHT: dict[str, Colour] = {
    **DAY,
    "ink": (36, 22, 52),
    "skin": (250, 214, 200),
    "skin.shade": (214, 156, 168),
    "iris": (70, 150, 226),
    "iris.shade": (38, 70, 150),
    "iris.light": (150, 226, 255),
    "hair": (240, 150, 176),
    "hair.shade": (190, 96, 150),
    "hair.light": (255, 212, 216),
    "hat": (72, 62, 130),
    "hat.shade": (48, 38, 98),
    "cape": (44, 126, 110),
    "cape.shade": (26, 86, 90),
    "trim": (226, 230, 240),
    "trim.shade": (166, 172, 204),
    "bow": (250, 186, 74),
    "bow.shade": (210, 130, 58),
    "skirt": (96, 70, 140),
    "skirt.shade": (66, 44, 108),
    "leather": (110, 84, 96),
    "leather.shade": (76, 54, 74),
    "sky": (34, 36, 88),
    "horizon": (122, 84, 150),
    "moon": (255, 226, 140),
    "moon.shade": (244, 196, 112),
    "crater": (248, 208, 120),
    "cloud": (104, 96, 166),
    "cloud.shade": (80, 72, 142),
    "spark": (255, 236, 170),
    "bokeh": (84, 70, 134),
}


def eye(canvas: Canvas, gaze: tuple[float, float] = (0.0, 0.0)) -> None:
    """An open eye around the origin, 130 wide; its outer corner points to +x."""
    white = spline("-60,-2 -44,-44 0,-62 44,-48 66,-8! 58,24 38,50 4,60 -32,52 -54,26", closed=True)
    canvas.shape(white, "eyewhite", line=2.5, shade=["-80,-80 80,-80 80,0 50,-26 0,-36 -44,-20 -70,14"])
    gx, gy = gaze
    iris = ellipse(gx, gy, 46, 60)
    top = f"{gx - 60},{gy - 80} {gx + 60},{gy - 80} {gx + 60},{gy + 2}! {gx},{gy - 12} {gx - 60},{gy + 2}!"
    low = ellipse(gx, gy + 40, 34, 18)
    canvas.shape(iris, "iris", line=4.5, shade=[top], light=[low], inside=white)
    canvas.shape(ellipse(gx, gy - 2, 22, 31), "ink", line=0, inside=white)
    canvas.shape(ellipse(gx - 17, gy - 27, 15, 18), "glint", line=2.5, inside=white)
    canvas.shape(ellipse(gx + 18, gy + 26, 8, 9), "glint", line=2, inside=white)
    canvas.shape(
        "-66,6! -64,-28 -42,-62 0,-78 44,-66 70,-40 96,-34! 86,-22 74,2! 62,-16 42,-44 0,-58 -40,-42 -56,-16",
        "ink",
        line=0,
    )

    canvas.stroke("-30,53 4,60 38,50 58,24", 5, taper=(0.5, 0.25))
    canvas.stroke("-46,-82 0,-100 48,-88 64,-74", 3.5, of="skin")


def brow(canvas: Canvas) -> None:
    """An eyebrow around the origin, 120 wide; its outer end points to +x."""
    canvas.stroke("-58,12 -20,-8 20,-12 62,4", 7, taper=(0.5, 0.6), of="hair")


def star_pin(canvas: Canvas, size: float) -> None:
    """A round badge with a star, around the origin."""
    canvas.shape(
        ellipse(0, 0, size, size), "trim", line=4, shade=[ellipse(size * 0.35, size * 0.4, size, size)]
    )
    canvas.shape(star(0, 0, size * 0.74, size * 0.34), "blouse", line=3)


def bow(canvas: Canvas) -> None:
    """A big neck bow with a brooch around the origin, 300 wide."""
    for side in (-1.0, 1.0):
        with canvas.moved(grow=(side, 1.0)):
            canvas.shape(
                "8,10! 40,60 52,140 96,206! 112,196 124,210! 138,184 120,110 80,50 24,0!",
                "bow",
                shade=["0,0 60,30 90,90 76,130 60,90 40,60"],
            )
            canvas.stroke("36,40 66,100 96,150", 3.5, of="bow")
            canvas.shape(
                "10,-14! 50,-66 110,-84 142,-64 150,-10 140,50 112,66 60,40 10,14!",
                "bow",
                shade=["10,16 60,30 112,44 150,10 160,80 100,90"],
                light=["52,-50 84,-66 116,-66 112,-54 84,-52 58,-38"],
            )
            canvas.stroke("22,-6 60,-24 92,-26", 4, of="bow")
            canvas.stroke("22,6 54,8 80,20", 4, of="bow")
    canvas.shape("-26,-24 0,-30 26,-24 32,0 26,26 0,32 -26,26 -32,0", "bow", line=4)
    canvas.shape(ellipse(0, 0, 19, 21), "trim", line=4, shade=[ellipse(9, 10, 17, 19)])
    canvas.shape(ellipse(-5, -6, 5, 6), "glint", line=0)


def buckle(canvas: Canvas, x: float, y: float, size: float) -> None:
    """A square belt buckle around (x, y), 62 wide."""
    with canvas.moved(x, y, grow=(size, size)):
        canvas.shape("-31,-27! 31,-27! 31,27! -31,27!", "trim", line=4 / size)
        canvas.shape("-15,-13! 15,-13! 15,13! -15,13!", "leather", line=3 / size)


def envelope(canvas: Canvas) -> None:
    """A sealed letter around the origin, 230 by 150."""
    canvas.shape("-115,-75! 115,-75! 115,75! -115,75!", "letter", shade=["-115,75! 0,0! 115,75!"])
    canvas.stroke("-115,75 -20,0", 3.5, taper=(0.0, 0.2), of="letter")
    canvas.stroke("115,75 20,0", 3.5, taper=(0.0, 0.2), of="letter")
    canvas.shape(
        "-115,-75! 115,-75! 16,20 0,28 -16,20", "letter", shade=["-40,-10 0,10 40,-10 16,24 0,32 -16,24"]
    )
    canvas.shape(ellipse(0, 20, 24, 24), "bow", line=4, shade=[ellipse(10, 30, 22, 22)])
    canvas.shape(star(0, 20, 14, 6), "trim", line=2)


def hand(canvas: Canvas) -> None:
    """A hand that pinches something, its wrist at the origin and its thumb to the upper left, 160 long."""
    canvas.shape(
        "0,-50! -60,-64 -94,-90 -128,-128 -150,-134 -158,-118 -146,-88 -120,-50 -142,-34 -150,-6"
        " -138,16 -100,40 -50,48"
        " 0,44!",
        "skin",
        shade=["-150,0 -100,10 -40,-10 0,-40 10,50 -100,60"],
        line=4.5,
    )
    canvas.stroke("-120,-50 -92,-34 -60,-34", 4, taper=(0.0, 0.6), of="skin")
    canvas.stroke("-140,-16 -110,-4 -84,-6", 3.5, taper=(0.0, 0.6), of="skin")
    canvas.stroke("-126,14 -100,22 -76,18", 3.5, taper=(0.0, 0.6), of="skin")


def sparkle(canvas: Canvas, x: float, y: float, size: float) -> None:
    """A four-pointed star with hollow sides."""
    canvas.shape(star(x, y, size, size * 0.3, points=4), "spark", line=4)


def cloud(canvas: Canvas, x: float, y: float, size: float = 1.0) -> None:
    """A scalloped bank of cloud, its crest about 500 wide around (x, y - 100), its foot far below."""
    with canvas.moved(x, y, grow=(size, size)):
        canvas.shape(
            "-330,1000! -340,120 -320,50! -360,0 -330,-60 -250,-54! -250,-120 -180,-150 -130,-116!"
            " -110,-190 0,-200"
            " 40,-130! 90,-170 180,-140 176,-70! 250,-90 320,-40 290,30! 340,70 330,200 330,1000!",
            "cloud",
            shade=[
                "-350,60 -290,10 -220,20 -150,-30 -60,-10 0,-70 80,-20 150,-20 220,20 300,0 400,100"
                " 360,1100 -400,1100"
            ],
            line=5 / size,
        )
        canvas.stroke("-120,-116 -90,-96 -84,-60", 3.5 / size, of="cloud")
