"""Asks questions at a terminal before the chat begins: the name, the join code, a password."""

from __future__ import annotations

import sys

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import get_app
from prompt_toolkit.layout import Layout
from prompt_toolkit.shortcuts import PromptSession

from ..theme import Look, prompt_style
from .job_control import JobControl
from .keyboard import keyboard
from .output import terminal_output
from .secret import SecretField


def ask(question: str, look: Look) -> str:
    """Return the answer to a question, without surrounding blanks; raises KeyboardInterrupt and EOFError."""
    asking: PromptSession[str] = PromptSession(
        input=keyboard(sys.stdin), output=terminal_output(sys.stdout), color_depth=look.color_depth
    )
    return asking.prompt(question, pre_run=_watch).strip()


def ask_secret(question: str, look: Look) -> str:
    """Return a secret, without echo and with surrounding blanks; raises KeyboardInterrupt and EOFError."""

    def enter(secret: str) -> None:
        app.exit(result=secret)

    def give_up() -> None:
        app.exit(exception=KeyboardInterrupt())

    field = SecretField(enter, give_up)
    field.question = question
    app: Application[str] = Application(
        layout=Layout(field.window, field.control),
        style=prompt_style(),
        include_default_pygments_style=False,
        color_depth=look.color_depth,
        input=keyboard(sys.stdin),
        output=terminal_output(sys.stdout),
    )
    return app.run(pre_run=_watch)


def _watch() -> None:
    """Set the terminal right whenever the program continues after a stop; the handler ends with the loop."""
    JobControl(get_app()).watch()
