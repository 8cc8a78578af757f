from socketchat.protocol import codec, commands, events, limits
from socketchat.protocol.text.hygiene import clean


def test_the_longest_text_fits_into_a_line_in_any_encoding():
    for character in ("\x01", '"', "\\", "é", "👍"):
        text = character * (limits.TEXT_BYTES // len(character.encode()))
        line = codec.encode(
            commands.Send(
                to="@" + "😀" * limits.NAME_CHARACTERS,
                text=text,
                outbox="f" * 16,
                n=limits.LARGEST_NUMBER,
                id=limits.LARGEST_NUMBER,
            )
        )
        escaped = line.replace(b'"\\\\', b'"\\u005c')

        assert len(escaped) < limits.LINE_BYTES


def test_the_longest_text_fits_into_an_entry_after_cleaning():
    for character in ("\x1b", "\x9b", "\u0600", "\u202e", "\U000e0041"):
        text = clean(character * (limits.TEXT_BYTES // len(character.encode())))
        body = codec.encode_text(events.Text(text, "😀" * limits.NAME_CHARACTERS))

        assert len(body) + 1024 < limits.LINE_BYTES


def test_the_welcome_reports_every_limit_of_a_client():
    assert limits.as_told() == {"history": 200, "line": 262_144, "name": 20, "text": 32_768, "unacknowledged": 64}
