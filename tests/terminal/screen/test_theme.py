import pytest
from prompt_toolkit.output import ColorDepth
from rich.color import Color

from socketchat.terminal.screen.theme import AUTHORS_256, AUTHORS_STANDARD, PROMPT_STYLES, STYLES, Look, look_of

XTERM = {"TERM": "xterm-256color"}


def look(environ, *, stdin=True, stdout=True):
    return look_of(environ, stdin_is_terminal=stdin, stdout_is_terminal=stdout)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (XTERM, Look(edits=True, colors="256")),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Look(edits=True, colors="256")),
        ({"TERM": "linux"}, Look(edits=True, colors="standard")),
        (XTERM | {"NO_COLOR": "1"}, Look(edits=True, colors="none")),
        (XTERM | {"NO_COLOR": ""}, Look(edits=True, colors="256")),
        ({"TERM": "dumb"}, Look(edits=False, colors="none")),
        ({"TERM": "unknown"}, Look(edits=False, colors="none")),
        ({}, Look(edits=False, colors="none")),
    ],
)
def test_the_environment_determines_the_terminal_capabilities(environ, expected):
    assert look(environ) == expected


@pytest.mark.parametrize(("stdin", "stdout"), [(True, False), (False, True), (False, False)])
def test_a_pipe_on_stdin_or_stdout_means_plain_lines(stdin, stdout):
    assert look(XTERM, stdin=stdin, stdout=stdout) == Look(edits=False, colors="none")


@pytest.mark.parametrize(
    ("colors", "depth"),
    [("none", ColorDepth.DEPTH_1_BIT), ("standard", ColorDepth.DEPTH_4_BIT), ("256", ColorDepth.DEPTH_8_BIT)],
)
def test_both_libraries_use_the_same_color_depth(colors, depth):
    assert Look(edits=True, colors=colors).color_depth == depth


def test_an_author_has_one_color_for_every_spelling_of_the_name():
    seen = Look(edits=True, colors="256")

    assert seen.author_style("Alice") == seen.author_style("alice")
    assert seen.author_style("alice") != seen.author_style("bob")


def test_colors_come_from_the_palette_of_the_terminal():
    names = [f"user{number}" for number in range(200)]

    assert {Look(edits=True, colors="256").author_style(name).color.number for name in names} == set(AUTHORS_256)
    assert {Look(edits=True, colors="standard").author_style(name).color.number for name in names} == set(
        AUTHORS_STANDARD
    )


def luminance(color):
    def linear(value):
        value /= 255
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, color.get_truecolor())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def used_colors():
    words = [word for style, _ in STYLES.values() for word in style.split() if word.startswith("color")]
    words += [word for style in PROMPT_STYLES.values() for word in style.split() if word.startswith("#")]
    return [*words, *(f"color({number})" for number in AUTHORS_256)]


@pytest.mark.parametrize("color", used_colors())
def test_every_color_is_readable_on_black_and_on_white(color):
    light = luminance(Color.parse(color))

    assert (light + 0.05) / 0.05 >= 3.8
    assert 1.05 / (light + 0.05) >= 3.8
