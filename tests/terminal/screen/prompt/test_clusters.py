"""Joined emoji and flags have two columns in the text that is edited, and the keys move over them whole."""

import pytest
from prompt_toolkit.layout.processors import TransformationInput
from prompt_toolkit.utils import get_cwidth

from socketchat.terminal.screen.prompt.clusters import MOST, Clusters, joins_emoji, step

FAMILY, FLAG, WAVE = "👨\u200d👩\u200d👧", "🇩🇪", "👋🏽"


def drawn(clusters: Clusters, text: str):
    done = clusters.apply_transformation(TransformationInput(None, None, 0, lambda at: at, [("", text)], 80, 1))  # type: ignore[arg-type]
    return "".join(fragment[1] for fragment in done.fragments), done


@pytest.mark.parametrize("cluster", [FAMILY, FLAG, WAVE, "❤\ufe0f"])
def test_a_cluster_is_one_cell_of_two_columns_and_is_written_as_it_was(cluster: str) -> None:
    clusters = Clusters()
    shown, done = drawn(clusters, f"a{cluster}b")
    assert (len(shown), get_cwidth(shown)) == (3, 4)
    assert clusters.restore(shown) == f"a{cluster}b"
    ends = 1 + len(cluster)
    assert [done.source_to_display(at) for at in (0, 1, ends, ends + 1)] == [0, 1, 2, 3]
    assert [done.display_to_source(at) for at in range(4)] == [0, 1, ends, ends + 1]


@pytest.mark.parametrize("text", ["plain", "äöü", "e\u0301 日本", "🙂", "👨 👩"])
def test_clusters_that_the_library_counts_right_stay_unchanged(text: str) -> None:
    shown, done = drawn(Clusters(), text)
    assert shown == text
    assert [done.source_to_display(at) for at in range(len(text) + 1)] == list(range(len(text) + 1))


def test_no_more_clusters_are_remembered_than_fit_on_a_screen() -> None:
    clusters = Clusters()
    for number in range(MOST + 10):
        drawn(clusters, FAMILY + "\u200d" + chr(0x1F400 + number % 200) + "\u200d" + chr(0x1F600 + number // 200))
    assert len(clusters._clusters) <= MOST


@pytest.mark.parametrize("cluster", [FAMILY, FLAG, WAVE, "e\u0301"])
def test_a_step_is_a_character_as_people_count(cluster: str) -> None:
    text = f"a{cluster}b"
    assert step(text, 1, 1) == 1 + len(cluster)
    assert step(text, 1 + len(cluster), -1) == 1
    assert (step(text, 0, -1), step(text, len(text), 1)) == (0, len(text))


@pytest.mark.parametrize(
    ("environ", "joins"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "screen", "STY": "1"}, False),
        ({"TERM": "screen", "XTERM_VERSION": "XTerm(390)", "TMUX": "x"}, True),
    ],
)
def test_a_terminal_that_draws_code_points_one_by_one_is_known(environ: dict[str, str], joins: object) -> None:
    assert joins_emoji(environ) is joins
