"""The status line below the prompt, with a scripted server."""

import asyncio
import os
import re

from socketchat.client.asyncio.connect import connect
from socketchat.client.timeouts import Timeouts
from socketchat.terminal.chat import Chat
from socketchat.terminal.screen.status import fitting
from socketchat.terminal.screen.theme import Look
from tests.client.scripted import error, ok, scripted

from ..screens import Terminal

QUICK = Timeouts(first_delay=0.01, longest_delay=0.01, quit=0.01)


def test_the_status_counts_messages_held_back_by_a_full_disk():
    terminal = Terminal()
    room = asyncio.Event()

    async def serve(script):
        peer = await script.accept()
        await peer.log_in()
        while command := await peer.read():
            if command["type"] == "send" and not room.is_set():
                peer.write(error(command["id"], "storage", "The disk is full; try again later.", retry=True))
            else:
                peer.write(ok(command["id"], seq=1))

    async def run(stdin, stdout):
        async with scripted() as script:
            serving = asyncio.create_task(serve(script))
            async with connect("127.0.0.1", script.port, name="ann", profile=None, timeouts=QUICK) as client:
                chat = Chat(client, Look(edits=True, colors="256"), stdin=stdin, stdout=stdout)
                running = asyncio.create_task(chat.run())
                await terminal.until_async(lambda: "Welcome" in terminal.text)
                terminal.type("hello\r")
                await terminal.until_async(lambda: "!! The disk is full; what you send waits until" in terminal.text)
                await terminal.until_async(lambda: terminal.lines[-1].startswith("1 waiting · "))
                room.set()
                await terminal.until_async(lambda: "-- The server stores messages again;" in terminal.text)
                await terminal.until_async(lambda: not re.search("waiting|being sent", terminal.lines[-1]))
                terminal.type("\x04")
                await running
            await serving

    with os.fdopen(os.dup(terminal.slave)) as stdin, os.fdopen(os.dup(terminal.slave), "w") as stdout:
        asyncio.run(run(stdin, stdout))
    assert terminal.text.count("The disk is full") == 1
    terminal.close()


def test_a_narrow_status_leaves_out_whole_parts_from_the_end():
    parts = [("class:status", text) for text in ("3 online", "日本 12", "/help", "Tab completes")]

    def shown(width):
        return "".join(text for _, text, *_ in fitting(parts, width))

    assert shown(80) == "3 online · 日本 12 · /help · Tab completes"
    assert shown(42) == "3 online · 日本 12 · /help · Tab completes"
    assert shown(41) == "3 online · 日本 12 · /help"
    assert shown(25) == "3 online · 日本 12"
    assert shown(17) == "3 online"
    assert shown(1) == "3 online"
