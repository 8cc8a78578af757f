import pytest

from socketchat.exceptions import NoSuchCommand
from socketchat.protocol.slash.help import columns, everyday, help_text, moderating


def test_help_lists_every_usage_in_columns():
    lines = help_text().splitlines()

    assert lines[0] == "Commands:"
    count = len(everyday())
    assert [line.split("  ")[1] for line in lines[1 : 1 + count]] == [each.usage for each in everyday()]
    assert len({line.index(each.help) for line, each in zip(lines[1:], everyday(), strict=False)}) == 1
    assert " ".join(lines[1 + count : -1]).split()[2:] == ["/" + each.name for each in moderating()]
    lines += columns(moderating()).splitlines()
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("topic", ["dm", "/dm", "DM"])
def test_help_explains_one_command(topic):
    assert help_text(topic) == "/dm NAME TEXT\nSend a direct message, for NAME only."


def test_the_error_for_an_unknown_command_suggests_the_nearest():
    with pytest.raises(NoSuchCommand, match="Did you mean /topic"):
        help_text("topics")
